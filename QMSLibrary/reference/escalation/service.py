"""The escalation service put together: its routes, the events it hears, its timers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from QMSLibrary.contract import routes
from QMSLibrary.contract.escalations import (
    AcknowledgeRequest,
    Escalation,
    EscalationPage,
    NotificationPage,
    ResolveRequest,
    StakeholderPage,
)
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.workflows import ComponentState
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.call import Call
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.copies import Copies
from QMSLibrary.reference.recipients import RECEIVERS_VARIABLE, STAKEHOLDERS_VARIABLE

from .channels import load_receivers
from .delivery import Deliverer
from .lifecycle import OVERDUE, REMINDER, Lifecycle
from .notifying import Notifier
from .records import escalation_of, escalation_page, find, notification_page, open_of_workflow
from .rules import Limits
from .stakeholders import load_stakeholders
from .tables import TABLES
from .watching import Watcher

_E = EventType
_HEARD: Final = (
    _E.PR_CREATED, _E.PR_UPDATED, _E.WORKFLOW_STARTED, _E.ROUTED, _E.ROUTING_FAILED, _E.STEP_ASSIGNED,
    _E.STEP_COMPLETED, _E.STEP_FAILED, _E.GATE_PASSED, _E.GATE_FAILED, _E.WORKFLOW_STUCK, _E.WORKFLOW_COMPLETED,
    _E.ERROR_OCCURRED,
)  # fmt: skip
COPIES: Final = Copies(TABLES)


def build(context: Context) -> Blueprint:
    """The service. Raises StakeholdersError or ChannelsError when a file that it was given cannot be used.

    The files are ``stakeholders.yaml`` and ``receivers.json`` in the service's state directory, or where the variables
    ``QMS_STAKEHOLDERS`` and ``QMS_NOTIFICATION_RECEIVERS`` say. Without them the built-in stakeholders are told of, and
    nothing is sent.
    """
    service = Blueprint(context)
    service.tables(TABLES)
    notifier = Notifier(
        load_stakeholders(_file(context, "stakeholders.yaml", STAKEHOLDERS_VARIABLE)),
        load_receivers(_file(context, "receivers.json", RECEIVERS_VARIABLE)),
    )
    lifecycle = Lifecycle(notifier)
    watcher = Watcher(COPIES, lifecycle, Limits())
    service.on(*_HEARD)(watcher.on_event)
    service.on(_E.ALERT_RAISED)(watcher.on_alert_raised)
    service.on(_E.ALERT_ACKNOWLEDGED)(watcher.on_alert_acknowledged)
    service.on(_E.ALERT_RESOLVED)(watcher.on_alert_resolved)
    service.timer(OVERDUE)(lifecycle.on_overdue)
    service.timer(REMINDER)(lifecycle.on_reminder)
    if notifier.receivers:
        service.background("notifications")(Deliverer(context, notifier).run)
    _serve_reading(service, notifier)
    _serve_acting(service, lifecycle)
    return service


def _file(context: Context, name: str, variable: str) -> Path | None:
    path = context.settings.state_dir / name
    if path.exists():
        return path
    elsewhere = os.environ.get(variable)
    return Path(elsewhere) if elsewhere else None


def _serve_reading(service: Blueprint, notifier: Notifier) -> None:
    store = service.context.store

    @service.serve(routes.ESCALATIONS)
    async def escalations(call: Call[Any]) -> EscalationPage:
        filters = {name: call.query.get(name) for name in ("workflow_id", "repository", "state", "level")}
        limit, cursor = call.limit, call.cursor
        return await store.read(lambda connection: escalation_page(connection, filters, limit, cursor))

    @service.serve(routes.ESCALATION)
    async def escalation(call: Call[Any]) -> Escalation:
        return await store.read(lambda connection: escalation_of(find(connection, call.parts["escalation_id"])))

    @service.serve(routes.NOTIFICATIONS)
    async def notifications(call: Call[Any]) -> NotificationPage:
        filters = {"escalation_id": call.query.get("escalation_id")}
        limit, cursor = call.limit, call.cursor
        return await store.read(lambda connection: notification_page(connection, filters, limit, cursor))

    @service.serve(routes.STAKEHOLDERS)
    async def stakeholders(call: Call[Any]) -> StakeholderPage:
        everybody, begin = list(notifier.stakeholders), call.cursor or 0
        end = begin + call.limit
        return StakeholderPage(
            total=len(everybody),
            next_cursor=str(end) if end < len(everybody) else None,
            items=everybody[begin:end],
        )

    @service.serve(routes.COMPONENT_STATE)
    async def state(call: Call[Any]) -> ComponentState:
        workflow_id = call.parts["workflow_id"]

        def work(connection: Connection) -> ComponentState:
            open_ones = open_of_workflow(connection, workflow_id)
            details: dict[str, object] = {
                "open_escalations": len(open_ones),
                "escalations": [
                    {name: row._mapping[name] for name in ("id", "level", "type", "state")} for row in open_ones
                ],
            }
            return COPIES.state(connection, service.context.service, workflow_id, details)

        return await store.read(work)


def _serve_acting(service: Blueprint, lifecycle: Lifecycle) -> None:
    context = service.context

    @service.serve(routes.ACKNOWLEDGE_ESCALATION)
    async def acknowledge(call: Call[AcknowledgeRequest]) -> Escalation:
        def work(connection: Connection) -> Escalation:
            row = find(connection, call.body.escalation_id)
            changed = lifecycle.acknowledge(
                connection, context, row, call.identity, call.body.comment, call.correlation_id
            )
            return escalation_of(changed)

        return await context.store.write(work)

    @service.serve(routes.RESOLVE_ESCALATION)
    async def resolve(call: Call[ResolveRequest]) -> Escalation:
        def work(connection: Connection) -> Escalation:
            row = find(connection, call.parts["escalation_id"])
            changed = lifecycle.resolve(connection, context, row, call.identity, call.body.comment, call.correlation_id)
            return escalation_of(changed)

        return await context.store.write(work)

    @service.serve(routes.CLOSE_ESCALATION)
    async def close(call: Call[Any]) -> Escalation:
        def work(connection: Connection) -> Escalation:
            row = find(connection, call.parts["escalation_id"])
            return escalation_of(lifecycle.close(connection, context, row, call.identity, call.correlation_id))

        return await context.store.write(work)
