"""The two kinds of entry: what somebody did, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final


class Outcome(StrEnum):
    """What became of an act."""

    DONE = "done"
    REFUSED = "refused"
    """The QMS understood and said no (4xx)."""
    FAILED = "failed"
    """No answer, a broken one, or the QMS failed (5xx)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that the client asked of a QMS, written when the answer is in. Never holds a body or a token."""

    action: str
    """What was asked, by the name it has in the client: ``start_workflow``."""
    service: str
    actor: str
    role: str
    sent: datetime
    answered: datetime
    """When the answer, or the lack of one, was certain."""
    duration_ms: float
    outcome: Outcome
    method: str | None = None
    path: str | None = None
    status: int | None = None
    code: str | None = None
    """The problem's stable identifier, when it was refused."""
    detail: str | None = None
    correlation_id: str | None = None
    workflow_id: str | None = None
    test: str | None = None
    """The Robot test, or suite, that was running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """An event that reached this process."""

    service: str
    """Whose stream it came from."""
    event_id: str
    type: str
    timestamp: datetime
    """When it happened, by the service's clock."""
    received: datetime
    """When it was here, by this machine's clock."""
    workflow_id: str | None
    correlation_id: str
    source: str
    position: str | None = None
    """Its place in the stream."""
    test: str | None = None


Entry = Act | Observation
_KINDS: Final[dict[str, type[Act] | type[Observation]]] = {"act": Act, "observation": Observation}
_TIMES: Final = frozenset({"sent", "answered", "timestamp", "received"})


def time_of(entry: Entry) -> datetime:
    """The moment an entry is ordered by: when the act was sent, when the event was here."""
    return entry.sent if isinstance(entry, Act) else entry.received


def to_json(entry: Entry) -> dict[str, Any]:
    """The entry as JSON has it, absent values left out."""
    written: dict[str, Any] = {"kind": "act" if isinstance(entry, Act) else "observation"}
    for field in fields(entry):
        value = getattr(entry, field.name)
        if value is None:
            continue
        written[field.name] = value.astimezone(UTC).isoformat() if field.name in _TIMES else value
    return written


def from_json(written: dict[str, Any]) -> Entry:
    """The entry back from ``to_json``. Fields of a newer version are ignored.

    Raises ValueError when it is no entry.
    """
    kind = _KINDS.get(str(written.get("kind")))
    if kind is None:
        raise ValueError(f"{written.get('kind')!r} is no kind of entry. There are: {', '.join(_KINDS)}.")
    known = {field.name for field in fields(kind)}
    values = {name: value for name, value in written.items() if name in known}
    try:
        for name in _TIMES & values.keys():
            values[name] = datetime.fromisoformat(values[name])
        if kind is Act:
            values["outcome"] = Outcome(values["outcome"])
        return kind(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"This is no whole {written['kind']}: {error}") from error
