"""Verdicts about escalations."""

from __future__ import annotations

from collections.abc import Sequence

from QMSLibrary.contract.dashboard import ALERT_LEVELS, Alert
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


def of_alert(
    escalation: Escalation, wanted: EscalationLevel, alert: Alert | None, asked: EscalationLevel | None
) -> Verdict:
    """An escalation that an alert of the dashboard asked for has another level than ``wanted``: which service is wrong.

    ``alert`` is as the dashboard shows it, None when it shows none; ``asked`` is the level that the dashboard was heard
    to ask for, None when nobody listened.
    """
    shows = "the dashboard shows no alert for it"
    called = wanted
    if alert is not None:
        called = ALERT_LEVELS[alert.severity]
        shows = f"the dashboard shows the alert as {alert.severity}, which calls for {called}"
    told = f", and asked for {asked}" if asked is not None else ""
    # What was asked for and made so is no fault of who made it.
    dashboard = alert is None or called is not wanted or asked not in (None, wanted)
    if dashboard:
        look_at = "what the dashboard makes of an alert's severity: the event dashboard.alert_raised, its log"
    elif asked is None:
        look_at = (
            "the level in the event dashboard.alert_raised (`Start Recording Events    dashboard` before the alert "
            "is raised): if it is wrong there, it is the dashboard's fault; then escalation's log"
        )
    else:
        look_at = "what escalation did with the event dashboard.alert_raised: its log, `Get Audit Records`"
    return Verdict(
        title=f"The escalation {escalation.id} of the alert {(alert.title if alert else escalation.source)!r}",
        passed=False,
        expected=f"{wanted}",
        actual=f"{escalation.level}; {shows}{told}",
        blame=Service.DASHBOARD if dashboard else Service.ESCALATION,
        look_at=f"{look_at}; correlation id {escalation.correlation_id}",
    )


def of_another_level(
    escalations: Sequence[Escalation], level: EscalationLevel, reason: str | None
) -> Escalation | None:
    """The newest one that the dashboard asked for and that is as expected but for its level; None when there is none
    or when one of the level is there as well.
    """
    if matching(escalations, level, reason):
        return None
    others = [one for other in EscalationLevel for one in matching(escalations, other, reason)]
    return next((one for one in escalations if one in others and one.component == Service.DASHBOARD), None)
