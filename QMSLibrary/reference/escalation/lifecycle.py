"""An escalation's life: raised, told further, acknowledged, resolved, closed. States only ever move forward."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.escalations import DUPLICATE_WINDOW, LEVELS, EscalationLevel, EscalationState
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel.clock import Timer
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import Refusal

from .notifying import Notifier
from .records import OPEN, change, escalation_json, find, moment
from .rules import Wanted
from .tables import escalations

OVERDUE: Final = "escalation.overdue"
REMINDER: Final = "escalation.reminder"
"""Kinds of timers; their key is the escalation's id."""
MANY_REMINDERS: Final = 500
SLOWED_DOWN: Final = timedelta(days=1)
"""After so many reminders (at L0_CRITICAL 41 hours, at L3_STANDARD more than a year) nobody is helped by a rhythm of
minutes: one a day goes on until somebody acknowledges."""
_S = EscalationState
_TOLD: Final = (Service.DASHBOARD,)


@dataclass(slots=True)
class Lifecycle:
    """Changes escalations; every change is audited and announced in the transaction that makes it."""

    notifier: Notifier

    def raise_for(self, connection: Connection, context: Context, event: Event, wanted: Wanted) -> None:
        """Raise what a rule asks for, or count it when the same matter was raised within DUPLICATE_WINDOW.

        A matter that was settled meanwhile and comes back is new: counting it would tell nobody.
        """
        source = event.workflow_id or event.correlation_id
        now = context.now()
        same = connection.execute(
            select(escalations.c.id, escalations.c.occurrences)
            .where(
                escalations.c.source == source,
                escalations.c.type == wanted.type,
                escalations.c.component == event.source,
                escalations.c.state.in_(OPEN),
                escalations.c.triggered_at > wire_time(now - DUPLICATE_WINDOW),
            )
            .order_by(escalations.c.position.desc())
        ).first()
        if same is not None:
            change(connection, same.id, occurrences=same.occurrences + 1)
            return
        workflow = event.payload.get("workflow") or {}
        about = {
            "source": source,
            "repository": workflow.get("repository"),
            "step": event.payload.get("step") or workflow.get("step"),
            "workflow_state": workflow.get("state"),
            "title": workflow.get("title"),
        }
        self._raise(connection, context, event, wanted, f"esc-{uuid4().hex}", about)

    def raise_for_alert(self, connection: Connection, context: Context, event: Event) -> None:
        """Raise the escalation that an alert of the dashboard asks for, under the id that the alert gave it.

        Whether the same was said before the dashboard has decided; what comes here is new.
        """
        alert = event.payload["alert"]
        level = EscalationLevel(event.payload["level"])
        wanted = Wanted(level, event.payload["type"], f"alert on the dashboard: {alert['title']}")
        about = {
            "source": alert["id"],
            "repository": alert["repository"],
            "step": None,
            "workflow_state": None,
            "title": None,
        }
        self._raise(connection, context, event, wanted, alert["escalation_id"], about)

    def _raise(
        self,
        connection: Connection,
        context: Context,
        event: Event,
        wanted: Wanted,
        escalation_id: str,
        about: dict[str, Any],
    ) -> None:
        now, rule = context.now(), LEVELS[wanted.level]
        tier = self.notifier.next_tier(about["repository"], 0) or 1
        connection.execute(
            insert(escalations),
            {
                "id": escalation_id,
                "level": wanted.level.value,
                "type": wanted.type,
                "reason": wanted.reason,
                "component": event.source,
                "state": _S.ACTIVE.value,
                "tier": tier,
                "workflow_id": event.workflow_id,
                "correlation_id": event.correlation_id,
                "triggered_at": wire_time(now),
                "acknowledge_by": wire_time(now + rule.acknowledge_within),
                "occurrences": 1,
                "reminders": 0,
                **about,
            },
        )
        row = find(connection, escalation_id)
        context.set_timer(connection, OVERDUE, escalation_id, now + rule.acknowledge_within)
        context.set_timer(connection, REMINDER, escalation_id, now + rule.repeats_every)
        self._announce(connection, context, EventType.ESCALATION_TRIGGERED, AuditAction.ESCALATION_TRIGGERED, row)
        self.notifier.tell(connection, context, row, range(tier, tier + 1))

    def acknowledge(
        self,
        connection: Connection,
        context: Context,
        row: Row[Any],
        actor: Identity,
        comment: str,
        correlation_id: str,
    ) -> Row[Any]:
        """Somebody takes charge. Raises Refusal (409) unless it is active."""
        if row.acknowledged_at is not None:
            raise Refusal(
                409,
                "already_acknowledged",
                f"{row.acknowledged_by} acknowledged escalation {row.id} at {row.acknowledged_at}; once is enough.",
            )
        _require(row, "acknowledged", _S.ACTIVE)
        values = {"acknowledged_at": wire_time(context.now()), "acknowledged_by": actor.name}
        changed = self._move(connection, context, row, _S.ACKNOWLEDGED, values)
        self._announce(
            connection, context, EventType.ESCALATION_ACKNOWLEDGED, AuditAction.ESCALATION_ACKNOWLEDGED, changed,
            before=row, actor=actor, reason=comment, correlation_id=correlation_id,
        )  # fmt: skip
        return changed

    def resolve(
        self,
        connection: Connection,
        context: Context,
        row: Row[Any],
        actor: Identity,
        comment: str,
        correlation_id: str,
    ) -> Row[Any]:
        """The matter is settled. Raises Refusal (409) when it was already."""
        _require(row, "resolved", _S.ACTIVE, _S.ACKNOWLEDGED)
        values = {"resolved_at": wire_time(context.now()), "resolved_by": actor.name}
        changed = self._move(connection, context, row, _S.RESOLVED, values)
        self._announce(
            connection, context, EventType.ESCALATION_RESOLVED, AuditAction.ESCALATION_RESOLVED, changed,
            before=row, actor=actor, reason=comment, correlation_id=correlation_id,
        )  # fmt: skip
        return changed

    def close(
        self, connection: Connection, context: Context, row: Row[Any], actor: Identity, correlation_id: str
    ) -> Row[Any]:
        """Put a resolved escalation away. Raises Refusal (409) unless it is resolved."""
        _require(row, "closed", _S.RESOLVED)
        changed = self._move(connection, context, row, _S.CLOSED, {})
        self._audit(connection, context, AuditAction.ESCALATION_CLOSED, changed, row, actor, None, correlation_id)
        return changed

    # --- time passes

    def on_overdue(self, connection: Connection, timer: Timer, context: Context) -> None:
        """Nobody acknowledged in time: the next tier is told, and has as long as the one before."""
        row = find(connection, timer.key)
        tier = self.notifier.next_tier(row.repository, row.tier)
        if row.state != _S.ACTIVE or tier is None:
            return
        due = timer.due + LEVELS[EscalationLevel(row.level)].acknowledge_within
        changed = change(connection, row.id, tier=tier, acknowledge_by=wire_time(due))
        context.set_timer(connection, OVERDUE, row.id, due)
        self._announce(
            connection, context, EventType.ESCALATION_TOLD_FURTHER, AuditAction.STATE_CHANGED, changed, before=row,
            reason=f"not acknowledged until {row.acknowledge_by}: tier {changed.tier} is told",
        )  # fmt: skip
        self.notifier.tell(connection, context, changed, range(changed.tier, changed.tier + 1))

    def on_reminder(self, connection: Connection, timer: Timer, context: Context) -> None:
        """Nobody has acknowledged yet: everybody who was told is told again."""
        row = find(connection, timer.key)
        if row.state != _S.ACTIVE:
            return
        changed = change(connection, row.id, reminders=row.reminders + 1)
        every = LEVELS[EscalationLevel(row.level)].repeats_every
        if row.reminders >= MANY_REMINDERS:
            every = max(every, SLOWED_DOWN)
        # What was missed while the service was down is said once, not once for each time it was missed.
        missed = max(0, (context.now() - timer.due) // every)
        context.set_timer(connection, REMINDER, row.id, timer.due + (missed + 1) * every)
        self.notifier.tell(connection, context, changed, range(1, row.tier + 1))

    # --- what all changes share

    def _move(
        self, connection: Connection, context: Context, row: Row[Any], state: EscalationState, values: dict[str, Any]
    ) -> Row[Any]:
        context.cancel_timer(connection, OVERDUE, row.id)
        context.cancel_timer(connection, REMINDER, row.id)
        return change(connection, row.id, state=state.value, **values)

    def _announce(
        self,
        connection: Connection,
        context: Context,
        type: EventType,
        action: AuditAction,
        row: Row[Any],
        *,
        before: Row[Any] | None = None,
        actor: Identity | None = None,
        reason: str | None = None,
        correlation_id: str | None = None,
    ) -> None:
        who = actor or context.identity
        context.emit(
            connection,
            type,
            workflow_id=row.workflow_id,
            correlation_id=row.correlation_id,
            payload={
                "escalation": escalation_json(row),
                "actor": who.name,
                "role": who.role,
                "comment": reason or "",
            },
            to=_TOLD,
        )
        self._audit(
            connection, context, action, row, before, who, reason or (row.reason if before is None else None),
            correlation_id or row.correlation_id,
        )  # fmt: skip

    def _audit(
        self,
        connection: Connection,
        context: Context,
        action: AuditAction,
        row: Row[Any],
        before: Row[Any] | None,
        actor: Identity,
        reason: str | None,
        correlation_id: str,
    ) -> None:
        context.audit(
            connection,
            action,
            f"escalation:{row.id}",
            correlation_id=correlation_id,
            actor=actor,
            before=None if before is None else _standing(before),
            after=_standing(row),
            reason=reason,
        )


def _standing(row: Row[Any]) -> dict[str, Any]:
    return {
        "workflow_id": row.workflow_id,
        "state": row.state,
        "level": row.level,
        "type": row.type,
        "tier": row.tier,
        "acknowledge_by": row.acknowledge_by,
    }


def _require(row: Row[Any], wanted: str, *allowed: EscalationState) -> None:
    if row.state in allowed:
        return
    since = f", since {moment(row.resolved_at):%Y-%m-%d %H:%M:%S} UTC" if row.resolved_at else ""
    raise Refusal(
        409,
        "illegal_transition",
        f"Escalation {row.id} is {row.state}{since}; it can be {wanted} only when it is {' or '.join(allowed)}.",
    )
