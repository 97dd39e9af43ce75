"""Orchestration's routes about workflows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, func, select

from QMSLibrary.contract import routes
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import (
    ApprovalRequest,
    CommitRequest,
    ComponentState,
    FeedbackRequest,
    OverrideRequest,
    ProgressRequest,
    ResultRequest,
    RetryRequest,
    TransitionRequest,
    Workflow,
    WorkflowPage,
    WorkflowRequest,
)
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.call import Call
from QMSLibrary.reference.kernel.context import Context

from . import people
from .act import Act, load, open_act, pull_request_body
from .answers import check_answer, take_answer
from .review import Review, workflow_of
from .slots import finish
from .tables import workflows


def add_to(service: Blueprint) -> None:
    """Serve the workflows."""
    _serve_reading(service)
    _serve_people(service)
    _serve_agents(service)


def _serve_reading(service: Blueprint) -> None:
    context = service.context

    @service.serve(routes.WORKFLOWS)
    async def listed(call: Call[Any]) -> WorkflowPage:
        limit, cursor = call.limit, call.cursor
        return await context.store.read(lambda connection: _page(connection, context, call.query, limit, cursor))

    @service.serve(routes.WORKFLOW)
    async def one(call: Call[Any]) -> Workflow:
        _, review = await context.store.read(lambda connection: load(connection, call.parts["workflow_id"]))
        return workflow_of(review, context.now())

    @service.serve(routes.PULL_REQUEST)
    async def pull_request(call: Call[Any]) -> bytes:
        body = await context.store.read(lambda connection: pull_request_body(connection, call.parts["workflow_id"]))
        return body.encode()

    @service.serve(routes.COMPONENT_STATE)
    async def state(call: Call[Any]) -> ComponentState:
        _, review = await context.store.read(lambda connection: load(connection, call.parts["workflow_id"]))
        return _component_state(review)


def _serve_people(service: Blueprint) -> None:
    context = service.context

    @service.serve(routes.START_WORKFLOW)
    async def start(call: Call[WorkflowRequest]) -> Workflow:
        review = await context.store.write(lambda connection: finish(people.start(connection, call)))
        return workflow_of(review, context.now())

    @service.serve(routes.PROGRESS_WORKFLOW)
    async def progress(call: Call[ProgressRequest]) -> Workflow:
        return await _done(call, lambda act: people.progress(act, call.body.reason))

    @service.serve(routes.RETRY_STEP)
    async def retry(call: Call[RetryRequest]) -> Workflow:
        return await _done(call, lambda act: people.retry(act, call.body))

    @service.serve(routes.PUSH_COMMIT)
    async def push_commit(call: Call[CommitRequest]) -> Workflow:
        return await _done(call, lambda act: people.push_commit(act, call.body))

    @service.serve(routes.CHANGE_STATE)
    async def change_state(call: Call[TransitionRequest]) -> Workflow:
        return await _done(call, lambda act: people.change_state(act, call.body))

    @service.serve(routes.OVERRIDE_GATE)
    async def override(call: Call[OverrideRequest]) -> Workflow:
        return await _done(call, lambda act: people.override(act, call.body))

    @service.serve(routes.APPROVE)
    async def approve(call: Call[ApprovalRequest]) -> Workflow:
        return await _done(call, lambda act: people.approve(act, call.body.comment))

    @service.serve(routes.GIVE_FEEDBACK)
    async def give_feedback(call: Call[FeedbackRequest]) -> Workflow:
        return await _done(call, lambda act: people.give_feedback(act, call.body))


def _serve_agents(service: Blueprint) -> None:
    @service.serve(routes.SUBMIT_RESULT)
    async def submit(call: Call[ResultRequest]) -> Workflow:
        check_answer(call)
        step = Step(call.parts["step"])
        return await _done(call, lambda act: take_answer(act, step, call.body))


async def _done(call: Call[Any], work: Callable[[Act], None]) -> Workflow:
    context = call.context

    def write(connection: Connection) -> Review:
        act = open_act(context, connection, call.parts["workflow_id"], call.identity, call.correlation_id)
        work(act)
        return finish(act)

    return workflow_of(await context.store.write(write), context.now())


def _page(
    connection: Connection, context: Context, wanted: dict[str, Any], limit: int, cursor: int | None
) -> WorkflowPage:
    columns = {"repository": workflows.c.repository, "state": workflows.c.state}
    columns["pull_request"] = workflows.c.pull_request_id
    filters = [column == str(wanted[name]) for name, column in columns.items() if name in wanted]
    total = connection.execute(select(func.count()).select_from(workflows).where(*filters)).scalar_one()
    query = select(workflows.c.number, workflows.c.review).where(*filters)
    if cursor is not None:
        query = query.where(workflows.c.number < cursor)
    rows = connection.execute(query.order_by(workflows.c.number.desc()).limit(limit + 1)).all()
    now = context.now()
    return WorkflowPage.model_construct(
        total=total,
        next_cursor=str(rows[limit - 1].number) if len(rows) > limit else None,
        items=[workflow_of(Review.model_validate_json(row.review), now) for row in rows[:limit]],
    )


def _component_state(review: Review) -> ComponentState:
    return ComponentState(
        service=Service.ORCHESTRATION,
        workflow_id=review.id,
        step=review.step,
        state=review.state,
        status=review.status,
        progress=review.progress,
        revision=review.revision,
        correlation_id=review.correlation_id,
        updated_at=review.updated_at,
        details={"agents": review.current.agents, "waiting_for": review.current.waiting_for},
    )
