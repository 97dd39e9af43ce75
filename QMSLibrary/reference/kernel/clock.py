"""The movable clock and the timers that hang on it (docs/decisions/0003)."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import Column, Connection, Float, Index, String, Table, Text, bindparam, delete, select

from .log import KERNEL_TABLES
from .store import Notes, Store, notes

if TYPE_CHECKING:
    from .context import Context

_LOG = logging.getLogger(__name__)
_IDLE_SECONDS: Final = 3600.0

clock_table = Table("clock", KERNEL_TABLES, Column("name", String(16), primary_key=True), Column("offset", Float))
timer_table = Table(
    "timers",
    KERNEL_TABLES,
    Column("kind", String(64), primary_key=True),
    Column("key", String(160), primary_key=True),
    Column("due", Float, nullable=False),
    Column("payload", Text, nullable=False),
    Index("timers_by_due", "due"),
)


_MOVE: Final = timer_table.update().where(
    timer_table.c.kind == bindparam("of_kind"), timer_table.c.key == bindparam("of_key")
)
_INSERT: Final = timer_table.insert()
_CANCEL: Final = delete(timer_table).where(
    timer_table.c.kind.in_(bindparam("of_kinds", expanding=True)), timer_table.c.key == bindparam("of_key")
)


class Clock:
    """The machine's clock plus an offset that may only grow. ``now`` never runs backwards."""

    def __init__(self, offset: float = 0.0) -> None:
        self._offset = offset
        self._last = 0.0
        self._lock = threading.Lock()

    @property
    def offset(self) -> float:
        """Seconds that this clock is ahead of the machine's."""
        return self._offset

    def seconds(self) -> float:
        """Seconds since 1970 by this clock."""
        with self._lock:
            self._last = max(self._last, time.time() + self._offset)
            return self._last

    def now(self) -> datetime:
        """The time by this clock, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def set_offset(self, offset: float) -> None:
        """Move forward; a smaller offset than the present one changes nothing."""
        with self._lock:
            self._offset = max(self._offset, offset)


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is due at a certain time."""

    kind: str
    key: str
    due: datetime
    payload: dict[str, Any]


TimerHandler = Callable[[Connection, Timer, "Context"], None]


def set_timer(
    connection: Connection, kind: str, key: str, due: datetime, payload: dict[str, Any] | None = None
) -> None:
    """Have the handler of ``kind`` called at ``due``. Setting the same kind and key again moves that timer."""
    moment = due.timestamp()
    values = {"due": moment, "payload": orjson.dumps(payload or {}).decode()}
    if connection.execute(_MOVE, {"of_kind": kind, "of_key": key, **values}).rowcount == 0:
        connection.execute(_INSERT, {"kind": kind, "key": key, **values})
    left = notes(connection)
    left.next_timer = moment if left.next_timer is None else min(left.next_timer, moment)


def cancel_timers(connection: Connection, key: str, *kinds: str) -> None:
    """Forget the timers of ``key`` that are of these kinds; those that there are not are no matter."""
    connection.execute(_CANCEL, {"of_kinds": kinds, "of_key": key})


def load_offset(connection: Connection) -> float:
    """The offset that was stored last."""
    return connection.execute(select(clock_table.c.offset)).scalar() or 0.0


class Scheduler:
    """Calls timers' handlers, each in one transaction with the removal of its timer."""

    _RETRY_SECONDS: Final = 5.0

    def __init__(self, context: Context, store: Store, clock: Clock, handlers: dict[str, TimerHandler]) -> None:
        self._context = context
        self._store = store
        self._clock = clock
        self._handlers = handlers
        self._changed = asyncio.Event()
        self._moving = asyncio.Lock()
        self._wakes_at = 0.0
        store.listen(self._note)

    async def run(self) -> None:
        """Run timers as they become due, for ever."""
        while True:
            self._changed.clear()
            async with self._moving:
                await self._run_due(self._clock.seconds)
                self._wakes_at = 0.0  # whatever is set while we look must make us look again
                upcoming = await self._store.read(_next_due)
                self._wakes_at = inf if upcoming is None else upcoming
            wait = _IDLE_SECONDS if upcoming is None else max(0.0, upcoming - self._clock.seconds())
            try:
                async with asyncio.timeout(min(wait, _IDLE_SECONDS)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def move_to(self, offset: float) -> None:
        """Set the clock's offset and run all that became due, in the order of the due times, before returning.

        The clock passes through each timer's due time, so that a timer that sets another one finds the time it expects.
        """
        async with self._moving:
            await self._run_due(lambda: time.time() + offset, passing=True)
            await self._store.write(lambda connection: _store_offset(connection, offset))
            self._clock.set_offset(offset)
        self._changed.set()

    async def _run_due(self, until: Callable[[], float], *, passing: bool = False) -> None:
        failed: set[tuple[str, str]] = set()
        while True:
            timer = await self._store.read(lambda connection: _due_before(connection, until(), failed))
            if timer is None:
                return
            offset = timer.due.timestamp() - time.time() if passing else self._clock.offset
            try:
                await self._store.write(lambda connection: self._fire(connection, timer, offset))  # noqa: B023
            except Exception:
                # Kept for another try: the reason may be gone by then. The others must not wait for it.
                _LOG.exception("timer %s of %s failed; it is tried again", timer.kind, timer.key)
                failed.add((timer.kind, timer.key))
                later = self._clock.now() + timedelta(seconds=self._RETRY_SECONDS)
                await self._store.write(
                    lambda connection: set_timer(connection, timer.kind, timer.key, later, timer.payload)  # noqa: B023
                )

    def _fire(self, connection: Connection, timer: Timer, offset: float) -> None:
        cancel_timers(connection, timer.key, timer.kind)
        handler = self._handlers.get(timer.kind)
        if handler is None:
            raise LookupError(f"There is no handler for timers of the kind {timer.kind!r}.")
        if offset > self._clock.offset:
            _store_offset(connection, offset)
            self._clock.set_offset(offset)
        handler(connection, timer, self._context)

    def _note(self, left: Notes) -> None:
        if left.next_timer is not None and (left.next_timer < self._wakes_at or not self._wakes_at):
            self._changed.set()


def _store_offset(connection: Connection, offset: float) -> None:
    connection.execute(delete(clock_table))
    connection.execute(clock_table.insert(), {"name": "clock", "offset": offset})


def _next_due(connection: Connection) -> float | None:
    return connection.execute(select(timer_table.c.due).order_by(timer_table.c.due).limit(1)).scalar()


def _due_before(connection: Connection, moment: float, without: set[tuple[str, str]]) -> Timer | None:
    query = (
        select(timer_table)
        .where(timer_table.c.due <= moment)
        .order_by(timer_table.c.due, timer_table.c.kind, timer_table.c.key)
        .limit(len(without) + 1)
    )
    for row in connection.execute(query):
        if (row.kind, row.key) not in without:
            due = datetime.fromtimestamp(row.due, UTC)
            return Timer(row.kind, row.key, due, orjson.loads(row.payload))
    return None
