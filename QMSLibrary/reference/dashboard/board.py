"""The board: an entry for every workflow, made from events, and the events that tell of new and changed entries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.live import LiveTopic
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import WorkflowStatus
from QMSLibrary.reference.kernel.clock import Timer
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.copies import Change

from .agents import on_moved
from .live import post
from .tables import copies, entries, scores

ANNOUNCE: Final = "dashboard.announce"
"""Kind of the timers that end the wait for the routing request; their key is the workflow's id."""
PATIENCE: Final = timedelta(seconds=1)
"""How long a new workflow's entry waits for the routing request (docs/decisions/0001)."""
_SHOWN: Final = ("id", "title", "repository", "author", "state", "status", "step", "progress", "revision")
_FIND: Final = select(entries.c.announced).where(entries.c.workflow_id == bindparam("key"))
_ENTER: Final = insert(entries)
_SCORED: Final = select(scores.c.revision).where(scores.c.workflow_id == bindparam("key"))
_SCORE: Final = insert(scores)
_SCORE_AGAIN: Final = update(scores).where(scores.c.workflow_id == bindparam("key"))
_ANNOUNCED: Final = update(entries).where(entries.c.workflow_id == bindparam("key")).values(announced=True)


def on_event(connection: Connection, event: Event, context: Context) -> None:
    """Any event about a workflow."""
    if event.workflow_id is None:
        return
    change = _taken(connection, event)
    if event.type == EventType.ROUTING_REQUESTED:
        _requested(connection, event, context)
    if change is None:
        return
    _show(connection, context, change.snapshot)
    on_moved(connection, event.workflow_id, change.snapshot)
    entry = connection.execute(_FIND, {"key": event.workflow_id}).first()
    if entry is not None and entry.announced:
        if change.before is not None:
            _say(
                connection,
                context,
                EventType.DASHBOARD_UPDATED,
                event.workflow_id,
                event.correlation_id,
                change.snapshot,
            )
    elif entry is not None and change.before is None:
        # The routing request was faster than the news that there is a workflow.
        _announce(connection, context, event.workflow_id, event.correlation_id)
    elif entry is None and change.snapshot["status"] != WorkflowStatus.QUEUED:
        # A queued workflow asks for nothing yet, so the wait begins when it leaves the queue.
        connection.execute(_ENTER, {"workflow_id": event.workflow_id, "announced": False})
        due = context.now() + PATIENCE
        context.set_timer(connection, ANNOUNCE, event.workflow_id, due, {"correlation_id": event.correlation_id})


def _taken(connection: Connection, event: Event) -> Change | None:
    """The review's new state, by orchestration alone: another service's copy of it may be faster than orchestration's
    own news, and whoever looks on would then not see the state in between.
    """
    return copies.apply(connection, event) if event.source == Service.ORCHESTRATION else None


def _requested(connection: Connection, event: Event, context: Context) -> None:
    assert event.workflow_id is not None
    entry = connection.execute(_FIND, {"key": event.workflow_id}).first()
    if entry is not None and entry.announced:
        return
    if entry is None:
        connection.execute(_ENTER, {"workflow_id": event.workflow_id, "announced": False})
    if copies.revision(connection, event.workflow_id):
        _announce(connection, context, event.workflow_id, event.correlation_id)


def on_patience_over(connection: Connection, timer: Timer, context: Context) -> None:
    """No routing request came: the entry is made without it."""
    entry = connection.execute(_FIND, {"key": timer.key}).first()
    if entry is not None and not entry.announced:
        _announce(connection, context, timer.key, timer.payload["correlation_id"])


def _announce(connection: Connection, context: Context, workflow_id: str, correlation_id: str) -> None:
    connection.execute(_ANNOUNCED, {"key": workflow_id})
    context.cancel_timer(connection, ANNOUNCE, workflow_id)
    snapshot = copies.snapshot(connection, workflow_id)
    assert snapshot is not None
    _say(connection, context, EventType.DASHBOARD_CREATED, workflow_id, correlation_id, snapshot, Service.ORCHESTRATION)


def _say(
    connection: Connection,
    context: Context,
    type: EventType,
    workflow_id: str,
    correlation_id: str,
    snapshot: dict[str, Any],
    *to: Service,
) -> None:
    context.emit(
        connection, type, workflow_id=workflow_id, correlation_id=correlation_id, payload={"workflow": snapshot}, to=to
    )


def _show(
    connection: Connection, context: Context, snapshot: dict[str, Any], quality_score: float | None = None
) -> None:
    post(
        connection,
        context,
        LiveTopic.WORKFLOW,
        {**{name: snapshot.get(name) for name in _SHOWN}, "quality_score": quality_score},
        workflow_id=snapshot["id"],
        repository=snapshot.get("repository"),
    )


def on_completed(connection: Connection, event: Event, context: Context) -> None:
    """Keep what the review came to; a later run's result replaces an earlier one's."""
    result, snapshot = event.payload.get("result"), event.payload.get("workflow")
    if event.workflow_id is None or not result or not snapshot:
        return
    values = {
        "revision": snapshot["revision"],
        "repository": snapshot.get("repository"),
        "completed_at": wire_time(event.timestamp),
        "quality_score": result.get("quality_score"),
        "compliance_score": result.get("compliance_score"),
        "compliance_adhered": bool(result.get("compliance_adhered")),
        "total_duration": result.get("total_duration"),
    }
    known = connection.execute(_SCORED, {"key": event.workflow_id}).scalar()
    if known is None:
        connection.execute(_SCORE, {"workflow_id": event.workflow_id, **values})
    elif values["revision"] > known:
        connection.execute(_SCORE_AGAIN, {"key": event.workflow_id, **values})
    else:
        return
    if snapshot["revision"] == copies.revision(connection, event.workflow_id):
        _show(connection, context, snapshot, result.get("quality_score"))
