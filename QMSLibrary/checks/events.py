"""Verdicts about events: their order, their ids, their times."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from QMSLibrary.client.events import Seen
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.services import Service
from QMSLibrary.formats.counts import counted

from .verdict import Verdict, listed, worst

_T = EventType
SAYS: Final[dict[str, Service]] = {
    **dict.fromkeys(
        (_T.PR_CREATED, _T.PR_UPDATED, _T.WORKFLOW_STARTED, _T.STEP_ASSIGNED, _T.STEP_COMPLETED, _T.STEP_FAILED,
         _T.GATE_PASSED, _T.GATE_FAILED, _T.WORKFLOW_STUCK, _T.WORKFLOW_COMPLETED), Service.ORCHESTRATION),
    **dict.fromkeys((_T.ROUTING_REQUESTED, _T.ROUTED, _T.ROUTING_FAILED, _T.TASK_COMPLETED), Service.DECISION),
    **dict.fromkeys(
        (_T.DASHBOARD_CREATED, _T.DASHBOARD_UPDATED, _T.ALERT_RAISED, _T.ALERT_ACKNOWLEDGED, _T.ALERT_RESOLVED),
        Service.DASHBOARD),
    **dict.fromkeys(
        (_T.ESCALATION_TRIGGERED, _T.ESCALATION_TOLD_FURTHER, _T.ESCALATION_ACKNOWLEDGED, _T.ESCALATION_RESOLVED,
         _T.NOTIFICATION_SENT, _T.NOTIFICATION_FAILED), Service.ESCALATION),
}  # fmt: skip
"""Which service says what; ``error.occurred`` any of them."""
FIRST: Final[dict[Service, frozenset[str]]] = {
    Service.ORCHESTRATION: frozenset({_T.PR_CREATED, _T.WORKFLOW_STARTED}),
    Service.DECISION: frozenset({_T.ROUTING_REQUESTED}),
    Service.DASHBOARD: frozenset({_T.DASHBOARD_CREATED}),
}
"""With what each service begins to speak of a workflow; escalation may have nothing to say of it at all."""
SHOWN: Final = 8
"""Events of a sequence that a message shows."""


def line(seen: Seen) -> str:
    """An event in one line."""
    return f"{seen.event.timestamp:%H:%M:%S.%f} {seen.event.type} ({seen.event.source})"


def match(events: Sequence[Seen], types: Sequence[str], within: timedelta) -> list[Seen] | None:
    """The first events of ``types`` in this order, by their own timestamps, with others allowed between; None when
    they are not there or the last comes more than ``within`` after the first.

    Of equal timestamps the order of arrival counts: two services' clocks are no finer than that.
    """
    found: list[Seen] = []
    ordered = sorted(events, key=lambda one: (one.event.timestamp, one.number))
    for first in (number for number, one in enumerate(ordered) if one.event.type == types[0]):
        found = []
        for one in ordered[first:]:
            if one.event.type == types[len(found)]:
                found.append(one)
                if len(found) == len(types):
                    if found[-1].event.timestamp - found[0].event.timestamp <= within:
                        return found
                    break
    return None


def sequence(events: Sequence[Seen], types: Sequence[str], within: timedelta, workflow_id: str) -> Verdict:
    """The workflow's events contain ``types`` in this order, the last within ``within`` of the first."""
    found = match(events, types, within)
    title = f"The event sequence of workflow {workflow_id}"
    expected = f"{' → '.join(types)} within {within.total_seconds():g} s"
    if found is not None:
        took = (found[-1].event.timestamp - found[0].event.timestamp).total_seconds() * 1000
        return Verdict(title=title, passed=True, expected=expected, actual=f"{' → '.join(types)} in {took:.0f} ms")
    ordered = sorted(events, key=lambda one: (one.event.timestamp, one.number))
    fault, blame, look_at = _sequence_fault(ordered, types, within)
    wanted = [one for one in ordered if one.event.type in types]
    others = sorted({str(one.event.type) for one in ordered if one.event.type not in types})
    shown = "".join(f"\n  {line(one)}" for one in wanted[:SHOWN])
    if len(wanted) > SHOWN:
        shown += f"\n  and {len(wanted) - SHOWN} more of these"
    if others:
        more = f" and {len(others) - SHOWN} more types" if len(others) > SHOWN else ""
        shown += f"\n  beside: {listed(others[:SHOWN])}{more}"
    return Verdict(
        title=title,
        passed=False,
        expected=expected,
        actual=fault + (f":{shown}" if shown else ""),
        blame=blame,
        look_at=look_at,
    )


def _sequence_fault(
    ordered: Sequence[Seen], types: Sequence[str], within: timedelta
) -> tuple[str, Service | None, str]:
    """What is wrong with the events, who did it, and where to look."""
    if not ordered:
        return (
            "no event of this workflow at all",
            SAYS.get(types[0]),
            "whether `Start Recording Events` came before the workflow was triggered, and whether it is the right one",
        )
    came = {one.event.type for one in ordered}
    missing = [wanted for wanted in types if wanted not in came]
    if missing:
        blame = SAYS.get(missing[0])
        who = blame or "each service"
        if missing[0] == types[0]:
            return (
                f"without {listed(missing)}",
                blame,
                f"whether `Start Recording Events` came before what it announces; then the log of {who}",
            )
        return f"without {listed(missing)}", blame, _reached(who, types[types.index(missing[0]) - 1])
    first = {wanted: next(one for one in ordered if one.event.type == wanted) for wanted in types}
    for before, after in pairwise(types):
        if ordered.index(first[after]) < ordered.index(first[before]):
            blame = SAYS.get(after)
            return f"{after} came before {before}", blame, _reached(blame or "its service", before)
    took = (first[types[-1]].event.timestamp - first[types[0]].event.timestamp).total_seconds()
    gaps = {after: first[after].event.timestamp - first[before].event.timestamp for before, after in pairwise(types)}
    slowest = max(gaps, key=lambda one: gaps[one], default=types[-1])
    blame = SAYS.get(slowest)
    fault = f"all of them in this order, and {took:.3f} s from the first to the last"
    return fault, blame, f"what {blame or 'its service'} did before {slowest}, the longest pause: its log and its load"


def _reached(who: str, event: str) -> str:
    return f"whether {event} reached {who}, and whether {who} could handle it: `Get Dead Letters    {who}`, its log"


def unheard(troubles: Mapping[Service, str]) -> str:
    """Why there is no event stream of these services, each reason once."""
    reasons = dict.fromkeys(troubles.values())
    seen = "".join(
        f"\n  {listed(one for one, why in troubles.items() if why == reason)}: {reason}" for reason in reasons
    )
    verdict = Verdict(
        title=f"The events of {listed(troubles)} cannot be recorded",
        passed=False,
        expected="a live event stream",
        actual=seen,
        blame=next(iter(troubles)),
        look_at=f"whether {next(iter(troubles))} runs, and its log",
    )
    return verdict.message.replace(": not as expected.", ".", 1)


def begun(types: Collection[str], services: Iterable[Service]) -> bool:
    """Whether the workflow's beginning is among events of these types, which ``services`` said."""
    first = next((FIRST[one] for one in FIRST if one in set(services)), None)
    return first is None or not first.isdisjoint(types)


def require_beginning(types: Collection[str], services: Iterable[Service], workflow_id: str) -> None:
    """Raise ValueError when what was recorded does not begin with the workflow: then nobody knows what is missing."""
    if not begun(types, services):
        raise ValueError(
            f"The beginning of workflow {workflow_id} was not recorded, only {len(types)} later "
            f"event{'s' if len(types) > 1 else ''} of it ({listed(list(dict.fromkeys(types))[:SHOWN])}), so what came "
            "before cannot be judged. `Start Recording Events` comes before `Trigger Workflow`."
        )


def consistent(
    events: Sequence[Seen], workflow_id: str, correlation_id: str, services: Iterable[Service] = tuple(Service)
) -> Verdict:
    """All events of a workflow carry its id and its correlation id, have UTC times in the order of their source, and
    none came twice. ``events`` must hold repeated ones too; ``services`` are those that were recorded.

    Raises ValueError without events, or without the first ones: what was not seen is not consistent.
    """
    if not events:
        raise ValueError(
            f"No event of workflow {workflow_id} was seen. "
            "Start Recording Events comes before the workflow is triggered."
        )
    title = f"The events of workflow {workflow_id}"
    verdicts = [
        _none(title, "one workflow id", [one for one in events if one.event.workflow_id != workflow_id],
              lambda one: f"{line(one)} has workflow id {one.event.workflow_id}"),
        _none(title, "each event once", [one for one in events if one.repeated],
              lambda one: f"{line(one)} {one.event.event_id} came again at position {one.position}"),
        _none(title, "times in UTC", [one for one in events if one.event.timestamp.utcoffset() != timedelta(0)],
              lambda one: f"{one.event.type} says {one.event.timestamp.isoformat()}"),
        _none(title, "times in the order of each source", _backwards(events),
              lambda one: f"{line(one)} is older than the event of its service before it"),
        _correlation(title, events, correlation_id),
    ]  # fmt: skip
    verdict = worst(verdicts)
    if not verdict.passed:
        return verdict
    require_beginning([one.event.type for one in events], services, workflow_id)
    sources = sorted({one.event.source for one in events})
    return Verdict(
        title=title,
        passed=True,
        expected="consistent",
        actual=f"{counted(len(events), 'event')} from {listed(sources)}, all consistent",
    )


def _none(title: str, expected: str, bad: Sequence[Seen], tell: object) -> Verdict:
    assert callable(tell)
    return Verdict(
        title=title,
        passed=not bad,
        expected=expected,
        actual="\n  ".join(tell(one) for one in bad[:5]) if bad else expected,
        blame=_service(bad[0]) if bad else None,
        look_at=f"the log of the {bad[0].event.source} service around {bad[0].event.timestamp:%H:%M:%S}" if bad else "",
    )


def _correlation(title: str, events: Sequence[Seen], correlation_id: str) -> Verdict:
    bad = [one for one in events if one.event.correlation_id != correlation_id]
    return _none(
        title,
        f"the correlation id {correlation_id} everywhere",
        bad,
        lambda one: f"{line(one)} has {one.event.correlation_id}",
    )


def _backwards(events: Sequence[Seen]) -> list[Seen]:
    latest: dict[str, datetime] = {}
    bad = []
    for one in events:
        if one.repeated:
            continue
        before = latest.get(one.event.source)
        if before is not None and one.event.timestamp < before:
            bad.append(one)
        latest[one.event.source] = max(one.event.timestamp, before or one.event.timestamp)
    return bad


def _service(one: Seen) -> Service:
    try:
        return Service(one.event.source)
    except ValueError:
        return one.service
