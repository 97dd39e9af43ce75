"""What has changed, numbered and kept for a while, for everybody who looks on (docs/live.md).

A change is posted in the transaction that makes it. At the end of the transaction the posts get their numbers and are
stored; after the commit they are in memory for the conversations. So numbers have no gaps, are never given twice and
go on after a restart, and nobody is told what was undone.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from itertools import takewhile
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Column, Connection, MetaData, String, Table, Text, bindparam, delete, func, insert, select

from QMSLibrary.contract.live import LiveTopic
from QMSLibrary.contract.model import wire_time
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.log import Sequence
from QMSLibrary.reference.kernel.store import Notes, notes

KEPT: Final = int(os.environ.get("QMS_LIVE_KEPT", "50000"))
"""Updates that can be resumed from; older ones are forgotten now and then."""
_IN_MEMORY: Final = 4096
_SWEEP_EVERY: Final = max(KEPT // 50, 1)

LIVE_TABLES: Final = MetaData()
updates: Final = Table(
    "live_updates",
    LIVE_TABLES,
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("topic", String(16), nullable=False),
    Column("repository", String(256)),
    Column("body", Text, nullable=False),
)
_STORE: Final = insert(updates)
_NEWEST: Final = select(func.max(updates.c.sequence))
_OLDEST: Final = select(func.min(updates.c.sequence))
_SWEEP: Final = delete(updates).where(updates.c.sequence <= bindparam("last"))
_AFTER: Final = (
    select(updates)
    .where(updates.c.sequence > bindparam("position"))
    .order_by(updates.c.sequence)
    .limit(bindparam("at_most"))
)


class _Post(NamedTuple):
    topic: str
    repository: str | None
    body: str


class Update(NamedTuple):
    """An update as it goes out; the same text for everybody."""

    sequence: int
    topic: str
    repository: str | None
    frame: str


def post(
    connection: Connection,
    context: Context,
    topic: LiveTopic,
    change: dict[str, Any],
    *,
    workflow_id: str | None = None,
    repository: str | None = None,
) -> None:
    """Tell everybody who looks on, when the transaction is committed. ``change`` holds JSON values (orjson's)."""
    body = {
        "topic": topic.value,
        "time": wire_time(context.now()),
        "workflow_id": workflow_id,
        "repository": repository,
        "change": change,
    }
    notes(connection).posts.append(_Post(topic.value, repository, orjson.dumps(body).decode()))


class Updates:
    """The updates that are kept: the newest in memory, all in the database."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._recent: deque[Update] = deque(maxlen=_IN_MEMORY)
        self._since = 0
        """Everything after this is in memory."""
        self._news = asyncio.Event()
        self.head = 0
        """The newest sequence number; 0 before the first."""
        self.oldest = 1
        """The oldest that is kept, or will be."""
        context.store.before_commit(self._number)
        context.store.listen(self._take)

    def begin(self, connection: Connection) -> None:
        """Go on where the former life ended."""
        self.head = self._since = connection.execute(_NEWEST).scalar() or 0
        self.oldest = connection.execute(_OLDEST).scalar() or 1

    def _number(self, connection: Connection, left: Notes) -> None:
        if not left.posts:
            return
        last = connection.execute(_NEWEST).scalar() or 0
        numbered = [_update(last + place, *one) for place, one in enumerate(left.posts, start=1)]
        connection.execute(
            _STORE,
            [
                {"sequence": update.sequence, "topic": one.topic, "repository": one.repository, "body": one.body}
                for update, one in zip(numbered, left.posts, strict=True)
            ],
        )
        newest = numbered[-1].sequence
        if newest // _SWEEP_EVERY > last // _SWEEP_EVERY and newest > KEPT:
            connection.execute(_SWEEP, {"last": newest - KEPT})
        left.posts = numbered

    def _take(self, left: Notes) -> None:
        if not left.posts:
            return
        self._recent.extend(left.posts)
        self.head = left.posts[-1].sequence
        self._since = self._recent[0].sequence - 1
        self.oldest = max(self.oldest, self.head // _SWEEP_EVERY * _SWEEP_EVERY - KEPT + 1)
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self._news.set()
        self._news = asyncio.Event()

    async def after(self, position: int, limit: int) -> list[Update]:
        """At most ``limit`` updates after ``position``, in order."""
        if position >= self.head:
            return []
        if position >= self._since:
            fresh = list(takewhile(lambda one: one.sequence > position, reversed(self._recent)))
            return fresh[::-1][:limit]
        wanted = {"position": position, "at_most": limit}
        rows = await self._context.store.read(lambda connection: connection.execute(_AFTER, wanted).all())
        return [_update(row.sequence, row.topic, row.repository, row.body) for row in rows]

    async def wait(self, position: int) -> None:
        """Wait until there is an update after ``position``, or `wake`."""
        news = self._news
        if self.head <= position:
            await news.wait()


def _update(sequence: int, topic: str, repository: str | None, body: str) -> Update:
    return Update(sequence, topic, repository, f'{{"op":"update","sequence":{sequence},{body[1:]}')
