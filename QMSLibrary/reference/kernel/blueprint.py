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

        service.page(WebPage(…))                                # a page for people: HTML instead of the contract's JSON
        return service

The kernel serves what all services share: health, metrics, OpenAPI, the event stream, deliveries, dead letters and the
clock. A contract route that nobody serves stops the start. Event and timer handlers are plain functions: they may not
wait for anything but the database. Whatever must be done outside (calling another service) is a background task that
finds its work in the database, so that a crash loses none of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Connection, MetaData
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.routes import Route

from .call import Call
from .context import Context
from .courier import couriers
from .health import Probe
from .identity import Identity
from .inbox import EventHandler, Inbox
from .log import KERNEL_TABLES
from .metrics import Metrics
from .refusals import Refusal
from .scheduler import Scheduler, TimerHandler

Answer = BaseModel | bytes | Response
Handler = Callable[[Call[Any]], Awaitable[Answer]]
SocketHandler = Callable[[WebSocket], Awaitable[None]]
H = TypeVar("H", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page for people: it is no route of the contract, and says its refusals as a page."""

    name: str
    method: str
    path: str
    answer: Callable[[Request, str], Awaitable[Response]]
    """From the request and its correlation id. Refuses by raising Refusal."""
    refuse: Callable[[Request, Refusal], Response]
    identify: Callable[[Request], Identity]
    """Who is looking, for the audit trail; never raises."""


class Blueprint:
    """What a service is made of."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.metrics = Metrics(context.service)
        self.metadata: list[MetaData] = [KERNEL_TABLES]
        self.handlers: dict[str, tuple[Route, Handler]] = {}
        self.pages: list[WebPage] = []
        self.socket_handlers: dict[str, tuple[Route, SocketHandler]] = {}
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

    def socket(self, route: Route) -> Callable[[H], H]:
        """Hold the conversations of a WebSocket route; its caller has been found to be allowed, and is accepted."""

        def take(handler: H) -> H:
            self.socket_handlers[route.name] = (route, handler)
            return handler

        return take

    def page(self, page: WebPage) -> None:
        """Show this page."""
        self.pages.append(page)

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
