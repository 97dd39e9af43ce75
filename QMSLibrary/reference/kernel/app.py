"""A service as a web application: its routes with their checks, its background tasks, its refusals."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from QMSLibrary.contract.problems import CORRELATION_HEADER
from QMSLibrary.contract.routes import SOCKETS, Route, routes_of

from .blueprint import Answer, Blueprint, Handler, WebPage
from .call import Call, authenticate, authorize, correlation_of, parse_body, parse_query, parts_of, read_body
from .common import serve_common
from .context import Context
from .identity import ANONYMOUS, Identity
from .refusals import Refusal, problem_response, record_refusal
from .supervisor import Supervisor

_LOG = logging.getLogger(__name__)


def create_app(blueprint: Blueprint) -> FastAPI:
    """The application. Raises RuntimeError when a route of the contract is not served."""
    serve_common(blueprint)
    mine = blueprint.context.service
    missing = [route.name for route in routes_of(mine) if route.name not in blueprint.handlers]
    missing += [one.name for one in SOCKETS if mine in one.services and one.name not in blueprint.socket_handlers]
    if missing:
        raise RuntimeError(f"{mine} does not serve these routes: {', '.join(missing)}.")
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=_lifespan(blueprint))
    for route, handler in blueprint.handlers.values():
        app.add_route(route.path, _endpoint(blueprint, route, handler), methods=[route.method], name=route.name)
    for page in blueprint.pages:
        app.add_route(page.path, _page_endpoint(blueprint, page), methods=[page.method], name=page.name)
    if blueprint.socket_handlers:
        from .sockets import endpoint_of

        for route, talk in blueprint.socket_handlers.values():
            app.router.routes.append(
                WebSocketRoute(route.path, endpoint_of(blueprint.context, route, talk), name=route.name)
            )
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
            refusal = await _recorded(context, request, identity, correlation_id, error)
            response = problem_response(refusal, correlation_id, request.url.path)
        seconds = time.perf_counter() - begun
        blueprint.metrics.answered(route.name, response.status_code, seconds)
        if response.status_code >= 400 or (route.method != "GET" and not identity.is_service):
            _tell(request, identity, response, seconds, correlation_id)
        return response

    return endpoint


def _page_endpoint(blueprint: Blueprint, page: WebPage) -> Callable[[Request], Awaitable[Response]]:
    context = blueprint.context

    async def endpoint(request: Request) -> Response:
        begun = time.perf_counter()
        correlation_id, identity = uuid4().hex, page.identify(request)
        try:
            response = await page.answer(request, correlation_id)
        except Exception as error:
            response = page.refuse(request, await _recorded(context, request, identity, correlation_id, error))
        response.headers[CORRELATION_HEADER] = correlation_id
        seconds = time.perf_counter() - begun
        blueprint.metrics.answered(page.name, response.status_code, seconds)
        if response.status_code >= 400 or page.method != "GET":
            _tell(request, identity, response, seconds, correlation_id)
        return response

    return endpoint


def _tell(request: Request, identity: Identity, response: Response, seconds: float, correlation_id: str) -> None:
    _LOG.info(
        "%s %r by %s: %d in %.1f ms, correlation %s",
        request.method,  # a path is quoted: it may hold line breaks that somebody wants to see in here
        request.url.path,
        identity.name,
        response.status_code,
        seconds * 1000,
        correlation_id,
    )


def _response(route: Route, answer: Answer) -> Response:
    if isinstance(answer, Response):
        return answer
    content = answer if isinstance(answer, bytes) else answer.__pydantic_serializer__.to_json(answer)
    return Response(content, route.status, media_type=route.media_type)


async def _recorded(
    context: Context, request: Request, identity: Identity, correlation_id: str, error: Exception
) -> Refusal:
    """The error as a refusal; what belongs on the audit trail has been put there."""
    if not isinstance(error, Refusal):
        _LOG.exception("%s %r failed, correlation %s", request.method, request.url.path, correlation_id)
        if isinstance(error, DBAPIError):
            error = Refusal(503, "database_unavailable", "The database did not do it. Nothing was stored. Try again.")
        else:
            error = Refusal(
                500, "internal_error", f"The service failed. Its log has more under correlation {correlation_id}."
            )
    await record_refusal(context, error, identity, correlation_id)
    return error


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
