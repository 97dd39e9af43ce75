"""The roles that a record of the audit trail can have."""

from __future__ import annotations

from QMSLibrary.contract.audit import AuditRole
from QMSLibrary.contract.roles import AGENT_ROLE, CODE_HOST_ROLE, SERVICE_ROLE, Role


def test_they_are_those_of_people_and_of_whoever_else_acts() -> None:
    assert [*AuditRole] == [*Role, SERVICE_ROLE, AGENT_ROLE, CODE_HOST_ROLE]
