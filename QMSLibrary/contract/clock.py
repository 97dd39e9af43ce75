"""The movable clock of a test environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .model import Model, Moment, Request


class ClockRequest(Request):
    """Set how far the service's clock is ahead of the machine's. It may only grow: time does not run backwards."""

    offset_seconds: Annotated[float, Field(ge=0, le=100 * 366 * 86400)]


class Clock(Model):
    """A service's clock."""

    now: Moment
    offset_seconds: float
    """How far it is ahead of the machine's clock."""
    movable: bool
