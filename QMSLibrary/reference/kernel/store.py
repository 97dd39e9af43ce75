"""The service's database: one writer, many readers, never on the event loop.

All writes of a service go through one thread, one transaction per act. That costs one hop per transaction instead of
one per statement, and SQLite never meets a lock. Work is a plain function that takes a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url

T = TypeVar("T")
_READERS: Final = 3
_NOTES: Final = "qms_notes"


class LogRow(NamedTuple):
    """A committed row of the service's event log."""

    sequence: int
    kind: str
    type: str
    workflow_id: str | None
    destinations: tuple[str, ...]
    body: str


@dataclass(slots=True)
class Notes:
    """What a transaction leaves for those who must hear of it after its commit."""

    rows: list[LogRow] = field(default_factory=list)
    next_timer: float | None = None
    """The earliest due time of the timers that were set."""
    memo: dict[Hashable, Any] = field(default_factory=dict)
    """What the transaction has read and need not read again."""
    posts: list[Any] = field(default_factory=list)
    """What is to be told to people who look on, in this order."""


def notes(connection: Connection) -> Notes:
    """The notes of the write transaction that ``connection`` is in."""
    found: Notes = connection.info[_NOTES]
    return found


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A part of a transaction that is undone alone when it raises."""
    left = notes(connection)
    kept, posted, remembered = len(left.rows), len(left.posts), dict(left.memo)
    try:
        with connection.begin_nested():
            yield
    except BaseException:
        del left.rows[kept:]
        del left.posts[posted:]
        left.memo = remembered
        raise


class Store:
    """A service's database."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._readers = ThreadPoolExecutor(_READERS, "store-reader")
        self._listeners: list[Callable[[Notes], None]] = []
        self._finishers: list[Callable[[Connection, Notes], None]] = []

    def prepare(self, *tables: MetaData) -> None:
        """Create the tables that are missing."""
        # In one transaction: SQLite would otherwise write each table and each index to the disk by itself.
        with self.engine.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN IMMEDIATE")
            for metadata in tables:
                for table in metadata.tables.values():
                    # SQLite would give the number of a deleted row to the next one; PostgreSQL never does. Who notes a
                    # number somewhere else relies on that.
                    if table.autoincrement_column is not None:
                        table.dialect_options["sqlite"]["autoincrement"] = True
                metadata.create_all(connection)

    def listen(self, listener: Callable[[Notes], None]) -> None:
        """Call ``listener`` on the event loop after each commit that left notes."""
        self._listeners.append(listener)

    def before_commit(self, finish: Callable[[Connection, Notes], None]) -> None:
        """Call ``finish`` at the end of each transaction that writes, inside it."""
        self._finishers.append(finish)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one transaction. It is committed when this returns, and undone when it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, self._write, work, loop)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work``, which must not write, on a consistent view of the database."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """``write`` for the time before the event loop runs."""
        return self._write(work, None)

    def close(self) -> None:
        """Finish what was begun and let go of the database."""
        self._writer.shutdown()
        self._readers.shutdown()
        self.engine.dispose()

    def _write(self, work: Callable[[Connection], T], loop: asyncio.AbstractEventLoop | None) -> T:
        with self.engine.connect() as connection:
            connection.info[_NOTES] = left = Notes()
            with connection.begin():
                self._begin(connection, "BEGIN IMMEDIATE")
                result = work(connection)
                for finish in self._finishers:
                    finish(connection, left)
        if loop is not None and (left.rows or left.posts or left.next_timer is not None):
            loop.call_soon_threadsafe(self._tell, left)
        return result

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN")
            return work(connection)

    def _begin(self, connection: Connection, statement: str) -> None:
        # SQLite's driver begins too late for a consistent view. Not by a listener for SQLAlchemy's "begin":
        # a single listener makes every statement look for listeners, and a prepared one then takes a quarter longer.
        if self._is_sqlite:
            connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]

    def _tell(self, left: Notes) -> None:
        for listener in self._listeners:
            listener(left)


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        # One connection for the writer and one for each reader; pinged, because a database server may be restarted.
        return create_engine(url, pool_size=_READERS + 1, max_overflow=1, pool_pre_ping=True)
    engine = create_engine(url, pool_size=_READERS + 1, connect_args={"check_same_thread": False, "timeout": 10})
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own handling of transactions is off: Store begins them.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
