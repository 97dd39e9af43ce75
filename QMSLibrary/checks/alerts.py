"""Verdicts about alerts, and about where an escalation stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from QMSLibrary.contract.dashboard import Alert, AlertState
from QMSLibrary.contract.escalations import Escalation, EscalationState
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity

from .verdict import Verdict, listed
from .workflows import duration_text

_SHOWN: Final = 6
"""Alerts that a message shows."""


def matching(
    alerts: Sequence[Alert],
    *,
    severity: Severity | None = None,
    title: str | None = None,
    state: AlertState | None = None,
    escalation: str | None = None,
) -> list[Alert]:
    """Those of a severity, a state and an escalation's id whose title contains ``title`` in any case."""
    wanted = title.lower() if title else ""
    return [
        one
        for one in alerts
        if severity in (None, one.severity)
        and state in (None, one.state)
        and escalation in (None, one.escalation_id)
        and wanted in one.title.lower()
    ]


def exists(alerts: Sequence[Alert], found: Sequence[Alert], expected: str, count: int | None, about: str) -> Verdict:
    """``found``, of all ``alerts`` about something, are at least one, or exactly ``count``."""
    good = len(found) == count if count is not None else bool(found)
    number = "at least one alert" if count is None else f"exactly {count} alert{'' if count == 1 else 's'}"
    shown = "".join(f"\n  {one.id} {one.severity} {one.state}: {one.title[:80]}" for one in alerts[:_SHOWN])
    if len(alerts) > _SHOWN:
        shown += f"\n  and {len(alerts) - _SHOWN} more"
    return Verdict(
        title=f"The alerts of {about}",
        passed=good,
        expected=f"{number}{f' with {expected}' if expected else ''}",
        actual=f"{len(found)} such: {listed(one.id for one in found)}"
        if good
        else f"{len(found)} such, {len(alerts)} in all:{shown or ' none'}",
        blame=None if good else Service.DASHBOARD,
        look_at=""
        if good
        else "whether the escalation is as it should be (`Get Escalations`); then whether the news reached the "
        "dashboard: `Get Dead Letters    dashboard`, its log",
    )


def unknown(escalation_id: str, waited: timedelta) -> Verdict:
    """The service knows no such escalation, after waiting for it."""
    return Verdict(
        title=f"The escalation {escalation_id}",
        passed=False,
        expected=f"the escalation service knows it within {duration_text(waited)}",
        actual="it has never heard of it",
        blame=Service.ESCALATION,
        look_at="whether the id is right and belongs to this environment; when an alert named it, whether "
        "dashboard.alert_raised reached the service: `Get Dead Letters    escalation`, its log",
    )


def stands(escalation: Escalation, state: EscalationState, tier: int | None = None, by: str | None = None) -> Verdict:
    """The escalation is in ``state``, ``tier`` was told last, ``by`` acknowledged it; the latter two where given."""
    good = escalation.state is state and tier in (None, escalation.tier) and by in (None, escalation.acknowledged_by)
    return Verdict(
        title=f"The escalation {escalation.id} ({escalation.level}, {escalation.type})",
        passed=good,
        expected=f"{state}{f', tier {tier} told' if tier is not None else ''}{f', acknowledged by {by}' if by else ''}",
        actual=f"{escalation.state}, tier {escalation.tier} told, acknowledged by "
        f"{escalation.acknowledged_by or 'nobody'}, resolved by {escalation.resolved_by or 'nobody'}",
        blame=None if good else Service.ESCALATION,
        look_at=""
        if good
        else "whether what should have changed it was done and reached the service: `Get Dead Letters    escalation`, "
        f"its log; `Get Audit Records` for {escalation.id}; correlation id {escalation.correlation_id}",
    )
