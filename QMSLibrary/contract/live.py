"""The dashboard's live stream: what goes over its WebSocket, one JSON object per text frame (docs/live.md)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from .dashboard import Alert
from .model import Model, Moment, Request

SESSION_COOKIE: Final = "qms_session"
"""Holds the bearer token of somebody who has logged in on the dashboard's page."""
MAXIMUM_FRAME: Final = 64 << 10
"""Bytes of what a client may say at once; more ends the connection with TOO_LARGE."""
MAXIMUM_RUBBISH: Final = 10
"""Refusals after which the connection is ended with RUBBISH."""

RUBBISH: Final = 1008
TOO_LARGE: Final = 1009
TOO_SLOW: Final = 1013
"""The client does not read; it can come again and resume."""
ENDING: Final = 1012
"""The service is going; it may come back."""


class LiveTopic(StrEnum):
    """What an update is about."""

    WORKFLOW = "workflow"
    ALERT = "alert"
    ESCALATION = "escalation"
    ROUTING = "routing"
    AGENT = "agent"


class Subscribe(Request):
    """What the client wants to be told from now on; a second one takes the place of the first."""

    op: Literal["subscribe"]
    topics: Annotated[list[LiveTopic], Field(min_length=1, max_length=20)]
    repository: Annotated[str, Field(max_length=256)] | None = None
    """Only what belongs to this repository, and what belongs to none (agents). None: everything."""
    after: Annotated[int, Field(ge=0, le=2**62)] | None = None
    """Resume: the last sequence number that the client has had. None: only what comes from now on."""


class Ping(Request):
    """A sign of life; answered by ``pong``."""

    op: Literal["ping"]


class LiveUpdate(Model):
    """Something has changed. Each is sent once, in the order of the sequence numbers."""

    op: Literal["update"] = "update"
    sequence: int
    """The dashboard's own count; it goes on after a restart. A subscription may see gaps: what it did not ask for."""
    topic: LiveTopic
    time: Moment
    workflow_id: str | None = None
    repository: str | None = None
    change: dict[str, Any]
    """What the widgets show of that thing now."""


class LiveReady(Model):
    """The first answer to a subscribe: everything after this sequence number will be told."""

    op: Literal["ready"] = "ready"
    sequence: int


class LiveGone(Model):
    """What was to be resumed is not kept any more: read the widgets again. The subscription begins now."""

    op: Literal["gone"] = "gone"
    oldest: int
    """The oldest sequence number that is kept."""


class LiveRefused(Model):
    """What the client said cannot be done; the subscription is as it was."""

    op: Literal["refused"] = "refused"
    reason: str
    """A stable identifier: ``malformed_json``, ``not_text``, ``unknown_op``, ``invalid_subscription``,
    ``unknown_sequence``."""
    detail: str


CHANGES: Final[dict[LiveTopic, tuple[str, ...]]] = {
    LiveTopic.WORKFLOW: (
        "id", "title", "repository", "author", "state", "status", "step", "progress", "revision", "quality_score",
    ),
    LiveTopic.ALERT: tuple(Alert.model_fields),
    LiveTopic.ESCALATION: ("id", "level", "type", "state", "tier", "reason"),
    LiveTopic.ROUTING: ("decision_id", "workflow_id", "step", "fallback", "assignments"),
    LiveTopic.AGENT: ("agent_id", "health", "load", "load_capacity"),
}  # fmt: skip
"""What the ``change`` of an update about a topic holds."""
