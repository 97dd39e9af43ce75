"""Carries the event log to the other services, at least once and in order."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, bindparam, select

from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.routes import DELIVER_EVENTS, RECORD_AUDIT
from QMSLibrary.contract.services import Service

from .log import AUDIT, EVENT, KERNEL_TABLES
from .peers import PeerUnreachable
from .store import LogRow

if TYPE_CHECKING:
    from .context import Context

_LOG = logging.getLogger(__name__)
_BATCH: Final = 100
_BATCH_BYTES: Final = 1 << 20
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0
_IDLE_SECONDS: Final = 30.0
_SAVED_EVERY: Final = 1.0
_QUIET: Final = 0.2
_GATHERING: Final = 0.02
"""Seconds without a new row after which rows are delivered that no next step waits for: one post instead of several,
and those who follow the event stream, mostly people who wait for something, are answered first."""
_LONGEST_GATHERING: Final = 0.06
"""Seconds after which they are delivered while new rows still come."""
_E = EventType
_AT_ONCE: Final[dict[Service, frozenset[str]]] = {
    Service.ORCHESTRATION: frozenset({_E.ROUTED, _E.ROUTING_FAILED, _E.DASHBOARD_CREATED}),
    # An agent elsewhere that has answered has room for a review that waits for it.
    Service.DECISION: frozenset({_E.WORKFLOW_STARTED, _E.PR_UPDATED, _E.STEP_ASSIGNED, _E.TASK_COMPLETED}),
    # What somebody has to see to is shown live; it is rare, so it costs no post that would be worth saving.
    Service.DASHBOARD: frozenset(
        {_E.WORKFLOW_STARTED, _E.ROUTING_REQUESTED}
        | {_E.ESCALATION_TRIGGERED, _E.ESCALATION_ACKNOWLEDGED, _E.ESCALATION_RESOLVED}
    ),
    Service.ESCALATION: frozenset({_E.ALERT_RAISED, _E.ALERT_ACKNOWLEDGED, _E.ALERT_RESOLVED}),
}
"""Events that a service does not let wait: it carries a review on with them, or somebody has to see to something. All
others it keeps, shows, or tells people."""
# Answers that mean "not now": everything else from 400 to 499 means "never", and waiting would not help.
_NOT_NOW: Final = frozenset({401, 403, 404, 408, 425, 429})

_metadata: MetaData = KERNEL_TABLES
cursors = Table(
    "couriers",
    _metadata,
    Column("name", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
_MOVE: Final = cursors.update().where(cursors.c.name == bindparam("key"))


class Courier:
    """Delivers one kind of rows to one service. The cursor moves some time after the service has answered."""

    def __init__(self, context: Context, destination: Service, kind: str) -> None:
        self._context = context
        self._destination = destination
        self._kind = kind
        self._route = DELIVER_EVENTS if kind == EVENT else RECORD_AUDIT
        self._urgent = _AT_ONCE.get(destination, frozenset()) if kind == EVENT else frozenset()
        self._opening = b'{"events":[' if kind == EVENT else b'{"entries":['
        self.name = f"{kind}:{destination}"
        self._saved = 0
        self.position = 0
        """Everything up to here is delivered."""
        self.trouble: str | None = None
        """Why the last attempt failed; None when it did not."""

    async def run(self) -> None:
        """Deliver for ever."""
        context = self._context
        self.position = self._saved = await context.store.read(self._load)
        loop = asyncio.get_running_loop()
        saved_at = loop.time()
        while True:
            rows, reached = await context.feed.after(self.position, _BATCH)
            wanted = [row for row in rows if row.kind == self._kind and self._destination.value in row.destinations]
            if wanted:
                reached = await self._deliver(wanted, reached)
            self.position = reached
            quiet = not rows and not await context.feed.wait(reached, _QUIET)
            if quiet or loop.time() - saved_at > _SAVED_EVERY:
                await self._save_position()
                saved_at = loop.time()
            if not rows:
                await context.feed.wait(reached, _IDLE_SECONDS)
                await self._gather(reached)

    async def _gather(self, position: int) -> None:
        """Let rows after ``position`` come together, until one comes that is waited for."""
        feed, loop = self._context.feed, asyncio.get_running_loop()
        deadline = loop.time() + _LONGEST_GATHERING
        while (left := min(deadline - loop.time(), _GATHERING)) > 0:
            rows, position = await feed.after(position, _BATCH)
            if any(row.type in self._urgent for row in rows) or not await feed.wait(position, left):
                return

    async def _deliver(self, rows: list[LogRow], reached: int) -> int:
        """Deliver the first of ``rows``, as many as fit in one request; returns the position then reached."""
        batch = _fitting(rows)
        if len(batch) < len(rows):
            reached = batch[-1].sequence
        if await self._post(batch):
            return reached
        for row in batch:  # One of them is refused for good. The others must not wait behind it.
            if not await self._post([row]):
                _LOG.error("%s refuses row %d (%s) for good", self._destination, row.sequence, row.type)
                if row.type != EventType.ERROR_OCCURRED:
                    await self._announce_refused(row)
        return reached

    async def _post(self, rows: list[LogRow]) -> bool:
        """Post until there is an answer: True if taken, False if it will never be."""
        content = self._opening + b",".join(row.body.encode() for row in rows) + b"]}"
        pause = _FIRST_PAUSE
        while True:
            try:
                answer = await self._context.peers.call(self._destination, self._route, content=content)
            except PeerUnreachable as error:
                trouble = str(error)
            else:
                if answer.status_code == self._route.status:
                    self.trouble = None
                    return True
                if 400 <= answer.status_code < 500 and answer.status_code not in _NOT_NOW:
                    _LOG.error("%s answered %d: %s", self._destination, answer.status_code, answer.text[:500])
                    return False
                trouble = f"HTTP {answer.status_code}"
            if self.trouble is None:
                _LOG.warning("%s cannot be reached with %s: %s", self._destination, self.name, trouble)
            self.trouble = trouble
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _announce_refused(self, row: LogRow) -> None:
        def work(connection: Connection) -> None:
            self._context.emit(
                connection,
                EventType.ERROR_OCCURRED,
                workflow_id=row.workflow_id,
                correlation_id=f"courier-{row.sequence}",
                payload={"error": "delivery_refused", "service": self._destination.value, "type": row.type},
                to=(),
            )

        await self._context.store.write(work)

    def _load(self, connection: Connection) -> int:
        return connection.execute(select(cursors.c.position).where(cursors.c.name == self.name)).scalar() or 0

    async def _save_position(self) -> None:
        """Note how far we are. Not after each batch: what is delivered again after a crash is known by its event_id."""
        position = self.position
        if position != self._saved:
            await self._context.store.write(lambda connection: self._save(connection, position))
            self._saved = position

    def _save(self, connection: Connection, position: int) -> None:
        moved = connection.execute(_MOVE, {"key": self.name, "position": position})
        if moved.rowcount == 0:
            connection.execute(cursors.insert(), {"name": self.name, "position": position})


def _fitting(rows: list[LogRow]) -> list[LogRow]:
    size, count = 0, 0
    for row in rows:
        size += len(row.body)
        if count and size > _BATCH_BYTES:
            break
        count += 1
    return rows[:count]


def couriers(context: Context) -> list[Courier]:
    """All couriers of a service: its events to each other service, its audit entries to orchestration."""
    made = [Courier(context, service, EVENT) for service in context.settings.peers]
    if context.service is not Service.ORCHESTRATION:
        made.append(Courier(context, Service.ORCHESTRATION, AUDIT))
    return made
