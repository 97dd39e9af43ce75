"""The escalations as the dashboard knows them: copies that never go back."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from QMSLibrary.contract.escalations import EscalationState
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.live import LiveTopic
from QMSLibrary.reference.kernel.context import Context

from .live import post
from .tables import escalations

_FIND: Final = select(escalations).where(escalations.c.id == bindparam("key"))
_ENTER: Final = insert(escalations)
_CHANGE: Final = update(escalations).where(escalations.c.id == bindparam("key"))
_STATES: Final = [state.value for state in EscalationState]
_SHOWN: Final = ("id", "level", "type", "state", "tier", "reason")
HEARD: Final = (
    EventType.ESCALATION_TRIGGERED,
    EventType.ESCALATION_TOLD_FURTHER,
    EventType.ESCALATION_ACKNOWLEDGED,
    EventType.ESCALATION_RESOLVED,
)


def on_escalation(connection: Connection, event: Event, context: Context) -> None:
    """Bring the copy to where the escalation stands: its state and its tier only ever go on."""
    told: dict[str, Any] = event.payload["escalation"]
    values: dict[str, Any] = {column.name: told.get(column.name) for column in escalations.columns}
    values["tier"] = values["tier"] or 1
    known = connection.execute(_FIND, {"key": told["id"]}).one_or_none()
    if known is None:
        connection.execute(_ENTER, values)
    elif _standing(values) > _standing(known._mapping):
        # The tier of older news may be higher than that of newer ones that were made before it was told further.
        values["tier"] = max(values["tier"], known.tier)
        connection.execute(_CHANGE, {"key": told["id"], **values})
    else:
        return
    post(
        connection,
        context,
        LiveTopic.ESCALATION,
        {name: values[name] for name in _SHOWN},
        workflow_id=values["workflow_id"],
        repository=values["repository"],
    )


def _standing(values: Any) -> tuple[int, int]:
    return _STATES.index(values["state"]), values["tier"]
