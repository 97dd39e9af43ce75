"""The agents at work: each takes its open tasks, reads the pull request, and answers orchestration.

A task is a row until orchestration has taken its answer, so a crash repeats work and loses none; orchestration takes
the same answer once.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, select

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.routes import PULL_REQUEST, SUBMIT_RESULT, WORKFLOW, Route
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_CHECKS, AgentResult, Step, StepStatus
from QMSLibrary.contract.workflows import ResultRequest, Workflow
from QMSLibrary.reference.agents.base import ReviewContext
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.peers import PeerUnreachable

from .analysis import answer_for, warm_up
from .material import Material
from .registry import note_done
from .routing import COPIES, on_step_assigned, serve_waiting
from .tables import tasks

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_ATTEMPTS_AT_ANALYSIS: Final = 3
AGENT_FAILED: Final = "agent_failed"
# Answers that mean that the task is nobody's any more: superseded, or its workflow is gone.
_OVER: Final = frozenset({404, 409})
# Answers that the same request would get for ever.
_NOT_TAKEN: Final = frozenset({400, 413, 422})
_FIND_OPEN: Final = select(tasks).where(tasks.c.state == "open").order_by(tasks.c.position)
_OVER_WITH: Final = delete(tasks).where(tasks.c.position == bindparam("key"))


class Workers:
    """Runs one coroutine per open task. Analysis has a thread of its own, so that the event loop stays free."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._material = Material(self._fetch)

    def on_step_assigned(self, connection: Connection, event: Event, context: Context) -> None:
        """Open the tasks of the step."""
        on_step_assigned(connection, event, context)
        if self._loop is not None:
            # Before the commit, which is no matter: looking for open tasks goes through the writer and comes after it.
            self._loop.call_soon_threadsafe(self._news.set)

    def on_pull_request_updated(self, connection: Connection, event: Event, context: Context) -> None:
        """Its files may have changed."""
        if self._loop is not None and event.workflow_id is not None:
            self._loop.call_soon_threadsafe(self._material.forget, event.workflow_id)

    async def run(self) -> None:
        """Work for ever, beginning with what a former life left open."""
        self._loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "agents") as thread:
            await self._loop.run_in_executor(thread, warm_up)
            try:
                async with asyncio.TaskGroup() as group:
                    while True:
                        self._news.clear()
                        for row in await self._context.store.write(_open_tasks):
                            if row.position not in self._under_way:
                                task = group.create_task(self._keep_at(row, thread), name=f"task {row.position}")
                                self._under_way[row.position] = task
                                task.add_done_callback(partial(self._landed, row.position))
                        await self._news.wait()
            finally:
                self._loop = None

    def _landed(self, position: int, _: asyncio.Task[None]) -> None:
        self._under_way.pop(position, None)

    async def _keep_at(self, row: Row[Any], thread: ThreadPoolExecutor) -> None:
        """Do the task, whatever happens on the way: one that fails must not take the others with it."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._work(row, thread)
            except Exception:
                _LOG.exception("task %d of %s failed; it is tried again", row.position, row.agent_id)
                await asyncio.sleep(pause * random.uniform(0.75, 1.25))
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return

    async def _work(self, row: Row[Any], thread: ThreadPoolExecutor) -> None:
        begun = time.perf_counter()
        pull_request = await self._material.of(row)
        gates = await self._gates(row)
        if pull_request is None or gates is None:
            await self._context.store.write(partial(self._drop, row))
            return
        result = await self._analyse(row, pull_request, gates, thread)
        try:
            answer = await self._submit(row, result)
        except _NotTakenError as error:
            _LOG.error("%s for task %d of %s: %s", SUBMIT_RESULT.name, row.position, row.agent_id, error)
            result = _broken_down(row, f"orchestration did not take its answer: {error}")
            answer = await self._submit(row, result)
        if answer is None:
            await self._context.store.write(partial(self._drop, row))
            return
        seconds = time.perf_counter() - begun
        await self._context.store.write(partial(self._done, row, seconds, result))
        if Step(row.step).next is None:
            self._material.forget(row.workflow_id)

    async def _submit(self, row: Row[Any], result: AgentResult) -> bytes | None:
        body = ResultRequest(run=row.run, attempt=row.attempt, result=result).model_dump_json().encode()
        return await self._ask(SUBMIT_RESULT, row, {"workflow_id": row.workflow_id, "step": row.step}, content=body)

    async def _fetch(self, row: Row[Any]) -> bytes | None:
        return await self._ask(PULL_REQUEST, row, {"workflow_id": row.workflow_id})

    async def _gates(self, row: Row[Any]) -> dict[Step, StepStatus] | None:
        """How the steps before ended, where that is asked about; None when the task is over."""
        if Step(row.step).next is not None:
            return {}
        answer = await self._ask(WORKFLOW, row, {"workflow_id": row.workflow_id})
        if answer is None:
            return None
        return {result.step: result.status for result in Workflow.model_validate_json(answer).steps}

    async def _ask(
        self, route: Route, row: Row[Any], parts: dict[str, str], content: bytes | None = None
    ) -> bytes | None:
        """Ask orchestration until it answers; None when it says that the task is over."""
        pause = _FIRST_PAUSE
        while True:
            try:
                answer = await self._context.peers.call(
                    Service.ORCHESTRATION, route, parts=parts, content=content, correlation_id=row.correlation_id
                )
            except PeerUnreachable as error:
                trouble = str(error)
            else:
                if answer.status_code == route.status:
                    return answer.content
                if answer.status_code in _OVER:
                    return None
                trouble = f"HTTP {answer.status_code}: {answer.text[:200]}"
                if answer.status_code in _NOT_TAKEN:
                    raise _NotTakenError(trouble)
            _LOG.warning("%s for task %d of %s: %s", route.name, row.position, row.agent_id, trouble)
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _analyse(
        self, row: Row[Any], pull_request: bytes, gates: dict[Step, StepStatus], thread: ThreadPoolExecutor
    ) -> AgentResult:
        context = ReviewContext(Step(row.step), row.requested_by or "", gates)
        for attempt in range(1, _ATTEMPTS_AT_ANALYSIS + 1):
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    thread, answer_for, row.role, row.agent_id, pull_request, context
                )
            except Exception:
                _LOG.exception("%s failed at task %d, attempt %d", row.agent_id, row.position, attempt)
        return _broken_down(row, f"it broke down {_ATTEMPTS_AT_ANALYSIS} times; see the decision service's log")

    def _done(self, row: Row[Any], seconds: float, result: AgentResult, connection: Connection) -> None:
        connection.execute(_OVER_WITH, {"key": row.position})
        snapshot = COPIES.snapshot(connection, row.workflow_id)
        note_done(connection, row.agent_id, snapshot["repository"] if snapshot else "", seconds)
        self._context.emit(
            connection,
            EventType.TASK_COMPLETED,
            workflow_id=row.workflow_id,
            correlation_id=row.correlation_id,
            payload={
                "workflow": snapshot,
                "agent_id": row.agent_id,
                "role": row.role,
                "step": row.step,
                "run": row.run,
                "attempt": row.attempt,
                "passed": all(result.checks.values()),
                "seconds": round(seconds, 3),
            },
        )
        serve_waiting(connection, self._context)

    def _drop(self, row: Row[Any], connection: Connection) -> None:
        connection.execute(_OVER_WITH, {"key": row.position})
        serve_waiting(connection, self._context)


class _NotTakenError(Exception):
    """Orchestration cannot read the answer."""


def _broken_down(row: Row[Any], why: str) -> AgentResult:
    """The answer of an agent that could not answer: it has not looked, so none of the checks has passed."""
    return AgentResult(
        agent_id=row.agent_id,
        checks=dict.fromkeys(STEP_CHECKS[Step(row.step)], False),
        failure_reasons=[AGENT_FAILED],
        summary=f"{row.agent_id}: {why}.",
    )


def _open_tasks(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(_FIND_OPEN))
