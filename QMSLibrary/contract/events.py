"""Events: what the services tell each other and everybody who listens."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from .model import Model, Moment, Page, Request


class EventType(StrEnum):
    """Every type of event that a QMS promises."""

    PR_CREATED = "pr.created"
    PR_UPDATED = "pr.updated"
    WORKFLOW_STARTED = "workflow.started"
    ROUTING_REQUESTED = "decision.routing_requested"
    ROUTED = "decision.routed"
    ROUTING_FAILED = "routing.failed"
    STEP_ASSIGNED = "orchestration.step_assigned"
    STEP_COMPLETED = "step.completed"
    STEP_FAILED = "step.failed"
    GATE_PASSED = "gate.passed"
    GATE_FAILED = "gate.failed"
    TASK_COMPLETED = "agent.task_completed"
    AGENT_CHANGED = "agent.changed"
    """It was registered, its registration or its health has changed. The payload's ``agent`` says how it is now."""
    DASHBOARD_CREATED = "dashboard.workflow_created"
    DASHBOARD_UPDATED = "dashboard.workflow_updated"
    ALERT_RAISED = "dashboard.alert_raised"
    ALERT_ACKNOWLEDGED = "dashboard.alert_acknowledged"
    ALERT_RESOLVED = "dashboard.alert_resolved"
    ESCALATION_TRIGGERED = "escalation.triggered"
    ESCALATION_TOLD_FURTHER = "escalation.told_further"
    """Nobody acknowledged in time, so the next tier of stakeholders is told."""
    ESCALATION_ACKNOWLEDGED = "escalation.acknowledged"
    ESCALATION_RESOLVED = "escalation.resolved"
    NOTIFICATION_SENT = "notification.sent"
    NOTIFICATION_FAILED = "notification.failed"
    WORKFLOW_STUCK = "workflow.stuck"
    WORKFLOW_COMPLETED = "workflow.completed"
    ERROR_OCCURRED = "error.occurred"


START_SEQUENCE: Final = (
    EventType.WORKFLOW_STARTED,
    EventType.ROUTING_REQUESTED,
    EventType.DASHBOARD_CREATED,
    EventType.STEP_ASSIGNED,
)
"""What starting a workflow yields, in this order, within five seconds."""


class Event(Model):
    """One event. ``type`` is a string here, not EventType: a reader must survive types it does not know."""

    event_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    type: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    timestamp: Moment
    source: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """The service that the event came from."""
    workflow_id: str | None = None
    correlation_id: str
    payload: dict[str, Any] = {}


class EventBatch(Request):
    """Events delivered from one service to another."""

    events: Annotated[list[Event], Field(min_length=1, max_length=500)]


class DeliveryReport(Model):
    """What became of a delivered batch; each event counts once."""

    accepted: int
    duplicates: int
    """Known by their event_id; nothing was done again."""
    dead: int
    """Could not be handled and were put aside; see the dead letters."""


class DeadLetter(Model):
    """An event that could not be handled, kept for replay."""

    event: Event
    reason: str
    received_at: Moment
    replayed_at: Moment | None = None


class DeadLetterPage(Page):
    """A page of dead letters, oldest first."""

    items: list[DeadLetter]
