"""An agent as a process of its own: it hears what it is assigned, reads the pull request, and answers orchestration.

It has no state worth keeping: what it was doing when it dies is decided anew, because its health endpoint dies with it
(docs/decisions/0013). Whoever started it can make it slow, and let it break down in several ways.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import aiohttp
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route as Path_

from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.problems import CORRELATION_HEADER
from QMSLibrary.contract.routes import EVENT_STREAM, HEALTH, PULL_REQUEST, SUBMIT_RESULT, WORKFLOW, Route
from QMSLibrary.contract.steps import STEP_CHECKS, AgentResult, Step, StepStatus
from QMSLibrary.contract.workflows import ResultRequest, Workflow

from .agents.base import ReviewContext
from .decision.analysis import answer_for, warm_up
from .kernel.secrets import load_secrets
from .kernel.tokens import for_agent

_LOG = logging.getLogger(__name__)
_PATIENCE: Final = aiohttp.ClientTimeout(total=10, sock_connect=2)
_STREAM_PATIENCE: Final = aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=30)
_LONGEST_LINE: Final = 16 << 20
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_OVER: Final = frozenset({404, 409})
_NOT_TAKEN: Final = frozenset({400, 403, 413, 422})


class Way(StrEnum):
    """How an agent works."""

    WELL = "well"
    FAILING = "failing"
    """It cannot work and says so at its health endpoint; what it has begun waits until it can again."""
    WRONG = "wrong"
    """It says that it is well, and answers what cannot be taken."""
    SILENT = "silent"
    """It says that it is well, takes its tasks, and never answers."""


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """What an agent is told when it is started."""

    agent_id: str
    orchestration: str
    """The root of the service, without a trailing slash."""
    secrets_file: Path


def serve(settings: AgentSettings, listener: socket.socket, orders: socket.socket) -> None:
    """Be the agent until the process is ended. ``listener`` is for its health, ``orders`` for whoever started it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s {settings.agent_id} %(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, ThreadPoolExecutor(1, "analysis") as thread:
        runner.run(_Agent(settings, thread).run(listener, orders))


class _Agent:
    def __init__(self, settings: AgentSettings, thread: ThreadPoolExecutor) -> None:
        self._settings = settings
        self._thread = thread
        self._secrets = load_secrets(settings.secrets_file)
        self._token, self._renew_at = "", 0.0
        self._way = Way.WELL
        self._pause = 0.0
        self._told = asyncio.Event()
        """Set, and replaced, whenever it is told how to work."""
        self._hears = False
        self._tasks: dict[tuple[Any, ...], asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession

    async def run(self, listener: socket.socket, orders: socket.socket) -> None:
        app = Starlette(routes=[Path_(HEALTH.path, self._health)])
        config = uvicorn.Config(app, access_log=False, log_config=None, lifespan="off", ws="none")
        async with (
            aiohttp.ClientSession(
                self._settings.orchestration, cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=_LONGEST_LINE
            ) as self._session,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._obey(orders))
            group.create_task(self._follow(group))
            await asyncio.get_running_loop().run_in_executor(self._thread, warm_up)
            await _Server(config).serve(sockets=[listener])

    async def _health(self, _: Request) -> JSONResponse:
        well = self._hears and self._way is not Way.FAILING
        status = "healthy" if well else "unhealthy"
        return JSONResponse({"status": status, "tasks": len(self._tasks)}, 200 if well else 503)

    # --- what it is told by whoever started it

    async def _obey(self, orders: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=orders)
        while line := await reader.readline():
            order = json.loads(line)
            self._way, self._pause = Way(order["way"]), float(order["pause"])
            self._told.set()
            self._told = asyncio.Event()
            writer.write(b"done\n")
            await writer.drain()

    # --- what it is told by orchestration

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        position: str | None = None
        while True:
            try:
                headers = self._headers() | ({"Last-Event-ID": position} if position is not None else {})
                async with self._session.get(EVENT_STREAM.path, headers=headers, timeout=_STREAM_PATIENCE) as stream:
                    stream.raise_for_status()
                    kind = ""
                    async for raw in stream.content:
                        name, _, value = raw.decode().rstrip("\n").partition(": ")
                        if name == "" and value.startswith("ready"):
                            position, self._hears = value.split()[1], True
                        elif name == "id":
                            position = value
                        elif name == "event":
                            kind = value
                        elif name == "data" and kind == EventType.STEP_ASSIGNED:
                            self._take(group, json.loads(value))
            except (aiohttp.ClientError, TimeoutError) as error:
                _LOG.warning("the events of orchestration: %s: %s", type(error).__name__, error)
            # Orchestration may be restarting. It resumes where it was, so nothing is missed.
            await asyncio.sleep(_FIRST_PAUSE)

    def _take(self, group: asyncio.TaskGroup, event: dict[str, Any]) -> None:
        payload, me = event["payload"], self._settings.agent_id
        if me not in payload["agents"]:
            return
        key = (event["workflow_id"], payload["step"], payload["run"], payload["attempt"])
        if key in self._tasks:
            return  # given out again because somebody else broke down: it is at work on it
        role = next(one["role"] for one in payload["assignments"] if one["agent_id"] == me)
        self._tasks[key] = group.create_task(self._keep_at(event, role))
        self._tasks[key].add_done_callback(lambda _: self._tasks.pop(key, None))

    # --- its work

    async def _keep_at(self, event: dict[str, Any], role: str) -> None:
        """Do a task, whatever happens on the way: one that fails must not take the others with it."""
        try:
            await self._until_able()
            if self._way is Way.SILENT:
                return
            if self._way is Way.WRONG:
                await self._submit(event, AgentResult(agent_id=self._settings.agent_id, checks={"no_such_check": True}))
                return
            result = await self._review(event, role)
            if result is not None and not await self._submit(event, result):
                broken = dict.fromkeys(STEP_CHECKS[Step(event["payload"]["step"])], False)
                why = ["agent_failed"]
                mine = self._settings.agent_id
                await self._submit(event, AgentResult(agent_id=mine, checks=broken, failure_reasons=why))
        except Exception:
            _LOG.exception("a task of %s failed", event["workflow_id"])

    async def _until_able(self) -> None:
        begun = time.monotonic()
        while True:
            left = begun + self._pause - time.monotonic()
            if self._way is not Way.FAILING and left <= 0:
                return
            try:
                async with asyncio.timeout(None if self._way is Way.FAILING else left):
                    await self._told.wait()
            except TimeoutError:
                continue

    async def _review(self, event: dict[str, Any], role: str) -> AgentResult | None:
        """Its answer; None when the task is over."""
        step, workflow_id = Step(event["payload"]["step"]), event["workflow_id"]
        gates: dict[Step, StepStatus] = {}
        if step.next is None:
            answer = await self._ask(WORKFLOW, event, workflow_id=workflow_id)
            if answer is None:
                return None
            gates = {one.step: one.status for one in Workflow.model_validate_json(answer).steps}
        pull_request = await self._ask(PULL_REQUEST, event, workflow_id=workflow_id)
        if pull_request is None:
            return None
        context = ReviewContext(step, event["payload"]["requested_by"] or "", gates)
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, answer_for, role, self._settings.agent_id, pull_request, context
        )

    async def _submit(self, event: dict[str, Any], result: AgentResult) -> bool:
        """Answer orchestration; False when the answer cannot be taken."""
        payload = event["payload"]
        body = ResultRequest(run=payload["run"], attempt=payload["attempt"], result=result).model_dump_json().encode()
        try:
            await self._ask(SUBMIT_RESULT, event, body, workflow_id=event["workflow_id"], step=payload["step"])
        except _NotTakenError as error:
            _LOG.error("%s", error)
            return False
        return True

    async def _ask(self, route: Route, event: dict[str, Any], body: bytes | None = None, **parts: str) -> bytes | None:
        """Ask orchestration until it answers; None when it says that the task is over."""
        pause = _FIRST_PAUSE
        headers = {"Content-Type": "application/json", CORRELATION_HEADER: event["correlation_id"]}
        while True:
            try:
                async with self._session.request(
                    route.method, route.url(**parts), data=body, headers=self._headers() | headers, timeout=_PATIENCE
                ) as answer:
                    content = await answer.read()
                if answer.status == route.status:
                    return content
                said = f"{route.name} of {event['workflow_id']}: HTTP {answer.status}: {content[:300]!r}"
                if answer.status in _OVER:
                    _LOG.info("%s", said)
                    return None
                if answer.status in _NOT_TAKEN:
                    raise _NotTakenError(said)
            except (aiohttp.ClientError, TimeoutError) as error:
                said = f"{route.name} of {event['workflow_id']}: {type(error).__name__}: {error}"
            _LOG.warning("%s", said)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _headers(self) -> dict[str, str]:
        if time.monotonic() >= self._renew_at:
            self._token, good_for = for_agent(self._secrets, self._settings.agent_id)
            self._renew_at = time.monotonic() + good_for / 2
        return {"Authorization": f"Bearer {self._token}"}


class _NotTakenError(Exception):
    """Orchestration does not take the answer, and never will."""


class _Server(uvicorn.Server):
    """Leaves signals as they are: an agent that is told to end ends at once, as if it had died."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        yield
