"""What history counts, and what reviews wait for: both from events, each thing once however often it is told."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.steps import Step
from QMSLibrary.reference.kernel.context import Context

from .tables import awaited, happenings

STARTED: Final = "started"
COMPLETED: Final = "completed"
GATE_PASSED: Final = "gate_passed"
GATE_FAILED: Final = "gate_failed"
KINDS: Final = (STARTED, COMPLETED, GATE_PASSED, GATE_FAILED)

_KNOWN: Final = select(happenings.c.key).where(happenings.c.key == bindparam("known_key"))
_NOTE: Final = insert(happenings)
_WAITS: Final = select(awaited).where(awaited.c.workflow_id == bindparam("of_workflow"))
_BEGIN_TO_WAIT: Final = insert(awaited)
_WAIT: Final = update(awaited).where(awaited.c.workflow_id == bindparam("of_workflow"))
_STEPS: Final = [step.value for step in Step]


def on_started(connection: Connection, event: Event, context: Context) -> None:
    """A review has begun."""
    _note(connection, event, STARTED)


def on_completed(connection: Connection, event: Event, context: Context) -> None:
    """A run of a review is completed."""
    result = event.payload.get("result") or {}
    _note(
        connection,
        event,
        COMPLETED,
        event.payload.get("run", 1),
        score=result.get("quality_score"),
        compliant=bool(result.get("compliance_adhered")),
    )


def on_gate(connection: Connection, event: Event, context: Context) -> None:
    """A gate has passed or failed."""
    payload = event.payload
    kind = GATE_PASSED if event.type == EventType.GATE_PASSED else GATE_FAILED
    _note(connection, event, kind, payload.get("step"), payload.get("run"), payload.get("attempt"))


def _note(connection: Connection, event: Event, kind: str, *place: Any, **values: Any) -> None:
    key = ":".join(map(str, (kind, event.workflow_id, *place)))
    if connection.execute(_KNOWN, {"known_key": key}).first() is not None:
        return
    repository = (event.payload.get("workflow") or {}).get("repository")
    row = {"key": key, "kind": kind, "repository": repository, "at": wire_time(event.timestamp)}
    connection.execute(_NOTE, {**row, "score": None, "compliant": None, **values})


# --- waiting


def on_requested(connection: Connection, event: Event, context: Context) -> None:
    """Agents are asked for."""
    _go_to(connection, event, event.payload, agents=True)


def on_found(connection: Connection, event: Event, context: Context) -> None:
    """They are found."""
    if _go_to(connection, event, event.payload["decision"], agents=False):
        connection.execute(_WAIT, {"of_workflow": event.workflow_id, "agents": False})


def on_verdict(connection: Connection, event: Event, context: Context) -> None:
    """A step has a verdict: perhaps a person is awaited now, perhaps no more."""
    if _go_to(connection, event, event.payload, agents=False):
        _await_person(connection, event, agents=False)


def on_updated(connection: Connection, event: Event, context: Context) -> None:
    """A person has done one of several things that were awaited."""
    if event.payload.get("cause") == "waiting":
        _await_person(connection, event)


def _go_to(connection: Connection, event: Event, place: dict[str, Any], *, agents: bool) -> bool:
    """Note where the review is; whether it is there: news of a place that it has left change nothing."""
    if event.workflow_id is None or "attempt" not in place:
        return False
    known = connection.execute(_WAITS, {"of_workflow": event.workflow_id}).one_or_none()
    values = {"step": place["step"], "run": place["run"], "attempt": place["attempt"], "agents": agents, "person": ""}
    if known is None:
        connection.execute(_BEGIN_TO_WAIT, {"workflow_id": event.workflow_id, "revision": 0, **values})
        return True
    here, there = _order(place), _order(known._mapping)
    if here > there:
        connection.execute(_WAIT, {"of_workflow": event.workflow_id, **values})
    return here >= there


def _await_person(connection: Connection, event: Event, **values: Any) -> None:
    revision = (event.payload.get("workflow") or {}).get("revision", 0)
    known = connection.execute(_WAITS, {"of_workflow": event.workflow_id}).one_or_none()
    if known is not None and revision >= known.revision:
        person = " ".join(event.payload.get("waiting_for") or ())
        connection.execute(_WAIT, {"of_workflow": event.workflow_id, "person": person, "revision": revision, **values})


def _order(place: Any) -> tuple[int, int, int]:
    return place["run"], _STEPS.index(place["step"]), place["attempt"]


HANDLERS: Final = {
    EventType.WORKFLOW_STARTED: (on_started,),
    EventType.WORKFLOW_COMPLETED: (on_completed,),
    EventType.GATE_PASSED: (on_gate, on_verdict),
    EventType.GATE_FAILED: (on_gate, on_verdict),
    EventType.ROUTING_REQUESTED: (on_requested,),
    EventType.ROUTED: (on_found,),
    EventType.STEP_COMPLETED: (on_verdict,),
    EventType.STEP_FAILED: (on_verdict,),
    EventType.PR_UPDATED: (on_updated,),
}
