"""The HTTP receivers of Slack, SMS, telephone and PagerDuty, and what may be asked of all receivers."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from QMSLibrary.contract.escalations import Channel
from QMSLibrary.contract.receivers import Break, Failure, Mended, ReceivedPage

from .inbox import Inbox, said

LONGEST_WAIT: Final = 30.0
"""Seconds that a question may wait for a message."""
_ADDRESS: Final = {
    Channel.SLACK: "channel",
    Channel.SMS: "to",
    Channel.PHONE_CALL: "to",
    Channel.PAGERDUTY: "routing_key",
}
_TAKEN: Final = {Channel.PAGERDUTY: 202}


def web_app(inbox: Inbox, secret: str) -> Starlette:
    """The application; everything but its health lies under ``/<secret>``, as a webhook's address is a secret."""

    def receiver(channel: Channel) -> Any:
        async def take(request: Request) -> Response:
            return await _take(inbox, channel, request)

        return take

    async def messages(request: Request) -> Response:
        return await _messages(inbox, request)

    async def broken(request: Request) -> Response:
        return await _break(inbox, request)

    async def mended(request: Request) -> Response:
        channel, about = request.query_params.get("channel"), request.query_params.get("about")
        return _json(Mended(count=inbox.mend(None if channel is None else Channel(channel), about)).model_dump_json())

    return Starlette(
        routes=[
            Route("/health", _health),
            *(Route(f"/{secret}/{one}", receiver(one), methods=["POST"]) for one in _ADDRESS),
            Route(f"/{secret}/messages", messages),
            Route(f"/{secret}/breaks", broken, methods=["POST"]),
            Route(f"/{secret}/breaks", mended, methods=["DELETE"]),
        ]
    )


async def _health(_: Request) -> Response:
    return _json('{"status": "healthy"}')


async def _take(inbox: Inbox, channel: Channel, request: Request) -> Response:
    try:
        body = orjson.loads(await request.body())
        address = str(body[_ADDRESS[channel]])
    except (ValueError, LookupError, TypeError):
        return _json(f'{{"error": "expected a JSON object with {_ADDRESS[channel]}"}}', 400)
    text = "\n".join(_texts(body))
    key = request.headers.get("Idempotency-Key", "")
    failing = inbox.fails(channel, address, text)
    if failing is None:
        await inbox.keep(channel, address, text, key, taken=True, answer="taken")
        return _json("{}", _TAKEN.get(channel, 200))
    answer = said(failing.failure)
    if failing.failure is Failure.SLOW:
        await asyncio.sleep(failing.seconds)
        waits = not await request.is_disconnected()
        await inbox.keep(channel, address, text, key, taken=waits, answer=answer)
        return _json("{}", _TAKEN.get(channel, 200))
    await inbox.keep(channel, address, text, key, taken=False, answer=answer)
    if failing.failure is Failure.SILENT:
        return _Nothing()
    return _json('{"error": "the receiver cannot take it now"}', 503)


def _texts(value: Any) -> list[str]:
    """Every text in a body, so that whatever form a message has, what it says can be looked for."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


async def _messages(inbox: Inbox, request: Request) -> Response:
    query = request.query_params
    try:
        after, seconds = int(query.get("after", "0")), float(query.get("wait", "0"))
    except ValueError:
        return _json('{"error": "after and wait must be numbers"}', 422)
    about = query.get("about", "")
    items = await inbox.wait(about, after, min(seconds, LONGEST_WAIT)) if seconds > 0 else inbox.matching(about, after)
    return _json(ReceivedPage(items=items, newest=inbox.newest).model_dump_json())


async def _break(inbox: Inbox, request: Request) -> Response:
    try:
        wanted = Break.model_validate_json(await request.body())
    except ValidationError as error:
        return _json(error.json(include_url=False), 422)
    if not inbox.break_(wanted):
        return _json('{"error": "too much is broken already; mend some of it"}', 409)
    return _json(wanted.model_dump_json(), 201)


def _json(content: str, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


class _Nothing(Response):
    """Ends the connection without an answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # A server that is left without an answer says 500; half of one is what a broken line looks like.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"64")]})
        raise ConnectionAbortedError("the receiver is silent on purpose")
