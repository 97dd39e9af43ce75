"""Rows as the contract's models, and pages of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from QMSLibrary.contract.escalations import (
    Escalation,
    EscalationPage,
    EscalationState,
    Notification,
    NotificationPage,
)
from QMSLibrary.reference.kernel.pages import page
from QMSLibrary.reference.kernel.refusals import not_found

from .tables import escalations, notifications

_ESCALATION_FIELDS: Final = tuple(Escalation.model_fields)
_NOTIFICATION_FIELDS: Final = tuple(Notification.model_fields)
OPEN: Final = (EscalationState.ACTIVE.value, EscalationState.ACKNOWLEDGED.value)
"""States in which an escalation still wants something."""


def escalation_of(row: Row[Any]) -> Escalation:
    """The row as everybody sees it."""
    return Escalation.model_validate(escalation_json(row))


def escalation_json(row: Row[Any]) -> dict[str, Any]:
    """The same as JSON values."""
    values = row._mapping
    return {name: values[name] for name in _ESCALATION_FIELDS}


def notification_of(row: Row[Any]) -> Notification:
    """The row as everybody sees it; addresses stay inside."""
    values = row._mapping
    return Notification.model_validate({name: values[name] for name in _NOTIFICATION_FIELDS})


def find(connection: Connection, escalation_id: str) -> Row[Any]:
    """The row of an escalation. Raises Refusal (404)."""
    row = connection.execute(select(escalations).where(escalations.c.id == escalation_id)).one_or_none()
    if row is None:
        raise not_found("escalation", escalation_id)
    return row


def change(connection: Connection, escalation_id: str, **values: Any) -> Row[Any]:
    """Write ``values`` into an escalation and give it back as it then is."""
    connection.execute(update(escalations).where(escalations.c.id == escalation_id).values(**values))
    return find(connection, escalation_id)


def open_of_workflow(connection: Connection, workflow_id: str) -> list[Row[Any]]:
    """The workflow's escalations that are not settled, oldest first."""
    query = (
        select(escalations)
        .where(escalations.c.workflow_id == workflow_id, escalations.c.state.in_(OPEN))
        .order_by(escalations.c.position)
    )
    return list(connection.execute(query))


def workflows_with_open_ones(connection: Connection) -> set[str]:
    """The workflows that have escalations that are not settled."""
    query = select(escalations.c.workflow_id).where(
        escalations.c.state.in_(OPEN), escalations.c.workflow_id.is_not(None)
    )
    return set(connection.execute(query).scalars())


def escalation_page(
    connection: Connection, filters: dict[str, str | None], limit: int, cursor: int | None
) -> EscalationPage:
    """Escalations that match ``filters`` (column to value; None matches all), newest first."""
    total, rows, more = page(connection, escalations, filters, limit, cursor)
    return EscalationPage(total=total, next_cursor=more, items=[escalation_of(row) for row in rows])


def notification_page(
    connection: Connection, filters: dict[str, str | None], limit: int, cursor: int | None
) -> NotificationPage:
    """Notifications that match ``filters`` (column to value; None matches all), newest first."""
    total, rows, more = page(connection, notifications, filters, limit, cursor)
    return NotificationPage(total=total, next_cursor=more, items=[notification_of(row) for row in rows])


def moment(text: str) -> datetime:
    """A stored time."""
    return datetime.fromisoformat(text)
