"""Taking events from other services: each one is handled once, or put aside as a dead letter."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Connection, Row, String, Table, Text, bindparam, func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.events import DeadLetter, DeadLetterPage, DeliveryReport, Event, EventType
from QMSLibrary.contract.model import wire_time

from .identity import Identity
from .log import KERNEL_TABLES, Sequence
from .refusals import Refusal, not_found
from .store import savepoint

if TYPE_CHECKING:
    from .context import Context

_LOG = logging.getLogger(__name__)
EventHandler = Callable[[Connection, Event, "Context"], None]
# These say that the database is in trouble, not the event: the sender shall try again.
_NOT_THE_EVENTS_FAULT: Final = (OperationalError, InterfaceError)
_IDS_PER_QUERY: Final = 500


class TogetherFailed(Exception):  # noqa: N818 - it reports, nothing is wrong with the caller
    """An event of a delivery that was to be handled together could not be handled."""


seen_events = Table(
    "seen_events",
    KERNEL_TABLES,
    Column("event_id", String(64), primary_key=True),
    Column("received_at", String(32), nullable=False),
)
dead_letters = Table(
    "dead_letters",
    KERNEL_TABLES,
    Column("number", Sequence, primary_key=True, autoincrement=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("event", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("replayed_at", String(32)),
    sqlite_autoincrement=True,
)


_INSERT: Final = seen_events.insert()
_KNOWN: Final = select(seen_events.c.event_id).where(seen_events.c.event_id.in_(bindparam("ids", expanding=True)))


class Inbox:
    """Hands events to the service's handlers."""

    def __init__(self, context: Context, handlers: dict[str, list[EventHandler]]) -> None:
        self._context = context
        self._handlers = handlers

    def take(self, connection: Connection, events: list[Event], *, together: bool = False) -> DeliveryReport:
        """Handle ``events`` in order, each at most once, all in the transaction of ``connection``.

        One that cannot be handled becomes a dead letter. ``together`` does without the savepoints that this takes, a
        fifth of the statements: it raises TogetherFailed instead, and the caller undoes all and takes them again.
        """
        report = DeliveryReport(accepted=0, duplicates=0, dead=0)
        known = _known(connection, [event.event_id for event in events])
        received_at = wire_time(self._context.now())
        fresh: list[dict[str, str]] = []
        for event in events:
            if event.event_id in known:
                report.duplicates += 1
                continue
            known.add(event.event_id)
            fresh.append({"event_id": event.event_id, "received_at": received_at})
            if self._handled(connection, event, received_at, together):
                report.accepted += 1
            else:
                report.dead += 1
        if fresh:
            connection.execute(_INSERT, fresh)
        return report

    def _handled(self, connection: Connection, event: Event, received_at: str, together: bool) -> bool:
        handlers = self._handlers.get(event.type)
        if not handlers:
            return True
        try:
            with nullcontext() if together else savepoint(connection):
                for handler in handlers:
                    handler(connection, event, self._context)
        except _NOT_THE_EVENTS_FAULT:
            raise
        except Exception as error:
            if together:
                raise TogetherFailed from error
            _LOG.exception("event %s (%s) could not be handled", event.event_id, event.type)
            self._bury(connection, event, f"{type(error).__name__}: {error}", received_at)
            return False
        return True

    def _bury(self, connection: Connection, event: Event, reason: str, received_at: str) -> None:
        connection.execute(
            dead_letters.insert(),
            {
                "event_id": event.event_id,
                "event": event.model_dump_json(),
                "reason": reason,
                "received_at": received_at,
            },
        )
        if event.type == EventType.ERROR_OCCURRED:
            return  # Announcing that an announcement could not be handled would never end.
        self._context.emit(
            connection,
            EventType.ERROR_OCCURRED,
            workflow_id=event.workflow_id,
            correlation_id=event.correlation_id,
            payload={"error": "dead_letter", "event_id": event.event_id, "type": event.type, "reason": reason},
        )

    def replay(self, connection: Connection, event_id: str, actor: Identity, correlation_id: str) -> DeadLetter:
        """Handle a dead letter again. Raises Refusal: 404 unknown, 409 replayed already or still failing."""
        row = connection.execute(select(dead_letters).where(dead_letters.c.event_id == event_id)).one_or_none()
        if row is None:
            raise not_found("dead letter", event_id)
        if row.replayed_at is not None:
            raise Refusal(409, "already_replayed", f"The event {event_id} was replayed at {row.replayed_at}.")
        letter = _letter(row)
        for handler in self._handlers.get(letter.event.type, ()):
            try:
                handler(connection, letter.event, self._context)
            except Exception as error:
                _LOG.exception("dead letter %s failed again", event_id)
                raise Refusal(
                    409,
                    "replay_failed",
                    f"The event {event_id} still cannot be handled: {type(error).__name__}: {error}",
                ) from error
        letter.replayed_at = self._context.now()
        connection.execute(
            dead_letters.update().where(dead_letters.c.event_id == event_id),
            {"replayed_at": wire_time(letter.replayed_at)},
        )
        self._context.audit(
            connection,
            AuditAction.DEAD_LETTER_REPLAYED,
            f"event:{event_id}",
            actor=actor,
            correlation_id=correlation_id,
            before={"workflow_id": letter.event.workflow_id, "reason": letter.reason},
        )
        return letter


def dead_letter_page(connection: Connection, limit: int, after: int) -> DeadLetterPage:
    """Dead letters, oldest first, after the position ``after``."""
    total = connection.execute(select(func.count()).select_from(dead_letters)).scalar_one()
    query = select(dead_letters).where(dead_letters.c.number > after).order_by(dead_letters.c.number).limit(limit + 1)
    rows = connection.execute(query).all()
    more = str(rows[limit - 1].number) if len(rows) > limit else None
    return DeadLetterPage(total=total, next_cursor=more, items=[_letter(row) for row in rows[:limit]])


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(
        event=Event.model_validate_json(row.event),
        reason=row.reason,
        received_at=datetime.fromisoformat(row.received_at),
        replayed_at=datetime.fromisoformat(row.replayed_at) if row.replayed_at else None,
    )


def _known(connection: Connection, event_ids: list[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(event_ids), _IDS_PER_QUERY):
        some = event_ids[start : start + _IDS_PER_QUERY]
        known.update(connection.execute(_KNOWN, {"ids": some}).scalars())
    return known
