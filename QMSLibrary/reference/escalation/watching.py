"""What the escalation service makes of the events it hears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from QMSLibrary.contract.escalations import EscalationState
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.copies import Copies
from QMSLibrary.reference.kernel.identity import Identity

from .lifecycle import Lifecycle
from .records import OPEN, find, open_of_workflow, workflows_with_open_ones
from .rules import Limits, step_of, wanted_by
from .tables import verdicts

_E = EventType
_GATES: Final = frozenset({_E.GATE_PASSED, _E.GATE_FAILED})
_ANSWERED: Final = frozenset({_E.STEP_COMPLETED, _E.STEP_FAILED})
_HEARD: Final = select(verdicts.c.topic, verdicts.c.revision).where(verdicts.c.workflow_id == bindparam("key"))
_HEAR: Final = insert(verdicts)
_HEAR_AGAIN: Final = update(verdicts).where(
    verdicts.c.workflow_id == bindparam("key"), verdicts.c.topic == bindparam("about")
)
_STANDING_STILL: Final = frozenset({"workflow_stuck", "approval_overdue"})
"""Types that are settled as soon as the workflow moves."""


@dataclass(slots=True)
class Watcher:
    """Handles events: keeps the copy of the workflow, settles what is settled, raises what the rules ask for."""

    copies: Copies
    lifecycle: Lifecycle
    limits: Limits
    _troubled: set[str] | None = None
    """Workflows that have, or since the start had, open escalations; all others need not be searched for them."""

    def on_event(self, connection: Connection, event: Event, context: Context) -> None:
        """Any event about a workflow."""
        change = self.copies.apply(connection, event)
        if event.workflow_id is None:
            return
        if change is not None and change.before is not None and change.before != change.snapshot["state"]:
            self._settle(connection, context, event, lambda row: _moved_on(row, change.snapshot["state"]))
        if self._agents_were_found(connection, event):
            self._settle(connection, context, event, lambda row: _sought_agents(row, event))
        wanted = wanted_by(event, self.limits)
        if not (wanted or event.type in _GATES) or not self._is_news(connection, event):
            return
        if event.type == _E.GATE_PASSED:
            self._settle(connection, context, event, lambda row: _answered_by(row, event))
        if wanted and self._troubled is not None:
            self._troubled.add(event.workflow_id)
        for one in wanted:
            self.lifecycle.raise_for(connection, context, event, one)

    def on_alert_raised(self, connection: Connection, event: Event, context: Context) -> None:
        """Somebody, or a rule, raised an alert on the dashboard: people are told as of any other escalation."""
        if event.workflow_id is not None and self._troubled is not None:
            self._troubled.add(event.workflow_id)
        self.lifecycle.raise_for_alert(connection, context, event)

    def on_alert_resolved(self, connection: Connection, event: Event, context: Context) -> None:
        """It was settled on the dashboard, and so is the escalation behind the alert."""
        row = find(connection, event.payload["escalation_id"])
        if row.state not in OPEN:
            return  # somebody else was faster
        actor = Identity(event.payload["actor"], event.payload["role"])
        comment = event.payload.get("comment") or "resolved on the dashboard"
        self.lifecycle.resolve(connection, context, row, actor, comment, event.payload["correlation_id"])

    def on_alert_acknowledged(self, connection: Connection, event: Event, context: Context) -> None:
        """Somebody took charge on the dashboard, and so of the escalation behind the alert."""
        row = find(connection, event.payload["escalation_id"])
        if row.state != EscalationState.ACTIVE:
            return  # somebody else was faster, or it is settled: the dashboard hears of that by itself
        actor = Identity(event.payload["actor"], event.payload["role"])
        self.lifecycle.acknowledge(
            connection, context, row, actor, "acknowledged on the dashboard", event.payload["correlation_id"]
        )

    def _settle(
        self, connection: Connection, context: Context, event: Event, settled: Callable[[Row[Any]], bool]
    ) -> None:
        assert event.workflow_id is not None
        if not self._may_have_open_ones(connection, event.workflow_id):
            return
        for row in open_of_workflow(connection, event.workflow_id):
            if settled(row):
                self.lifecycle.resolve(connection, context, row, context.identity, _why(event), event.correlation_id)

    def _may_have_open_ones(self, connection: Connection, workflow_id: str) -> bool:
        # Nothing is ever taken out of the set: a transaction that is undone would leave it wrong.
        if self._troubled is None:
            self._troubled = workflows_with_open_ones(connection)
        return workflow_id in self._troubled

    def _agents_were_found(self, connection: Connection, event: Event) -> bool:
        # An agent that was ill may be well before agents are looked for again, and answer what it was given at first.
        if event.type not in _ANSWERED:
            return event.type == _E.ROUTED
        snapshot = event.payload.get("workflow")
        # A verdict that comes late says nothing about the attempt after it.
        return snapshot is None or snapshot["revision"] >= self.copies.revision(connection, event.workflow_id or "")

    def _is_news(self, connection: Connection, event: Event) -> bool:
        """Whether nothing newer was heard about this topic of the workflow; what comes late must not raise an alarm."""
        snapshot = event.payload.get("workflow")
        if snapshot is None or event.workflow_id is None:
            return True
        revision, step = snapshot["revision"], step_of(event)
        heard = {row.topic: row.revision for row in connection.execute(_HEARD, {"key": event.workflow_id})}
        gate = f"gate {step}"
        if event.type in _GATES:
            topic, overtaken = gate, False
        elif event.type == _E.STEP_FAILED:
            topic, overtaken = f"step {step}", revision < heard.get(gate, 0)
        else:
            topic, overtaken = event.type, revision < self.copies.revision(connection, event.workflow_id)
        known = heard.get(topic)
        if overtaken or (known is not None and revision <= known):
            return False
        row = {"workflow_id": event.workflow_id, "topic": topic, "revision": revision}
        if known is None:
            connection.execute(_HEAR, row)
        else:
            connection.execute(_HEAR_AGAIN, {"key": event.workflow_id, "about": topic, "revision": revision})
        return True


def _moved_on(row: Row[Any], state: str) -> bool:
    return row.type in _STANDING_STILL and row.workflow_state != state


def _sought_agents(row: Row[Any], event: Event) -> bool:
    return row.type == "routing_failed" and (event.type not in _ANSWERED or row.step == step_of(event))


def _answered_by(row: Row[Any], event: Event) -> bool:
    """Whether the gate that has passed is the one that the escalation is about."""
    if row.type in _STANDING_STILL or row.step != step_of(event):
        return False
    # An override sets a verdict aside. It does not make a review compliant; that score speaks for itself at the end.
    return not (_overridden(event) and row.type == "compliance_below_threshold")


def _overridden(event: Event) -> bool:
    return bool(event.payload.get("overridden"))


def _why(event: Event) -> str:
    step = step_of(event)
    if event.type == _E.GATE_PASSED and step is not None:
        return f"the gate of {step} was overridden" if _overridden(event) else f"the gate of {step} has passed"
    if event.type == _E.ROUTED:
        return "agents were found"
    if event.type in _ANSWERED and step is not None:
        return f"the agents of {step} have answered"
    state = (event.payload.get("workflow") or {}).get("state", WorkflowState.COMPLETED)
    return f"the workflow moved on to {state}"
