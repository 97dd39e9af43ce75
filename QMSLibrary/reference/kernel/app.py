"""How a service of the reference QMS is written.

A service is a package with a function ``build(context) -> Blueprint``::

    def build(context: Context) -> Blueprint:
        service = Blueprint(context)
        service.tables(TABLES)                                  # a SQLAlchemy MetaData; created when missing

        @service.serve(routes.AGENTS)                           # a contract route; role and body are checked
        async def agents(call: Call[Any]) -> AgentPage:         # answers a model, JSON bytes or a Response
            limit, cursor = call.limit, call.cursor             # refuses by raise Refusal(409, "code", "words")
            return await context.store.read(lambda connection: page(connection, limit, cursor))

        @service.serve(routes.REGISTER_AGENT)
        async def register(call: Call[AgentRegistration]) -> Agent:
            def work(connection: Connection) -> Agent:          # one act, one transaction, on the writer's thread
                agent = store_agent(connection, call.body)
                context.audit(connection, AuditAction.AGENT_REGISTERED, f"agent:{agent.agent_id}",
                              actor=call.identity, correlation_id=call.correlation_id)
                context.emit(connection, EventType.…, workflow_id=…, correlation_id=…, payload={…})
                context.set_timer(connection, "kind", "key", context.now() + timedelta(minutes=3), {"any": "JSON"})
                return agent
            return await context.store.write(work)

        @service.on(EventType.WORKFLOW_STARTED)                 # from another service, once per event, in a transaction
        def started(connection: Connection, event: Event, context: Context) -> None: …

        @service.timer("kind")                                  # due by the movable clock, in a transaction
        def due(connection: Connection, timer: Timer, context: Context) -> None: …

        @service.background("agents")                           # a coroutine function that runs as long as the service
        async def work_on() -> None: …

        @service.at_start                                       # once, in a transaction, before the first request
        def seed(connection: Connection) -> None: …
        return service

The kernel serves what all services share: health, metrics, OpenAPI, the event stream, deliveries, dead letters and the
clock. A contract route that nobody serves stops the start. Event and timer handlers are plain functions: they may not
wait for anything but the database. Whatever must be done outside (calling another service) is a background task that
finds its work in the database, so that a crash loses none of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.problems import CORRELATION_HEADER
from QMSLibrary.contract.routes import Route, routes_of

from .call import Call, authenticate, authorize, correlation_of, parse_body, parse_query, parts_of, read_body
from .clock import Scheduler, TimerHandler
from .context import Context
from .courier import couriers
from .health import Probe
from .identity import ANONYMOUS, Identity
from .inbox import EventHandler, Inbox
from .log import KERNEL_TABLES
from .metrics import Metrics
from .refusals import Refusal, problem_response
from .supervisor import Supervisor

_LOG = logging.getLogger(__name__)
Answer = BaseModel | bytes | Response
Handler = Callable[[Call[Any]], Awaitable[Answer]]
H = TypeVar("H", bound=Callable[..., Any])


class Blueprint:
    """What a service is made of."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.metrics = Metrics(context.service)
        self.metadata: list[MetaData] = [KERNEL_TABLES]
        self.handlers: dict[str, tuple[Route, Handler]] = {}
        self.event_handlers: dict[str, list[EventHandler]] = {}
        self.timer_handlers: dict[str, TimerHandler] = {}
        self.backgrounds: dict[str, Callable[[], Awaitable[None]]] = {}
        self.starters: list[Callable[[Connection], None]] = []
        self.probes: list[Probe] = []
        self.inbox = Inbox(context, self.event_handlers)
        self.scheduler = Scheduler(context, context.store, context.clock, self.timer_handlers)
        self.couriers = couriers(context)

    def tables(self, metadata: MetaData) -> None:
        """Create these tables when they are missing."""
        self.metadata.append(metadata)

    def serve(self, route: Route) -> Callable[[H], H]:
        """Answer ``route`` with the decorated handler."""
        if self.context.service not in route.services:
            raise ValueError(f"{route.name} is not a route of {self.context.service}.")

        def take(handler: H) -> H:
            if route.name in self.handlers:
                raise ValueError(f"{route.name} is served twice.")
            self.handlers[route.name] = (route, handler)
            return handler

        return take

    def on(self, *types: EventType) -> Callable[[H], H]:
        """Handle events of these types from other services."""

        def take(handler: H) -> H:
            for type_ in types:
                self.event_handlers.setdefault(type_.value, []).append(handler)
            return handler

        return take

    def timer(self, kind: str) -> Callable[[H], H]:
        """Handle timers of this kind."""

        def take(handler: H) -> H:
            if kind in self.timer_handlers:
                raise ValueError(f"Timers of the kind {kind!r} are handled twice.")
            self.timer_handlers[kind] = handler
            return handler

        return take

    def background(self, name: str) -> Callable[[H], H]:
        """Run the decorated coroutine function as long as the service lives; begun again when it fails."""

        def take(run: H) -> H:
            self.backgrounds[name] = run
            return run

        return take

    def at_start(self, work: H) -> H:
        """Run the decorated function once, in a transaction, before the first request."""
        self.starters.append(work)
        return work

    def dependency(self, probe: Probe) -> Probe:
        """Ask ``probe`` too when the service's health is asked."""
        self.probes.append(probe)
        return probe


def create_app(blueprint: Blueprint) -> FastAPI:
    """The application. Raises RuntimeError when a route of the contract is not served."""
    from .common import serve_common

    serve_common(blueprint)
    missing = [route.name for route in routes_of(blueprint.context.service) if route.name not in blueprint.handlers]
    if missing:
        raise RuntimeError(f"{blueprint.context.service} does not serve these routes: {', '.join(missing)}.")
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=_lifespan(blueprint))
    for route, handler in blueprint.handlers.values():
        app.add_route(route.path, _endpoint(blueprint, route, handler), methods=[route.method], name=route.name)
    app.add_exception_handler(HTTPException, _no_such_route)
    return app


def _lifespan(blueprint: Blueprint) -> Callable[[FastAPI], Any]:
    context = blueprint.context

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        def begin(connection: Connection) -> None:
            for starter in blueprint.starters:
                starter(connection)

        supervisor = Supervisor(context)
        await context.feed.start()
        await context.store.write(begin)
        supervisor.start("timers", blueprint.scheduler.run)
        for courier in blueprint.couriers:
            supervisor.start(f"courier {courier.name}", courier.run)
        for name, run in blueprint.backgrounds.items():
            supervisor.start(name, run)
        _LOG.info("%s is ready", context.service)
        yield
        await supervisor.stop()
        await context.peers.close()
        context.store.close()
        _LOG.info("%s has ended", context.service)

    return lifespan


def _endpoint(blueprint: Blueprint, route: Route, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    context = blueprint.context

    async def endpoint(request: Request) -> Response:
        begun = time.perf_counter()
        identity, correlation_id = ANONYMOUS, "-"
        try:
            correlation_id = correlation_of(request)
            identity = authenticate(request, route, context)
            authorize(identity, request, route)
            query = parse_query(request, route)
            given = parse_body(route.body, await read_body(request)) if route.body is not None else None
            call: Call[Any] = Call(context, route, identity, correlation_id, parts_of(request), query, request, given)
            response = _response(route, await handler(call))
            response.headers[CORRELATION_HEADER] = correlation_id
        except Exception as error:
            response = await _refused(context, request, identity, correlation_id, error)
        blueprint.metrics.answered(route.name, response.status_code, time.perf_counter() - begun)
        return response

    return endpoint


def _response(route: Route, answer: Answer) -> Response:
    if isinstance(answer, Response):
        return answer
    content = answer if isinstance(answer, bytes) else answer.__pydantic_serializer__.to_json(answer)
    return Response(content, route.status, media_type=route.media_type)


async def _refused(
    context: Context, request: Request, identity: Identity, correlation_id: str, error: Exception
) -> Response:
    if not isinstance(error, Refusal):
        _LOG.exception("%s %s failed (correlation %s)", request.method, request.url.path, correlation_id)
        if isinstance(error, DBAPIError):
            error = Refusal(503, "database_unavailable", "The database did not do it. Nothing was stored. Try again.")
        else:
            error = Refusal(
                500, "internal_error", f"The service failed. Its log has more under correlation {correlation_id}."
            )
    record = error.record
    if record is not None:

        def write(connection: Connection) -> None:
            context.audit(
                connection,
                record.action,
                record.object,
                actor=identity,
                correlation_id=correlation_id,
                before=record.before,
                after=record.after,
                reason=record.reason,
            )

        try:
            await context.store.write(write)
        except DBAPIError:
            _LOG.exception("the refusal of %s could not be recorded", record.object)
    return problem_response(error, correlation_id, request.url.path)


async def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    detail = f"{request.method} {request.url.path} is no route of this service. /openapi.json lists them."
    refusal = Refusal(error.status_code, codes.get(error.status_code, "refused"), detail)
    try:
        correlation_id = correlation_of(request)
    except Refusal:
        correlation_id = "-"
    return problem_response(refusal, correlation_id, request.url.path)
