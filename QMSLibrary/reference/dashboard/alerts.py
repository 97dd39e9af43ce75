"""Alerts: one for each escalation, raised, acknowledged and cleared with it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.dashboard import Alert, AlertPage, AlertState
from QMSLibrary.contract.escalations import EscalationLevel, EscalationState
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.live import LiveTopic
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.pages import page
from QMSLibrary.reference.kernel.refusals import Refusal, not_found

from .live import post
from .tables import alerts

SEVERITY: Final = {
    EscalationLevel.L0_CRITICAL: Severity.CRITICAL,
    EscalationLevel.L1_IMMEDIATE: Severity.HIGH,
    EscalationLevel.L2_URGENT: Severity.MEDIUM,
    EscalationLevel.L3_STANDARD: Severity.LOW,
}
_STATE: Final = {
    EscalationState.ACTIVE: AlertState.ACTIVE,
    EscalationState.ACKNOWLEDGED: AlertState.ACKNOWLEDGED,
    EscalationState.RESOLVED: AlertState.RESOLVED,
    EscalationState.CLOSED: AlertState.RESOLVED,
}
_ORDER: Final = list(AlertState)
_FIELDS: Final = tuple(Alert.model_fields)


def alert_of(row: Row[Any]) -> Alert:
    """The row as everybody sees it."""
    values = row._mapping
    return Alert.model_validate({name: values[name] for name in _FIELDS})


def alert_page(connection: Connection, filters: dict[str, str | None], limit: int, cursor: int | None) -> AlertPage:
    """Alerts that match ``filters`` (column to value; None matches all), newest first."""
    total, rows, more = page(connection, alerts, filters, limit, cursor)
    return AlertPage(total=total, next_cursor=more, items=[alert_of(row) for row in rows])


def follow_escalation(connection: Connection, event: Event, context: Context) -> None:
    """Bring the alert to where its escalation stands; an alert never goes back."""
    escalation = event.payload["escalation"]
    state = _STATE[EscalationState(escalation["state"])]
    known = connection.execute(select(alerts).where(alerts.c.escalation_id == escalation["id"])).one_or_none()
    values = {
        "state": state.value,
        "acknowledged_by": escalation.get("acknowledged_by"),
        "resolved_at": escalation.get("resolved_at"),
    }
    if known is None:
        connection.execute(insert(alerts), {**_new(escalation), **values})
    elif _ORDER.index(state) > _ORDER.index(AlertState(known.state)) or (
        # The escalation knows best who was first to acknowledge it.
        state.value == known.state and values["acknowledged_by"] not in (None, known.acknowledged_by)
    ):
        connection.execute(update(alerts).where(alerts.c.id == known.id), values)

    else:
        return
    show(connection, context, f"alert-{escalation['id']}")


def show(connection: Connection, context: Context, alert_id: str) -> Alert:
    """Tell those who look on how the alert is now, and give it."""
    alert = alert_of(connection.execute(select(alerts).where(alerts.c.id == alert_id)).one())
    post(
        connection,
        context,
        LiveTopic.ALERT,
        alert.model_dump(mode="json"),
        workflow_id=alert.workflow_id,
        repository=alert.repository,
    )
    return alert


def _new(escalation: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"alert-{escalation['id']}",
        "severity": SEVERITY[EscalationLevel(escalation["level"])].value,
        "title": escalation["reason"],
        "workflow_id": escalation.get("workflow_id"),
        "repository": escalation.get("repository"),
        "escalation_id": escalation["id"],
        "correlation_id": escalation["correlation_id"],
        "raised_at": escalation["triggered_at"],
        "level": escalation["level"],
        "type": escalation["type"],
    }


def acknowledge(connection: Connection, context: Context, alert_id: str, actor: Identity, correlation_id: str) -> Alert:
    """Somebody takes charge of an alert, and so of the escalation behind it. Raises Refusal (404, 409)."""
    row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).one_or_none()
    if row is None:
        raise not_found("alert", alert_id)
    if row.state != AlertState.ACTIVE:
        by = f" by {row.acknowledged_by}" if row.acknowledged_by else ""
        raise Refusal(
            409,
            "already_acknowledged" if row.acknowledged_by else "illegal_transition",
            f"Alert {alert_id} is {row.state}{by}; only an active alert can be acknowledged.",
        )
    values = {"state": AlertState.ACKNOWLEDGED.value, "acknowledged_by": actor.name}
    connection.execute(update(alerts).where(alerts.c.id == alert_id), values)
    context.audit(
        connection,
        AuditAction.ALERT_ACKNOWLEDGED,
        f"alert:{alert_id}",
        correlation_id=correlation_id,
        actor=actor,
        before={"workflow_id": row.workflow_id, "state": row.state},
        after={"workflow_id": row.workflow_id, "state": AlertState.ACKNOWLEDGED.value},
    )
    context.emit(
        connection,
        EventType.ALERT_ACKNOWLEDGED,
        workflow_id=row.workflow_id,
        correlation_id=row.correlation_id,
        payload={
            "alert_id": alert_id,
            "escalation_id": row.escalation_id,
            "actor": actor.name,
            "role": actor.role,
            "correlation_id": correlation_id,
        },
        to=(Service.ESCALATION,),
    )
    return show(connection, context, alert_id)
