"""Where services keep their state."""

from __future__ import annotations

import re

import pytest

from QMSLibrary.contract.services import Service
from QMSLibrary.reference import databases


@pytest.mark.parametrize("name", ["embedded-1-2", "Ünï cödé!-3", "x" * 90 + "-own-0123-45"])
def test_a_schemas_name_fits_and_tells_environments_apart(name):
    found = {databases.schema_of(f"{name}{number}", service) for service in Service for number in range(10)}
    assert len(found) == 40
    assert all(re.fullmatch(r"qms_[a-z0-9_]{1,59}", one) for one in found)
