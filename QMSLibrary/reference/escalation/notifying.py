"""Who is told of an escalation through which channel: written down in the transaction in which it becomes known.

A recipient is told once for each telling: through the first channel of the level that the recipient has an address for,
the environment has a receiver for, and that works. ``delivery`` does the sending.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select

from QMSLibrary.contract.escalations import LEVELS, Channel, EscalationLevel, NotificationState, Stakeholder
from QMSLibrary.contract.model import wire_time
from QMSLibrary.reference.kernel.context import Context

from .tables import notifications

NOBODY_LISTENS = "this environment has no receiver for the channel; nothing was sent"


@dataclass(slots=True)
class Notifier:
    """Knows the stakeholders and the receivers."""

    stakeholders: Sequence[Stakeholder]
    receivers: Mapping[Channel, str]
    waiting: bool = False
    """Set when messages were written down that are to be sent; the deliverer resets it."""

    def next_tier(self, repository: str | None, tier: int) -> int | None:
        """The first tier after ``tier`` in which somebody answers for ``repository``, or None."""
        return next((one.tier for one in self.stakeholders if one.tier > tier and one.answers_for(repository)), None)

    def tell(self, connection: Connection, context: Context, escalation: Row[Any], tiers: range) -> None:
        """Write down the messages for all stakeholders of ``tiers`` who answer for the escalation's repository.

        Whoever shares an address with somebody who was told before, also of an earlier tier, is not told again.
        """
        told: set[str] = set()
        channels = LEVELS[EscalationLevel(escalation.level)].channels
        for stakeholder in self.stakeholders:
            reachable = any(channel in stakeholder.addresses for channel in channels)
            if not reachable or not stakeholder.answers_for(escalation.repository) or stakeholder.tier >= tiers.stop:
                continue
            if stakeholder.tier < tiers.start:
                told.update(stakeholder.addresses.values())
            elif told.isdisjoint(stakeholder.addresses.values()):
                told.update(stakeholder.addresses.values())
                self._write(connection, context, escalation, stakeholder, escalation.reminders, None)

    def use_next_channel(
        self, connection: Connection, context: Context, escalation: Row[Any], failed: Row[Any]
    ) -> None:
        """The message ``failed`` could not be sent: try the recipient's next channel."""
        stakeholder = next((one for one in self.stakeholders if one.name == failed.recipient), None)
        if stakeholder is not None:  # otherwise the file has changed, and the person is no longer to be told
            self._write(connection, context, escalation, stakeholder, failed.reminder, Channel(failed.channel))

    def _write(
        self,
        connection: Connection,
        context: Context,
        escalation: Row[Any],
        stakeholder: Stakeholder,
        reminder: int,
        after: Channel | None,
    ) -> None:
        channels = LEVELS[EscalationLevel(escalation.level)].channels
        begin = 0 if after is None else channels.index(after) + 1
        for channel in channels[begin:]:
            address = stakeholder.addresses.get(channel)
            if address is None or _written(connection, escalation.id, stakeholder.name, reminder, channel):
                continue
            listened_to = channel in self.receivers
            connection.execute(
                insert(notifications),
                {
                    "id": uuid4().hex,
                    "escalation_id": escalation.id,
                    "channel": channel.value,
                    "recipient": stakeholder.name,
                    "tier": stakeholder.tier,
                    "state": (NotificationState.PENDING if listened_to else NotificationState.NOT_CONFIGURED).value,
                    "attempts": 0,
                    "reason": None if listened_to else NOBODY_LISTENS,
                    "created_at": wire_time(context.now()),
                    "address": address,
                    "reminder": reminder,
                },
            )
            if listened_to:
                self.waiting = True
                return


def _written(connection: Connection, escalation_id: str, recipient: str, reminder: int, channel: Channel) -> bool:
    query = select(notifications.c.id).where(
        notifications.c.escalation_id == escalation_id,
        notifications.c.recipient == recipient,
        notifications.c.reminder == reminder,
        notifications.c.channel == channel.value,
    )
    return connection.execute(query).first() is not None
