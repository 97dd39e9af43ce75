"""The base of every contract model."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

# A duration travels as seconds (a number), because that is what the rest of the wire format and every chart uses.
Seconds = Annotated[
    timedelta,
    PlainSerializer(lambda value: value.total_seconds(), return_type=float, when_used="json"),
]
Moment = AwareDatetime


class Model(BaseModel):
    """A value that crosses the border between two parties; snake_case on the wire.

    Fields that this version does not know are ignored when reading, so that a newer QMS can be tested with an older
    library. ``model["field"]`` works beside ``model.field``, because that is what a Robot table writes.
    """

    model_config = ConfigDict(extra="ignore", defer_build=True, use_attribute_docstrings=True)

    def __getitem__(self, name: str) -> Any:
        if name not in type(self).model_fields:
            known = ", ".join(type(self).model_fields)
            raise KeyError(f"{type(self).__name__} has no field {name!r}. It has: {known}.")
        return getattr(self, name)


class Request(Model):
    """A body that a client sends. An unknown field is refused: it is a spelling mistake or an attack."""

    model_config = ConfigDict(extra="forbid", defer_build=True, use_attribute_docstrings=True)


class Page(Model):
    """What every list carries beside its items."""

    total: int
    """How many items match, on all pages."""
    next_cursor: str | None = None
    """Give it back as ``cursor`` for the next page; absent on the last one."""


def wire_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and ``Z``, the only spelling of a time on the wire."""
    from datetime import UTC

    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
