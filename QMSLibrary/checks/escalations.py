"""Verdicts about escalations."""

from __future__ import annotations

from collections.abc import Sequence

from QMSLibrary.contract.escalations import Escalation, EscalationLevel
from QMSLibrary.contract.services import Service

from .verdict import Verdict, listed


def matching(escalations: Sequence[Escalation], level: EscalationLevel, reason: str | None = None) -> list[Escalation]:
    """Those of a level whose reason, or type, contains ``reason`` in any case."""
    wanted = reason.lower() if reason else ""
    return [
        one
        for one in escalations
        if one.level is level and (wanted in one.reason.lower() or wanted in one.type.lower())
    ]


def exists(
    escalations: Sequence[Escalation],
    level: EscalationLevel,
    reason: str | None,
    count: int | None,
    about: str,
    at: str = "",
) -> Verdict:
    """There is at least one that matches, or exactly ``count``. ``at`` says where the workflow stands."""
    found = matching(escalations, level, reason)
    good = len(found) == count if count is not None else bool(found)
    number = "at least one" if count is None else f"exactly {count}"
    shown = "".join(f"\n  {one.id} {one.level} {one.type}: {one.reason} ({one.state})" for one in escalations)
    return Verdict(
        title=f"The escalations of {about}",
        passed=good,
        expected=f"{number} {level}" + (f" with {reason!r}" if reason else ""),
        actual=f"{len(found)} such: {listed(one.id for one in found)}"
        if good
        else f"{len(found)} such, {len(escalations)} in all:{shown or ' none'}",
        blame=None if good else Service.ESCALATION,
        look_at=""
        if good
        else f"whether there is something to escalate{f': {at}' if at else ''}; then whether it reached the service: "
        "`Get Dead Letters    escalation`, its log",
    )
