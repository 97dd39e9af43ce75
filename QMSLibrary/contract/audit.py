"""The audit trail."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from .model import Model, Moment, Page, Request
from .roles import AGENT_ROLE, CODE_HOST_ROLE, SERVICE_ROLE, Role

GENESIS_HASH: Final = "0" * 64
"""The previous hash of the first record."""


class AuditAction(StrEnum):
    """What a record can be about."""

    STATE_CHANGED = "state.changed"
    DECISION_MADE = "decision.made"
    STEP_DECIDED = "step.decided"
    ACCESS_GRANTED = "access.granted"
    ACCESS_REFUSED = "access.refused"
    LOGGED_IN = "user.logged_in"
    LOG_IN_REFUSED = "user.log_in_refused"
    WORKFLOW_REQUESTED = "workflow.requested"
    WORKFLOW_PROGRESSED = "workflow.progressed"
    STEP_RETRIED = "step.retried"
    COMMIT_PUSHED = "commit.pushed"
    TRANSITION_REFUSED = "transition.refused"
    GATE_OVERRIDDEN = "gate.overridden"
    REVIEW_APPROVED = "review.approved"
    FEEDBACK_GIVEN = "feedback.given"
    ESCALATION_TRIGGERED = "escalation.triggered"
    ESCALATION_ACKNOWLEDGED = "escalation.acknowledged"
    ESCALATION_RESOLVED = "escalation.resolved"
    ESCALATION_CLOSED = "escalation.closed"
    ALERT_RAISED = "alert.raised"
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_RESOLVED = "alert.resolved"
    AGENT_REGISTERED = "agent.registered"
    AGENT_RETIRED = "agent.retired"
    RESULT_REFUSED = "result.refused"
    CONFIGURATION_CHANGED = "configuration.changed"
    CLOCK_MOVED = "clock.moved"
    DEAD_LETTER_REPLAYED = "dead_letter.replayed"


class AuditRole(StrEnum):
    """In which role somebody did something to a workflow. Who has not logged in has none, and cannot."""

    DEVELOPER = Role.DEVELOPER
    QA_LEAD = Role.QA_LEAD
    MANAGER = Role.MANAGER
    ADMIN = Role.ADMIN
    SERVICE = SERVICE_ROLE
    AGENT = AGENT_ROLE
    CODE_HOST = CODE_HOST_ROLE


class AuditEntry(Request):
    """What happened, before it has its place in the chain."""

    entry_id: str
    """Made where it happened; the same entry delivered twice is recorded once."""
    time: Moment
    actor: str
    role: str
    action: AuditAction
    object: str
    """``workflow:…``, ``escalation:…``, ``user:…``"""
    before: Any = None
    after: Any = None
    reason: str | None = None
    correlation_id: str


class AuditRecord(Model):
    """A record of the trail. ``hash`` is SHA-256 over the RFC 8785 form of all the other fields."""

    sequence: int
    """1, 2, 3, … without a gap."""
    entry_id: str
    time: Moment
    actor: str
    role: str
    action: str
    object: str
    before: Any = None
    after: Any = None
    reason: str | None = None
    correlation_id: str
    previous_hash: str
    hash: str


class AuditPage(Page):
    """Records in the order of their sequence."""

    items: list[AuditRecord]


class AuditHead(Model):
    """The end of the trail, signed."""

    sequence: int
    hash: str
    signed_at: Moment
    key_id: str
    signature: str
    """Ed25519 over the RFC 8785 form of {sequence, hash, signed_at, key_id}, base64."""
    public_key: str
    """Raw Ed25519 public key, base64. Take it from somewhere else if you do not trust this QMS."""


class AuditEntryBatch(Request):
    """Entries that other services hand to orchestration, which keeps the one trail."""

    entries: list[AuditEntry]
