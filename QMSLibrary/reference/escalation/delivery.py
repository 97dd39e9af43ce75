"""Sends what ``notifying`` wrote down: retried with back-off, then by the recipient's next channel.

A message is marked as sent right after its receiver has taken it. Should the service be killed in between, it is sent
again after the restart with the same idempotency key: an alarm that comes twice is better than one that never comes,
and a receiver that minds can tell.
"""

from __future__ import annotations

import asyncio
import logging
import random
from functools import partial
from typing import Any, Final

import httpx
from sqlalchemy import Connection, Row, select, update

from QMSLibrary.contract.escalations import Channel, NotificationState
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.model import wire_time
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.store import Notes

from .channels import DeliveryError, compose, send
from .notifying import Notifier
from .records import escalation_of, find
from .tables import notifications

_LOG = logging.getLogger(__name__)
ATTEMPTS: Final = 3
"""How often a channel is tried before the next one is used."""
FIRST_PAUSE: Final = 0.2
"""Seconds between the first attempt and the second; it doubles."""
_AT_ONCE: Final = 16


class Deliverer:
    """One task per message on its way, at most ``_AT_ONCE`` speaking at a time."""

    def __init__(self, context: Context, notifier: Notifier) -> None:
        self._context = context
        self._notifier = notifier
        self._news = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        context.store.listen(self._note)

    async def run(self) -> None:
        """Send for ever, beginning with what a former life left unsent."""
        under_way: dict[str, asyncio.Task[None]] = {}
        self._notifier.waiting = True
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.TaskGroup() as tasks:
            while True:
                self._news.clear()
                if self._notifier.waiting:
                    self._notifier.waiting = False
                    # On the writer's thread, after what is being written now: nothing just written is overlooked.
                    for row in await self._context.store.write(_pending):
                        if row.id not in under_way:
                            task = tasks.create_task(self._send(row, client), name=f"notification {row.id}")
                            under_way[row.id] = task
                            task.add_done_callback(partial(_landed, under_way, row.id))
                await self._news.wait()

    async def _send(self, row: Row[Any], client: httpx.AsyncClient) -> None:
        channel = Channel(row.channel)
        escalation = await self._context.store.read(lambda connection: find(connection, row.escalation_id))
        message = compose(row.id, row.address, escalation_of(escalation), title=escalation.title, reminder=row.reminder)
        url = self._notifier.receivers.get(channel)
        pause = FIRST_PAUSE
        reason = f"the {channel} receiver was taken away"
        for attempt in range(row.attempts + 1, ATTEMPTS + 1) if url else ():
            assert url is not None
            try:
                async with self._slots:
                    await send(channel, url, message, client)
            except DeliveryError as error:
                reason = str(error)
                _LOG.warning("%s to %s, attempt %d of %d: %s", channel, row.recipient, attempt, ATTEMPTS, reason)
                await self._context.store.write(partial(_note_attempt, row=row, attempts=attempt, reason=reason))
                if attempt < ATTEMPTS:
                    await asyncio.sleep(pause * random.uniform(0.75, 1.25))
                    pause *= 2
            else:
                await self._context.store.write(partial(self._sent, row=row, attempts=attempt))
                return
        await self._context.store.write(partial(self._failed, row=row, escalation=escalation, reason=reason))

    def _sent(self, connection: Connection, row: Row[Any], attempts: int) -> None:
        values = {
            "state": NotificationState.SENT.value,
            "attempts": attempts,
            "reason": None,
            "sent_at": wire_time(self._context.now()),
        }
        connection.execute(update(notifications).where(notifications.c.id == row.id), values)
        self._announce(connection, EventType.NOTIFICATION_SENT, row, attempts, None)

    def _failed(self, connection: Connection, row: Row[Any], escalation: Row[Any], reason: str) -> None:
        values = {"state": NotificationState.FAILED.value, "reason": reason}
        connection.execute(update(notifications).where(notifications.c.id == row.id), values)
        self._announce(connection, EventType.NOTIFICATION_FAILED, row, ATTEMPTS, reason)
        self._notifier.use_next_channel(connection, self._context, escalation, row)

    def _announce(
        self, connection: Connection, type: EventType, row: Row[Any], attempts: int, reason: str | None
    ) -> None:
        escalation = find(connection, row.escalation_id)
        self._context.emit(
            connection,
            type,
            workflow_id=escalation.workflow_id,
            correlation_id=escalation.correlation_id,
            payload={
                "notification_id": row.id,
                "escalation_id": row.escalation_id,
                "level": escalation.level,
                "channel": row.channel,
                "recipient": row.recipient,
                "tier": row.tier,
                "reminder": row.reminder,
                "attempts": attempts,
                "reason": reason,
            },
            to=(),
        )

    def _note(self, left: Notes) -> None:
        if self._notifier.waiting:
            self._news.set()


def _landed(under_way: dict[str, asyncio.Task[None]], key: str, _: asyncio.Task[None]) -> None:
    under_way.pop(key, None)


def _pending(connection: Connection) -> list[Row[Any]]:
    query = select(notifications).where(notifications.c.state == NotificationState.PENDING.value)
    return list(connection.execute(query.order_by(notifications.c.position)))


def _note_attempt(connection: Connection, row: Row[Any], attempts: int, reason: str) -> None:
    values = {"attempts": attempts, "reason": reason}
    connection.execute(update(notifications).where(notifications.c.id == row.id), values)
