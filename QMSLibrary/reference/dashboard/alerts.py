"""Alerts: each has an escalation behind it, and is raised, acknowledged and settled with it, from either side.

One that comes with an escalation follows it. One that is raised here names the escalation that is to come with it, so
that the two find each other whichever is heard of first.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.dashboard import ALERT_LEVELS, Alert, AlertPage, AlertRequest, AlertState
from QMSLibrary.contract.escalations import DUPLICATE_WINDOW, EscalationLevel, EscalationState
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.live import LiveTopic
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.pages import page
from QMSLibrary.reference.kernel.refusals import Refusal, field_refused, not_found

from .live import post
from .tables import alerts, copies

LEVEL: Final = ALERT_LEVELS
SEVERITY: Final = {level: severity for severity, level in LEVEL.items()}
BY_HAND: Final = "alert_raised"
"""The type of the escalation behind an alert that a person raised; behind a rule's it is ``alert_rule``."""
BY_RULE: Final = "alert_rule"
_STATE: Final = {
    EscalationState.ACTIVE: AlertState.ACTIVE,
    EscalationState.ACKNOWLEDGED: AlertState.ACKNOWLEDGED,
    EscalationState.RESOLVED: AlertState.RESOLVED,
    EscalationState.CLOSED: AlertState.RESOLVED,
}
_ORDER: Final = list(AlertState)
_FIELDS: Final = tuple(Alert.model_fields)
_E: Final = EventType
_SAYS: Final = {
    AlertState.ACTIVE: _E.ALERT_RAISED,
    AlertState.ACKNOWLEDGED: _E.ALERT_ACKNOWLEDGED,
    AlertState.RESOLVED: _E.ALERT_RESOLVED,
}
_AUDITED: Final = {
    AlertState.ACTIVE: AuditAction.ALERT_RAISED,
    AlertState.ACKNOWLEDGED: AuditAction.ALERT_ACKNOWLEDGED,
    AlertState.RESOLVED: AuditAction.ALERT_RESOLVED,
}
_BY_ESCALATION: Final = select(alerts).where(alerts.c.escalation_id == bindparam("escalation"))
_BY_ID: Final = select(alerts).where(alerts.c.id == bindparam("key"))
_ENTER: Final = insert(alerts)
_CHANGE: Final = update(alerts).where(alerts.c.id == bindparam("key"))


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
    known = connection.execute(_BY_ESCALATION, {"escalation": escalation["id"]}).one_or_none()
    values = {
        "state": state.value,
        "acknowledged_by": escalation.get("acknowledged_by"),
        "resolved_at": escalation.get("resolved_at"),
    }
    actor = Identity(event.payload.get("actor", event.source), event.payload.get("role", "service"))
    if known is None:
        connection.execute(_ENTER, {**_new(escalation), **values})
        _say(connection, context, f"alert-{escalation['id']}", actor, event.correlation_id, to=())
        return
    moves_on = _ORDER.index(state) > _ORDER.index(AlertState(known.state))
    if moves_on or (
        # The escalation knows best who was first to acknowledge it.
        state.value == known.state and values["acknowledged_by"] not in (None, known.acknowledged_by)
    ):
        connection.execute(_CHANGE, {"key": known.id, **values})
        if not moves_on:
            _show(connection, context, known.id)
    if moves_on:
        _say(connection, context, known.id, actor, event.correlation_id, to=())


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


def raise_by_hand(
    connection: Connection, context: Context, wanted: AlertRequest, actor: Identity, correlation_id: str
) -> tuple[Alert, bool]:
    """A person raises an alert; whether it was there already. Raises Refusal (404, 422)."""
    repository = wanted.repository
    if wanted.workflow_id is not None:
        snapshot = copies.snapshot(connection, wanted.workflow_id)
        if snapshot is None:
            raise not_found("workflow", wanted.workflow_id)
        if repository not in (None, snapshot["repository"]):
            raise field_refused(
                "repository", f"must be the workflow's, {snapshot['repository']}, or be left out; not {repository}."
            )
        repository = snapshot["repository"]
    elif repository is None:
        raise field_refused("repository", "is needed where no workflow is named: it says whose business this is.")
    since = wire_time(context.now() - DUPLICATE_WINDOW)
    same = connection.execute(
        select(alerts)
        .where(
            alerts.c.type == BY_HAND,
            alerts.c.title == wanted.title,
            alerts.c.severity == wanted.severity.value,
            alerts.c.repository == repository,
            alerts.c.workflow_id.is_not_distinct_from(wanted.workflow_id),
            alerts.c.state != AlertState.RESOLVED.value,
            alerts.c.raised_at > since,
        )
        .order_by(alerts.c.position.desc())
    ).first()
    if same is not None:
        return alert_of(same), True
    raised = raise_alert(
        connection, context, actor, correlation_id,
        title=wanted.title, severity=wanted.severity, repository=repository, workflow_id=wanted.workflow_id,
    )  # fmt: skip
    return raised, False


def raise_alert(
    connection: Connection,
    context: Context,
    actor: Identity,
    correlation_id: str,
    *,
    title: str,
    severity: Severity,
    repository: str | None,
    workflow_id: str | None,
    rule: str | None = None,
) -> Alert:
    """Raise an alert, by hand or by a rule, and ask for the escalation of the level that its severity calls for."""
    escalation_id = f"esc-{uuid4().hex}"
    alert_id = f"alert-{escalation_id}"
    connection.execute(
        _ENTER,
        {
            "id": alert_id,
            "severity": severity.value,
            "title": title,
            "state": AlertState.ACTIVE.value,
            "workflow_id": workflow_id,
            "repository": repository,
            "escalation_id": escalation_id,
            "correlation_id": correlation_id,
            "raised_at": wire_time(context.now()),
            "raised_by": actor.name,
            "rule": rule,
            "acknowledged_by": None,
            "resolved_at": None,
            "level": LEVEL[severity].value,
            "type": BY_HAND if rule is None else BY_RULE,
        },
    )
    row = _find(connection, alert_id)
    _audit(connection, context, None, row, actor, correlation_id)
    _say(connection, context, alert_id, actor, correlation_id, to=(Service.ESCALATION,))
    return alert_of(row)


def acknowledge(connection: Connection, context: Context, alert_id: str, actor: Identity, correlation_id: str) -> Alert:
    """Somebody takes charge of an alert, and so of the escalation behind it. Raises Refusal (404, 409)."""
    row = _find(connection, alert_id)
    if row.state != AlertState.ACTIVE:
        by = f" by {row.acknowledged_by}" if row.acknowledged_by else ""
        raise Refusal(
            409,
            "already_acknowledged" if row.acknowledged_by else "illegal_transition",
            f"Alert {alert_id} is {row.state}{by}; only an active alert can be acknowledged.",
        )
    values = {"state": AlertState.ACKNOWLEDGED.value, "acknowledged_by": actor.name}
    return _act(connection, context, row, values, actor, correlation_id)


def resolve(connection: Connection, context: Context, alert_id: str, actor: Identity, correlation_id: str) -> Alert:
    """Somebody says that it is settled, and so the escalation behind it. Raises Refusal (404, 409)."""
    row = _find(connection, alert_id)
    if row.state == AlertState.RESOLVED:
        raise Refusal(
            409, "illegal_transition", f"Alert {alert_id} is resolved, since {row.resolved_at}; once is enough."
        )
    return settle(connection, context, row, actor, correlation_id)


def settle(
    connection: Connection,
    context: Context,
    row: Row[Any],
    actor: Identity,
    correlation_id: str,
    reason: str | None = None,
) -> Alert:
    """An alert that is open is settled."""
    values = {"state": AlertState.RESOLVED.value, "resolved_at": wire_time(context.now())}
    return _act(connection, context, row, values, actor, correlation_id, reason)


def _act(
    connection: Connection,
    context: Context,
    row: Row[Any],
    values: dict[str, Any],
    actor: Identity,
    correlation_id: str,
    reason: str | None = None,
) -> Alert:
    connection.execute(_CHANGE, {"key": row.id, **values})
    changed = _find(connection, row.id)
    _audit(connection, context, row, changed, actor, correlation_id, reason)
    _say(connection, context, row.id, actor, correlation_id, to=(Service.ESCALATION,), comment=reason or "")
    return alert_of(changed)


def _find(connection: Connection, alert_id: str) -> Row[Any]:
    row = connection.execute(_BY_ID, {"key": alert_id}).one_or_none()
    if row is None:
        raise not_found("alert", alert_id)
    return row


def _audit(
    connection: Connection,
    context: Context,
    before: Row[Any] | None,
    after: Row[Any],
    actor: Identity,
    correlation_id: str,
    reason: str | None = None,
) -> None:
    context.audit(
        connection,
        _AUDITED[AlertState(after.state)],
        f"alert:{after.id}",
        correlation_id=correlation_id,
        actor=actor,
        before=None if before is None else {"workflow_id": before.workflow_id, "state": before.state},
        after={"workflow_id": after.workflow_id, "state": after.state},
        reason=reason or (after.title if before is None else None),
    )


def _show(connection: Connection, context: Context, alert_id: str) -> Row[Any]:
    """Tell those who look on how the alert is now, and give it."""
    row = _find(connection, alert_id)
    post(
        connection,
        context,
        LiveTopic.ALERT,
        alert_of(row).model_dump(mode="json"),
        workflow_id=row.workflow_id,
        repository=row.repository,
    )
    return row


def _say(
    connection: Connection,
    context: Context,
    alert_id: str,
    actor: Identity,
    correlation_id: str,
    *,
    to: tuple[Service, ...],
    comment: str = "",
) -> None:
    """Announce where an alert stands: to the escalation service what was done here, to who listens everything."""
    row = _show(connection, context, alert_id)
    context.emit(
        connection,
        _SAYS[AlertState(row.state)],
        workflow_id=row.workflow_id,
        correlation_id=row.correlation_id,
        payload={
            "alert": alert_of(row).model_dump(mode="json"),
            "alert_id": alert_id,
            "escalation_id": row.escalation_id,
            "level": row.level,
            "type": row.type,
            "actor": actor.name,
            "role": actor.role,
            "comment": comment,
            "correlation_id": correlation_id,
        },
        to=to,
    )
