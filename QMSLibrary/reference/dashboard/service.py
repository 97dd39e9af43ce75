"""The dashboard service put together: its routes, the events it hears, its timers."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, func, select
from starlette.responses import Response
from starlette.websockets import WebSocket

from QMSLibrary.contract import routes
from QMSLibrary.contract.dashboard import (
    Alert,
    AlertPage,
    AlertRequest,
    AlertRule,
    AlertRulePage,
    AlertRuleRequest,
    AlertState,
    DashboardView,
    View,
    Widget,
    WidgetConfig,
    WidgetData,
)
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.workflows import ComponentState
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.call import Call
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.refusals import Refusal

from . import agents, board, escalations, happenings, page
from .alert_rules import judge, remove_rule, rule, rule_page, set_rule
from .alerts import acknowledge, alert_page, follow_escalation, raise_by_hand, resolve
from .live import LIVE_TABLES, Updates
from .tables import TABLES, alerts, copies
from .widgets import configure, view_data, widget_data

_E = EventType
_HEARD: Final = (
    _E.PR_CREATED, _E.PR_UPDATED, _E.WORKFLOW_STARTED, _E.ROUTING_REQUESTED, _E.STEP_ASSIGNED, _E.STEP_COMPLETED,
    _E.STEP_FAILED, _E.GATE_PASSED, _E.GATE_FAILED, _E.WORKFLOW_STUCK, _E.WORKFLOW_COMPLETED,
    _E.ERROR_OCCURRED,
)  # fmt: skip
_ESCALATIONS: Final = (_E.ESCALATION_TRIGGERED, _E.ESCALATION_ACKNOWLEDGED, _E.ESCALATION_RESOLVED)
_MEASURED: Final = (_E.STEP_COMPLETED, _E.STEP_FAILED, _E.WORKFLOW_COMPLETED)
"""Events that tell figures of a review."""
Choice = TypeVar("Choice", bound=StrEnum)


def build(context: Context) -> Blueprint:
    """The service."""
    service = Blueprint(context)
    service.tables(TABLES)
    service.tables(LIVE_TABLES)
    service.on(*_HEARD)(board.on_event)
    service.on(_E.WORKFLOW_COMPLETED)(board.on_completed)
    service.on(*_MEASURED)(judge)
    service.on(*_ESCALATIONS)(follow_escalation)
    service.on(*escalations.HEARD)(escalations.on_escalation)
    for type_, handler in agents.HANDLERS.items():
        service.on(type_)(handler)
    for type_, handlers in happenings.HANDLERS.items():
        for handler in handlers:
            service.on(type_)(handler)
    service.timer(board.ANNOUNCE)(board.on_patience_over)
    _serve_widgets(service)
    _serve_alerts(service)
    _serve_alert_rules(service)
    _serve_state(service)
    _serve_live(service)
    page.add_to(service)
    return service


def _serve_live(service: Blueprint) -> None:
    context = service.context
    # First, so that what it posts is numbered with the rest.
    context.store.before_commit(lambda connection, left: agents.tell_touched(connection, left, context))
    updates = Updates(context)
    service.at_start(updates.begin)

    @service.socket(routes.LIVE)
    async def live(websocket: WebSocket) -> None:
        from .talk import Conversation  # with the WebSocket's own modules, which only a running service needs

        await Conversation(context, updates, websocket).hold()


def _serve_widgets(service: Blueprint) -> None:
    context = service.context

    @service.serve(routes.VIEW)
    async def view(call: Call[Any]) -> DashboardView:
        wanted = _chosen(View, "view", call.parts["view"])
        return await context.store.read(lambda connection: view_data(connection, context, wanted))

    @service.serve(routes.WIDGET_DATA)
    async def data(call: Call[Any]) -> WidgetData:
        wanted = _chosen(Widget, "widget", call.parts["widget"])
        repository, period = call.query.get("repository"), call.query.get("period")
        return await context.store.read(lambda connection: widget_data(connection, context, wanted, repository, period))

    @service.serve(routes.CONFIGURE_WIDGET)
    async def config(call: Call[WidgetConfig]) -> WidgetConfig:
        wanted = _chosen(Widget, "widget", call.parts["widget"])
        return await context.store.write(
            lambda connection: configure(connection, context, wanted, call.body, call.identity, call.correlation_id)
        )


def _serve_alerts(service: Blueprint) -> None:
    context = service.context

    @service.serve(routes.ALERTS)
    async def some(call: Call[Any]) -> AlertPage:
        filters = {name: call.query.get(name) for name in ("workflow_id", "repository", "state")}
        limit, cursor = call.limit, call.cursor
        return await context.store.read(lambda connection: alert_page(connection, filters, limit, cursor))

    @service.serve(routes.ACKNOWLEDGE_ALERT)
    async def take_charge(call: Call[Any]) -> Alert:
        return await context.store.write(
            lambda connection: acknowledge(
                connection, context, call.parts["alert_id"], call.identity, call.correlation_id
            )
        )

    @service.serve(routes.RAISE_ALERT)
    async def raise_one(call: Call[AlertRequest]) -> Response:
        alert, repeated = await context.store.write(
            lambda connection: raise_by_hand(connection, context, call.body, call.identity, call.correlation_id)
        )
        status = routes.RAISE_ALERT.repeat_status if repeated else routes.RAISE_ALERT.status
        return Response(alert.model_dump_json(), status or 200, media_type=routes.RAISE_ALERT.media_type)

    @service.serve(routes.RESOLVE_ALERT)
    async def settled(call: Call[Any]) -> Alert:
        return await context.store.write(
            lambda connection: resolve(connection, context, call.parts["alert_id"], call.identity, call.correlation_id)
        )


def _serve_alert_rules(service: Blueprint) -> None:
    context = service.context

    @service.serve(routes.ALERT_RULES)
    async def rules(call: Call[Any]) -> AlertRulePage:
        limit, cursor = call.limit, call.cursor
        return await context.store.read(lambda connection: rule_page(connection, limit, cursor))

    @service.serve(routes.ALERT_RULE)
    async def one(call: Call[Any]) -> AlertRule:
        return await context.store.read(lambda connection: rule(connection, call.parts["name"]))

    @service.serve(routes.SET_ALERT_RULE)
    async def set_one(call: Call[AlertRuleRequest]) -> AlertRule:
        name = call.parts["name"]
        return await context.store.write(
            lambda connection: set_rule(connection, context, name, call.body, call.identity, call.correlation_id)
        )

    @service.serve(routes.REMOVE_ALERT_RULE)
    async def remove(call: Call[Any]) -> AlertRule:
        name = call.parts["name"]
        return await context.store.write(
            lambda connection: remove_rule(connection, context, name, call.identity, call.correlation_id)
        )


def _serve_state(service: Blueprint) -> None:
    context = service.context

    @service.serve(routes.COMPONENT_STATE)
    async def state(call: Call[Any]) -> ComponentState:
        workflow_id = call.parts["workflow_id"]

        def work(connection: Connection) -> ComponentState:
            mine = (alerts.c.workflow_id == workflow_id, alerts.c.state != AlertState.RESOLVED.value)
            count = connection.execute(select(func.count()).select_from(alerts).where(*mine)).scalar_one()
            return copies.state(connection, context.service, workflow_id, {"open_alerts": count})

        return await context.store.read(work)


def _chosen(choices: type[Choice], what: str, name: str) -> Choice:
    try:
        return choices(name)
    except ValueError:
        raise Refusal(
            404, "not_found", f"There is no {what} {name!r}. There is: {', '.join(one.value for one in choices)}."
        ) from None
