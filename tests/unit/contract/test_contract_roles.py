"""The ladder of roles."""

from __future__ import annotations

import itertools

import pytest

from QMSLibrary.contract.roles import SERVICE_ROLE, Role

LADDER = ["developer", "qa_lead", "manager", "admin"]


def test_the_roles_are_those_of_the_design_in_their_order() -> None:
    assert [role.value for role in Role] == LADDER


@pytest.mark.parametrize(("holder", "needed"), list(itertools.product(Role, Role)))
def test_each_role_includes_those_before_it_and_itself(holder: Role, needed: Role) -> None:
    assert holder.includes(needed) is (LADDER.index(holder) >= LADDER.index(needed))


def test_a_service_stands_on_no_rung() -> None:
    assert SERVICE_ROLE not in LADDER
