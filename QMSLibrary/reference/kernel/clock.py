"""The movable clock and the timers that hang on it (docs/decisions/0003)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Column, Connection, Float, Index, String, Table, Text, bindparam, delete, select

from .log import KERNEL_TABLES
from .store import notes

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
