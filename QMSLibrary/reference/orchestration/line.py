"""The places for workflows whose agents are working, and the line of those that wait for one.

At most 50 work at once (contract §3). A workflow that waits for a person holds no place. The line is kept in the
database in the order of ``queue_number``, so it survives a restart.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, select

from .review import Slot
from .tables import workflows

PLACES: Final = 50

_WORKING = select(func.count()).select_from(workflows).where(workflows.c.slot == Slot.WORKING.value)
_LAST = select(func.max(workflows.c.queue_number)).where(workflows.c.slot == Slot.QUEUED.value)


def next_in_line(connection: Connection) -> int:
    """The number behind the last one that waits."""
    return (connection.execute(_LAST).scalar() or 0) + 1


def free_places(connection: Connection) -> int:
    """How many more may work."""
    return max(0, PLACES - connection.execute(_WORKING).scalar_one())
