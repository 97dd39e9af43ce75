"""Verdicts about the dashboard's live updates: each once, in order, none missing, in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from QMSLibrary.client.events import Seen
from QMSLibrary.client.live import LiveWatch, Told
from QMSLibrary.contract.dashboard import Widget
from QMSLibrary.contract.live import LiveTopic
from QMSLibrary.contract.services import Service

from .verdict import Verdict

SHOWN: Final = 6
"""Lines of what was told, or of what is wrong, that a message has."""
_LONG: Final = frozenset({"id", "title", "repository", "author", "workflow_id", "assignments"})
"""What tells updates apart least, in a line of a message."""
_SOURCES: Final = {
    LiveTopic.WORKFLOW: ("`Get Workflow`", Service.ORCHESTRATION, Widget.WORKFLOW_PIPELINE),
    LiveTopic.ALERT: ("`Get Alerts`", Service.ESCALATION, Widget.ACTIVE_ALERTS),
    LiveTopic.ESCALATION: ("`Get Escalations`", Service.ESCALATION, Widget.ESCALATIONS),
    LiveTopic.ROUTING: ("`Get Routing History`", Service.DECISION, Widget.ROUTING_HISTORY),
    LiveTopic.AGENT: ("`Get Agents`", Service.DECISION, Widget.AGENT_STATUS),
}
"""Where one sees whether it has happened at all, whose events tell the dashboard of it, and what it keeps of it."""
_LOOK_AT: Final = "the dashboard's log, and whether it got orchestration's events (`Get Dead Letters    dashboard`)"


def line(told: Told) -> str:
    """An update on one line."""
    update = told.update
    facts = {name: value for name, value in update.change.items() if value is not None and name not in _LONG}
    told_ = ", ".join(f"{name} {value}" for name, value in facts.items())
    about = f" of workflow {update.workflow_id}" if update.workflow_id else ""
    return f"{update.sequence} {update.topic}{about}: {told_}"[:200]


def matching(
    told: Sequence[Told], topic: LiveTopic, fields: Mapping[str, Any], workflow_id: str | None, after: int
) -> Told | None:
    """The first update about a topic, a workflow, whose change has these values; after a sequence number."""
    for one in told:
        update = one.update
        if (
            update.topic is topic
            and update.sequence > after
            and (workflow_id is None or update.workflow_id == workflow_id)
            and all(_is(update.change.get(name), value) for name, value in fields.items())
        ):
            return one
    return None


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and not isinstance(value, str):
        known = {None: "none", True: "true", False: "false"}
        text = known[value] if value is None or isinstance(value, bool) else str(value)
        return text.lower() == wanted.strip().lower()
    return bool(value == wanted)


def never_came(
    watch: LiveWatch, topic: LiveTopic, fields: Mapping[str, Any], about: str | None, timeout: timedelta
) -> Verdict:
    """An update that was waited for in vain."""
    told = watch.updates()
    wanted = ", ".join(f"{name} {value}" for name, value in fields.items())
    near = [one for one in told if one.update.topic is topic and about in (None, one.update.workflow_id)][-SHOWN:]
    seen = "".join(f"\n  {line(one)}" for one in near)
    asked, teller, widget = _SOURCES[topic]
    return Verdict(
        title=f"A live update about {topic}{f' of workflow {about}' if about else ''}",
        passed=False,
        expected=f"{wanted or 'any'}, within {timeout.total_seconds():g} s",
        actual=f"{len(told)} updates in all"
        + (f", the newest about that:{seen}" if seen else ", none of them about that")
        + ("" if watch.up else f"\nThe connection is down: {watch.trouble}"),
        blame=Service.DASHBOARD,
        look_at=f"whether the thing has happened at all ({asked}); then what the dashboard keeps of it "
        f"(`Get Widget    {widget}`), its log, and whether it got the events of {teller} "
        "(`Get Dead Letters    dashboard`)",
    )


def complete(
    watch: LiveWatch,
    events: Sequence[Seen],
    repository: str | None,
    within: timedelta | None = None,
    done: Mapping[str, int] = MappingProxyType({}),
) -> Verdict:
    """Each change of a review that orchestration told was shown live: once, in its order, and in time.

    ``events`` are those of the repository that have come since the dashboard was opened; ``done`` is each review's
    revision of now, as orchestration answers it: what its events have not told could not be looked for.
    """
    told = watch.updates()
    shown: dict[str, dict[int, Told]] = {}
    wrong = [f"came again or too late: {line(one)}" for one in watch.strays]
    wrong += [f"could not be resumed: what was before {one.oldest} is gone" for one in watch.gone]
    for before, one in pairwise(told):
        if one.update.sequence <= before.update.sequence:
            wrong.append(f"{one.update.sequence} came after {before.update.sequence}")
    for one in told:
        if one.update.topic is LiveTopic.WORKFLOW and one.update.workflow_id is not None:
            _add(shown.setdefault(one.update.workflow_id, {}), one, wrong)
    expected = _changes(events)
    untold: list[str] = []
    slowest = 0.0
    for workflow_id, changes in expected.items():
        known = shown.get(workflow_id, {})
        if max(changes) < done.get(workflow_id, 0):
            untold.append(f"not told by orchestration: revision {done[workflow_id]} of workflow {workflow_id}")
        for revision, (seen, snapshot) in sorted(changes.items()):
            update = known.get(revision)
            what = f"revision {revision} of workflow {workflow_id} ({snapshot['state']}, {snapshot['step']})"
            if update is None:
                wrong.append(f"not shown: {what}")
                continue
            change = update.update.change
            if (change.get("state"), change.get("step")) != (snapshot["state"], snapshot["step"]):
                wrong.append(f"shown as {change.get('state')}, {change.get('step')}: {what}")
            delay = update.at - seen.at
            slowest = max(slowest, delay)
            if within is not None and delay > within.total_seconds():
                wrong.append(f"shown {delay * 1000:.0f} ms after orchestration had said it: {what}")
    total = sum(map(len, expected.values()))
    blame = Service.DASHBOARD if wrong else Service.ORCHESTRATION
    wrong += untold
    if not total:
        wrong.append("no change of a review was recorded: `Start Recording Events` comes before the first one")
    limit = f", within {within.total_seconds() * 1000:g} ms" if within is not None else ""
    connections = f"{watch.connections} connections, {watch.cuts} of them cut on purpose"
    more = f"\n  and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return Verdict(
        title=f"The live updates{f' of {repository}' if repository else ''}",
        passed=not wrong,
        expected=f"each of the {total} changes that orchestration told, once and in order{limit}",
        actual=f"all {total} changes, once and in order, over {connections}; the slowest {slowest * 1000:.0f} ms "
        "after orchestration had said it"
        if not wrong
        else f"over {connections}:" + "".join(f"\n  {one}" for one in wrong[:SHOWN]) + more,
        blame=blame if wrong and total else None,
        look_at=_LOOK_AT if wrong and total else "",
    )


def _add(known: dict[int, Told], told: Told, wrong: list[str]) -> None:
    revision = told.update.change["revision"]
    newest = max(known, default=0)
    again = revision == newest and revision and _scored(told) and not _scored(known[revision])
    if again:  # the review's score, which comes with its completion and changes nothing else
        return
    if revision <= newest:
        wrong.append(f"shown after revision {newest}: {line(told)}")
    known.setdefault(revision, told)


def _scored(told: Told) -> bool:
    return told.update.change.get("quality_score") is not None


def _changes(events: Sequence[Seen]) -> dict[str, dict[int, tuple[Seen, dict[str, Any]]]]:
    """The first event of each revision of each review, by orchestration alone: it decides."""
    changes: dict[str, dict[int, tuple[Seen, dict[str, Any]]]] = {}
    for seen in events:
        told = seen.event.payload.get("workflow")
        if seen.event.source == Service.ORCHESTRATION and isinstance(told, dict) and seen.event.workflow_id:
            changes.setdefault(seen.event.workflow_id, {}).setdefault(told["revision"], (seen, told))
    return changes
