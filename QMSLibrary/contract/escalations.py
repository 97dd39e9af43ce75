"""Escalations and notifications."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Final, NamedTuple

from pydantic import StringConstraints

from .model import Model, Moment, Page, Request


class EscalationLevel(StrEnum):
    """How urgent it is; the most urgent first."""

    L0_CRITICAL = "L0_CRITICAL"
    L1_IMMEDIATE = "L1_IMMEDIATE"
    L2_URGENT = "L2_URGENT"
    L3_STANDARD = "L3_STANDARD"


class Channel(StrEnum):
    """A way to reach a person."""

    SLACK = "slack"
    EMAIL = "email"
    SMS = "sms"
    PHONE_CALL = "phone_call"
    PAGERDUTY = "pagerduty"


class LevelRule(NamedTuple):
    """What a level asks for."""

    acknowledge_within: timedelta
    channels: tuple[Channel, ...]
    """In the order in which they are tried."""
    repeats_every: timedelta


_C = Channel
LEVELS: Final[dict[EscalationLevel, LevelRule]] = {
    EscalationLevel.L0_CRITICAL: LevelRule(
        timedelta(minutes=3), (_C.SMS, _C.PHONE_CALL, _C.SLACK, _C.EMAIL, _C.PAGERDUTY), timedelta(minutes=5)
    ),
    EscalationLevel.L1_IMMEDIATE: LevelRule(
        timedelta(minutes=10), (_C.SLACK, _C.SMS, _C.EMAIL, _C.PAGERDUTY), timedelta(minutes=15)
    ),
    EscalationLevel.L2_URGENT: LevelRule(timedelta(minutes=30), (_C.SLACK, _C.EMAIL), timedelta(hours=2)),
    EscalationLevel.L3_STANDARD: LevelRule(timedelta(hours=4), (_C.EMAIL, _C.SLACK), timedelta(days=1)),
}
DUPLICATE_WINDOW: Final = timedelta(minutes=15)
"""The same component, type and source within this time is one escalation."""


class EscalationState(StrEnum):
    """Where an escalation stands; it only ever moves down this list."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Escalation(Model):
    """Somebody has to look at something."""

    id: str
    level: EscalationLevel
    type: str
    """A stable identifier: ``dor_failed``, ``high_severity_security``, …"""
    reason: str
    """In words, beginning with what happened."""
    component: str
    """The service that the trouble was seen in."""
    source: str
    """The pull request or workflow it is about."""
    state: EscalationState
    tier: int
    """The stakeholder tier that was told last; 1 at first."""
    workflow_id: str | None = None
    repository: str | None = None
    correlation_id: str
    triggered_at: Moment
    acknowledge_by: Moment
    acknowledged_at: Moment | None = None
    acknowledged_by: str | None = None
    resolved_at: Moment | None = None
    resolved_by: str | None = None
    occurrences: int = 1
    """How often the same thing was reported within the duplicate window."""


class EscalationPage(Page):
    """Escalations, newest first."""

    items: list[Escalation]


class AcknowledgeRequest(Request):
    """Take charge of an escalation."""

    escalation_id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    comment: str = ""


class ResolveRequest(Request):
    """Say that the matter is settled."""

    comment: str = ""


class NotificationState(StrEnum):
    """What became of a message."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    NOT_CONFIGURED = "not_configured"
    """The environment has no receiver for this channel, so nothing was sent to anybody."""


class Notification(Model):
    """One message to one recipient through one channel."""

    id: str
    escalation_id: str
    channel: Channel
    recipient: str
    tier: int
    state: NotificationState
    attempts: int
    reason: str | None = None
    created_at: Moment
    sent_at: Moment | None = None


class NotificationPage(Page):
    """Notifications, newest first."""

    items: list[Notification]


class Stakeholder(Model):
    """Somebody who is told."""

    name: str
    tier: int
    addresses: dict[Channel, str]
    repositories: list[str] = []
    """Patterns such as ``acme/payments-*``: only of these repositories is the person told; without any, of all."""

    def answers_for(self, repository: str | None) -> bool:
        """Whether what happens in ``repository`` is this person's business."""
        return not self.repositories or any(fnmatchcase(repository or "", one) for one in self.repositories)


class StakeholderPage(Page):
    """All stakeholders, first tier first."""

    items: list[Stakeholder]
