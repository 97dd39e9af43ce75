"""What an environment's receivers of notifications got, and how they are told to fail."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .escalations import Channel
from .model import Model, Moment, Request


class Received(Model):
    """One message as it came to a receiver."""

    number: int
    """Counts what the receivers got; later is higher."""
    channel: Channel
    address: str
    """Whom it is for: an e-mail address, a telephone number, a Slack channel or person, a PagerDuty routing key."""
    text: str
    """All that a person can read in it."""
    key: str
    """The sender's own id of the message: the same one tried again has the same key."""
    taken: bool
    """False: the receiver refused it, or the sender did not wait for the answer."""
    answer: str
    """What the sender was told, in words."""
    received_at: Moment
    """By the machine's clock."""


class ReceivedPage(Model):
    """What matches, the oldest first."""

    items: list[Received]
    newest: int
    """The number of the newest message of all."""


class Failure(StrEnum):
    """How a receiver fails."""

    REFUSE = "refuse"
    """It answers that it cannot (HTTP 503, SMTP 451)."""
    SILENT = "silent"
    """It ends the connection without an answer."""
    SLOW = "slow"
    """It takes the message, and answers only after a while."""


class Break(Request):
    """A channel that is broken, for all messages that are meant."""

    channel: Channel
    failure: Failure = Failure.REFUSE
    address: str | None = None
    """Only messages to this address."""
    about: str | None = None
    """Only messages that name this: a repository, an escalation's id."""
    first: Annotated[int, Field(ge=1)] | None = None
    """Only so many messages; None: all until it is mended."""
    seconds: Annotated[float, Field(gt=0, le=60)] = 6.0
    """How long a slow one takes."""


def is_about(text: str, name: str) -> bool:
    """Whether a text names a repository or an escalation: as a whole, not as a part of a longer name."""
    return re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w/-]|\.\w)", text) is not None


class Mended(Model):
    """What was mended."""

    count: int
