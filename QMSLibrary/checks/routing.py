"""Verdicts about routing: who was given what, whether that was balanced, and whether it was carried out as decided.

They are worked out from what was announced, event by event. No service is asked for its own verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.routing import Agent, RoutingDecision
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step
from QMSLibrary.formats.counts import counted

from .asked import Asked
from .verdict import Verdict, listed

_T: Final = EventType
_OVER: Final = frozenset(
    {_T.STEP_COMPLETED, _T.STEP_FAILED, _T.GATE_PASSED, _T.GATE_FAILED, _T.WORKFLOW_COMPLETED, _T.PR_UPDATED}
)
"""After these a workflow's step no longer waits for the agents it had."""
NEEDED: Final = (Service.ORCHESTRATION, Service.DECISION)
"""The services whose events must be recorded."""
Key = tuple[str, int, int]
"""Step, run, attempt."""


@dataclass(slots=True)
class Given:
    """What one agent was given."""

    agent_id: str
    capacity: int
    count: int = 0
    """Assignments."""
    peak: int = 0
    """The most tasks that it had at once."""
    too_many_at: datetime | None = None
    """When it first had more than its capacity."""
    _has: set[tuple[str, Key]] = field(default_factory=set)

    @property
    def share(self) -> float:
        """Assignments for each place that it has."""
        return self.count / self.capacity

    def give(self, workflow_id: str, key: Key, at: datetime) -> None:
        """One more task, unless it has it already."""
        if (workflow_id, key) in self._has:
            return
        self._has.add((workflow_id, key))
        self.count += 1
        self.peak = max(self.peak, len(self._has))
        if len(self._has) > self.capacity and self.too_many_at is None:
            self.too_many_at = at

    def take(self, workflow_id: str, key: Key | None = None) -> None:
        """It no longer has this task, or any of the workflow."""
        self._has -= {one for one in self._has if one[0] == workflow_id and key in (None, one[1])}


def given(events: Iterable[Event], agents: Iterable[Agent]) -> list[Given]:
    """What each of ``agents`` was given, by ``orchestration.step_assigned``; ``events`` in the order of their times.

    A task is the agent's from then until it has completed it, its step is decided, or the step is given to others.
    """
    found = {one.agent_id: Given(one.agent_id, one.load_capacity) for one in agents}
    for event in events:
        workflow_id, payload = event.workflow_id or "", event.payload
        if event.type == _T.STEP_ASSIGNED:
            key = _key(payload)
            for agent_id, one in found.items():
                if agent_id in payload["agents"]:
                    one.give(workflow_id, key, event.timestamp)
                else:
                    one.take(workflow_id)
        elif event.type == _T.TASK_COMPLETED and payload.get("agent_id") in found:
            found[payload["agent_id"]].take(workflow_id, _key(payload))
        elif event.type in _OVER:
            for one in found.values():
                one.take(workflow_id)
    return list(found.values())


def balanced(shares: Sequence[Given], within: float) -> Verdict:
    """Nobody had more than its capacity at any moment, and what each was given for each place that it has differs by
    no more than ``within`` of the mean.
    """
    title = f"The load of {listed(one.agent_id for one in shares)}"
    total = sum(one.count for one in shares)
    mean = sum(one.share for one in shares) / len(shares)
    apart = (max(one.share for one in shares) - min(one.share for one in shares)) / mean if mean else 0.0
    seen = listed(f"{one.agent_id} {one.count} (at most {one.peak} of {one.capacity} at once)" for one in shares)
    expected = f"the same share for each of {len(shares)} agents within {within:.0%}, and never more than its capacity"
    over = [one for one in shares if one.too_many_at is not None]
    if over:
        first = min(over, key=lambda one: one.too_many_at or datetime.max)
        fault = f"{first.agent_id} had more than its {first.capacity} tasks at {first.too_many_at:%H:%M:%S.%f}; {seen}"
    else:
        fault = f"{counted(total, 'assignment')}, {apart:.0%} apart: {seen}"
    good = not over and total > 0 and apart <= within + 1e-9
    return Verdict(
        title=title,
        passed=good,
        expected=expected,
        actual=fault,
        blame=None if good else Service.DECISION,
        look_at=""
        if good
        else "the reasons of its decisions, which say how busy each agent was: `Get Routing History`",
    )


def carried_out(decisions: Sequence[RoutingDecision], events: Sequence[Event], workflow_id: str) -> Verdict:
    """Each of the workflow's ``decisions`` (oldest first) was assigned as decided, and each step that its agents have
    judged was answered by just these. ``events`` are the workflow's, in the order of their times.
    """
    faults = [
        *_assigned_otherwise(decisions, events),
        *_never_assigned(decisions, events),
        *_answered_by_others(decisions, events),
    ]
    judged = [one for one in events if _judges(one)]
    if not judged and not faults:
        faults.append(("a step that its agents have judged", "none yet", Service.DECISION))
    title = f"The routing of workflow {workflow_id}"
    if not faults:
        return Verdict(
            title=title,
            passed=True,
            expected="carried out as decided",
            actual=f"{counted(len(decisions), 'decision')} assigned as decided, {counted(len(judged), 'step')} "
            "answered by just those agents",
        )
    expected, seen, blame = faults[0]
    also = "".join(f"\nAlso: expected {one}; seen {other}" for one, other, _ in faults[1:4])
    return Verdict(
        title=title,
        passed=False,
        expected=expected,
        actual=seen + also,
        blame=blame,
        look_at=f"`Get Routing History`, and whether the other service heard of it: `Get Dead Letters    {blame}`",
    )


_Fault = tuple[str, str, Service]


def _assigned_otherwise(decisions: Sequence[RoutingDecision], events: Sequence[Event]) -> list[_Fault]:
    known = {one.decision_id: one for one in decisions}
    faults: list[_Fault] = []
    answered: set[tuple[Key, str]] = set()
    for event in events:
        if event.type == _T.TASK_COMPLETED:
            answered.add((_key(event.payload), str(event.payload["agent_id"])))
        if event.type != _T.STEP_ASSIGNED:
            continue
        key, payload = _key(event.payload), event.payload
        decision = known.get(str(payload.get("decision_id")))
        if decision is None:
            where = f"{_where(key)} assigned to {listed(payload['agents'])} by {payload.get('decision_id')!r}"
            faults.append(("assignments that decision made", f"{where}, which is none of them", Service.ORCHESTRATION))
            continue
        decided = [(one.agent_id, one.role) for one in decision.assignments]
        assigned = [(one["agent_id"], one["role"]) for one in payload["assignments"]]
        asked = set(payload["agents"])
        # Who had answered when it was decided anew is not asked again.
        wanted = {agent_id for agent_id, _ in decided}
        missing = {one for one in wanted - asked if (key, one) not in answered}
        if _of(decision) != key or assigned != decided or asked - wanted or missing:
            told = f"{_where(_of(decision))} to {_told(decided)}"
            seen = f"{_where(key)} to {_told(assigned)}, asking {listed(sorted(asked), 'nobody')}"
            faults.append((told, seen, Service.ORCHESTRATION))
    return faults


def _never_assigned(decisions: Sequence[RoutingDecision], events: Sequence[Event]) -> list[_Fault]:
    if not decisions:
        return [("at least one routing decision", "none", Service.DECISION)]
    assigned = {str(one.payload.get("decision_id")) for one in events if one.type == _T.STEP_ASSIGNED}
    return [
        (f"{_where(_of(one))} assigned as decided", "never assigned", Service.ORCHESTRATION)
        for one in _last(decisions).values()
        if one.decision_id not in assigned
        and any(_judges(event) and _key(event.payload) == _of(one) for event in events)
    ]


def _answered_by_others(decisions: Sequence[RoutingDecision], events: Sequence[Event]) -> list[_Fault]:
    last, faults = _last(decisions), list[_Fault]()
    for key in [_key(event.payload) for event in events if _judges(event)]:
        answers = [
            str(one.payload["agent_id"]) for one in events if one.type == _T.TASK_COMPLETED and _key(one.payload) == key
        ]
        decided = last.get(key)
        if decided is None:
            faults.append((f"a decision for {_where(key)}", "none, and yet it was judged", Service.ORCHESTRATION))
            continue
        wanted = sorted(one.agent_id for one in decided.assignments)
        if sorted(answers) != wanted:
            strange = set(answers) - set(wanted)
            blame = Service.ORCHESTRATION if strange or len(answers) > len(wanted) else Service.DECISION
            told = f"{_where(key)} answered by {listed(wanted)}"
            faults.append((told, f"by {listed(sorted(answers), 'nobody')}", blame))
    return faults


def of_decision(decision: RoutingDecision, name: str) -> Asked:
    """A field of a routing decision: decision's."""
    reasons = " ".join(one.reason for one in decision.assignments)
    return Asked(
        what=f"{name} of the routing decision for {decision.step} of workflow {decision.workflow_id}",
        blame=Service.DECISION,
        look_at=f"its reasons: {reasons[:300]}; correlation id {decision.correlation_id}",
    )


def line(decision: RoutingDecision) -> str:
    """A decision in one line."""
    who = listed((f"{one.agent_id} ({one.confidence_score:.2f})" for one in decision.assignments), "nobody")
    how = " by the rules" if decision.fallback else ""
    return f"{decision.decided_at:%H:%M:%S.%f} {_where(_of(decision))}: {who}{how}"


def _judges(event: Event) -> bool:
    """Whether it says what the agents of an attempt found. A step that is failed by hand has no attempt."""
    return event.type in (_T.STEP_COMPLETED, _T.STEP_FAILED) and "attempt" in event.payload


def _last(decisions: Sequence[RoutingDecision]) -> dict[Key, RoutingDecision]:
    """The decision that counts for each attempt: an agent that breaks down has its work decided anew."""
    return {_of(one): one for one in decisions}


def _of(decision: RoutingDecision) -> Key:
    return (str(Step(decision.step).value), decision.run, decision.attempt)


def _key(payload: Mapping[str, Any]) -> Key:
    return (str(payload["step"]), int(payload["run"]), int(payload["attempt"]))


def _where(key: Key) -> str:
    step, run, attempt = key
    return f"{step} (run {run}, attempt {attempt})"


def _told(assignments: Iterable[tuple[str, str]]) -> str:
    return listed(
        (agent_id if agent_id == role else f"{agent_id} as {role}" for agent_id, role in assignments), "nobody"
    )
