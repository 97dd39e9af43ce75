"""The event log: outbox, event stream and replay source at once (docs/decisions/0001)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection
from itertools import takewhile
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, String, Table, Text, func, select

from .store import LogRow, Notes, Store, notes

EVENT: Final = "event"
AUDIT: Final = "audit"
KERNEL_TABLES: Final = MetaData()
Sequence: Final = BigInteger().with_variant(Integer, "sqlite")

event_log = Table(
    "event_log",
    KERNEL_TABLES,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("type", String(128), nullable=False),
    Column("workflow_id", String(64)),
    Column("correlation_id", String(128), nullable=False),
    Column("timestamp", String(32), nullable=False),
    Column("destinations", String(128), nullable=False),
    Column("body", Text, nullable=False),
    Index("event_log_by_workflow", "workflow_id", "sequence"),
    sqlite_autoincrement=True,
)
_INSERT = event_log.insert()
_COLUMNS = (
    event_log.c.sequence,
    event_log.c.kind,
    event_log.c.type,
    event_log.c.workflow_id,
    event_log.c.destinations,
    event_log.c.body,
)


def append(
    connection: Connection,
    *,
    kind: str,
    key: str,
    type: str,
    workflow_id: str | None,
    correlation_id: str,
    timestamp: str,
    destinations: Collection[str],
    body: dict[str, Any],
) -> None:
    """Append a row in the transaction of ``connection``; readers see it after the commit."""
    text = orjson.dumps(body).decode()
    result = connection.execute(
        _INSERT,
        {
            "event_id": key,
            "kind": kind,
            "type": type,
            "workflow_id": workflow_id,
            "correlation_id": correlation_id,
            "timestamp": timestamp,
            "destinations": " ".join(destinations),
            "body": text,
        },
    )
    assert result.inserted_primary_key is not None
    sequence = int(result.inserted_primary_key[0])
    notes(connection).rows.append(LogRow(sequence, kind, type, workflow_id, tuple(destinations), text))


class Feed:
    """Committed rows for everybody who follows the log: couriers and streams.

    The newest rows are kept in memory, so that followers who are up to date never ask the database.
    """

    _KEPT: Final = 4096

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recent: deque[LogRow] = deque(maxlen=self._KEPT)
        self._since = 0
        self._news = asyncio.Event()
        self.head = 0
        """The position of the newest committed row."""

    async def start(self) -> None:
        """Find the head and listen to the store from then on."""
        self._store.listen(self._take)
        self.head = max(self.head, await self._store.read(lambda connection: _head(connection)))
        self._since = self._since or self.head

    async def after(self, position: int, limit: int, workflow_id: str | None = None) -> tuple[list[LogRow], int]:
        """At most ``limit`` rows after ``position``, and the position up to which nothing was left out."""
        if position >= self.head:
            return [], position
        if position >= self._since:
            # From the right: a follower who is up to date lacks a few rows, not thousands.
            fresh = list(takewhile(lambda row: row.sequence > position, reversed(self._recent)))
            rows = fresh[::-1][:limit]
        else:
            rows = await self._store.read(lambda connection: _rows(connection, position, limit))
        reached = rows[-1].sequence if rows else self.head
        if workflow_id is not None:
            rows = [row for row in rows if row.workflow_id == workflow_id]
        return rows, reached

    async def wait(self, position: int, timeout: float) -> bool:
        """Wait until there is a row after ``position``; False when there was none within ``timeout`` seconds."""
        news = self._news
        if self.head > position:
            return True
        try:
            async with asyncio.timeout(timeout):
                await news.wait()
        except TimeoutError:
            return False
        return True

    def _take(self, left: Notes) -> None:
        if not left.rows:
            return
        full = len(self._recent) + len(left.rows) > self._KEPT
        if not self._since:
            self._since = left.rows[0].sequence - 1
        self._recent.extend(left.rows)
        if full:
            self._since = self._recent[0].sequence - 1
        self.head = left.rows[-1].sequence
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self._news.set()
        self._news = asyncio.Event()


def _head(connection: Connection) -> int:
    return connection.execute(select(func.max(event_log.c.sequence))).scalar() or 0


def _rows(connection: Connection, position: int, limit: int) -> list[LogRow]:
    query = select(*_COLUMNS).where(event_log.c.sequence > position).order_by(event_log.c.sequence).limit(limit)
    return [_row(row) for row in connection.execute(query)]


def _row(row: Any) -> LogRow:
    sequence, kind, type_, workflow_id, destinations, body = row
    return LogRow(sequence, kind, type_, workflow_id, tuple(destinations.split()), body)
