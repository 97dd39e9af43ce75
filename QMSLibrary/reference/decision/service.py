"""The decision service put together: its routes, the events it hears, its workers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from QMSLibrary.contract import routes
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.routing import Agent, AgentPage, AgentRegistration, RoutingDecision, RoutingPage
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import ComponentState
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.call import Call
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.pages import page
from QMSLibrary.reference.kernel.refusals import Refusal, not_found

from .registry import ROLES, agent_of, find, loads, register, register_built_in, retire
from .routing import COPIES, move_work, on_event, on_task_completed, serve_waiting
from .tables import TABLES, agents, decisions, tasks
from .watch import HealthWatch
from .workers import Workers

_E = EventType
_HEARD = (
    _E.PR_CREATED, _E.PR_UPDATED, _E.WORKFLOW_STARTED, _E.STEP_COMPLETED, _E.STEP_FAILED, _E.GATE_PASSED,
    _E.GATE_FAILED, _E.WORKFLOW_STUCK, _E.WORKFLOW_COMPLETED, _E.ERROR_OCCURRED,
)  # fmt: skip


def build(context: Context) -> Blueprint:
    """The service."""
    service = Blueprint(context)
    service.tables(TABLES)
    workers = Workers(context)
    watch = HealthWatch(context)
    service.on(*_HEARD)(on_event)
    service.on(_E.STEP_ASSIGNED)(workers.on_step_assigned)
    service.on(_E.TASK_COMPLETED)(on_task_completed)
    service.on(_E.PR_UPDATED)(workers.on_pull_request_updated)
    service.background("agents")(workers.run)
    service.background("agents' health")(watch.run)
    service.at_start(lambda connection: register_built_in(connection, context))
    _serve(service, watch)
    return service


def _serve(service: Blueprint, watch: HealthWatch) -> None:
    context = service.context

    @service.serve(routes.AGENTS)
    async def listed(call: Call[Any]) -> AgentPage:
        limit, cursor = call.limit, call.cursor
        return await context.store.read(lambda connection: _agents(connection, limit, cursor))

    @service.serve(routes.REGISTER_AGENT)
    async def registered(call: Call[AgentRegistration]) -> Agent:
        def work(connection: Connection) -> Agent:
            agent = register(connection, context, call.body, call.identity, call.correlation_id)
            serve_waiting(connection, context)
            return agent

        agent = await context.store.write(work)
        watch.look()
        return agent

    @service.serve(routes.RETIRE_AGENT)
    async def retired(call: Call[Any]) -> Agent:
        agent_id = call.parts["agent_id"]
        if agent_id in ROLES:
            raise Refusal(409, "built_in", f"{agent_id} lives in this service and cannot be retired.")

        def work(connection: Connection) -> Agent:
            row = find(connection, agent_id)
            if row is None or row.retired:
                raise not_found("agent", agent_id)
            agent = retire(connection, context, row, call.identity, call.correlation_id)
            move_work(connection, agent_id, context)
            serve_waiting(connection, context)
            return agent

        return await context.store.write(work)

    @service.serve(routes.ROUTING)
    async def routing(call: Call[Any]) -> RoutingPage:
        limit, cursor = call.limit, call.cursor
        wanted = {"workflow_id": call.query.get("workflow_id")}

        def work(connection: Connection) -> RoutingPage:
            total, rows, further = page(connection, decisions, wanted, limit, cursor)
            items = [RoutingDecision.model_validate_json(row.body) for row in rows]
            return RoutingPage(total=total, next_cursor=further, items=items)

        return await context.store.read(work)

    @service.serve(routes.COMPONENT_STATE)
    async def state(call: Call[Any]) -> ComponentState:
        workflow_id = call.parts["workflow_id"]

        def work(connection: Connection) -> ComponentState:
            query = select(tasks.c.agent_id).where(tasks.c.workflow_id == workflow_id).order_by(tasks.c.position)
            details: dict[str, object] = {"assigned": list(connection.execute(query).scalars())}
            return COPIES.state(connection, Service.DECISION, workflow_id, details)

        return await context.store.read(work)


def _agents(connection: Connection, limit: int, cursor: int | None) -> AgentPage:
    there = agents.c.retired.is_(False)
    query = select(agents).where(there).order_by(agents.c.agent_id)
    rows = list(connection.execute(query.offset(cursor or 0).limit(limit + 1)))
    busy = loads(connection)
    total = connection.execute(select(func.count()).select_from(agents).where(there)).scalar_one()
    return AgentPage(
        total=total,
        next_cursor=str((cursor or 0) + limit) if len(rows) > limit else None,
        items=[agent_of(row, busy.get(row.agent_id, 0)) for row in rows[:limit]],
    )
