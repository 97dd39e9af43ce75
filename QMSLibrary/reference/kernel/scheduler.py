"""Runs timers when they are due by the movable clock (docs/decisions/0003)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final

import orjson
from sqlalchemy import Connection, delete, select

from .clock import Clock, Timer, cancel_timers, clock_table, set_timer, timer_table
from .context import Context
from .store import Notes, Store

_LOG = logging.getLogger(__name__)
_IDLE_SECONDS: Final = 3600.0
TimerHandler = Callable[[Connection, Timer, Context], None]


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
