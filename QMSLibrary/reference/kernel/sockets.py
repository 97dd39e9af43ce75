"""WebSockets: who may open one, and cutting off who does not read. Imported only by a service that has one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request as Handshake

from QMSLibrary.contract.live import SESSION_COOKIE
from QMSLibrary.contract.routes import Route

from .call import authorize, correlation_of, identity_of
from .context import Context
from .identity import ANONYMOUS, Identity
from .refusals import Refusal, problem_response, record_refusal

_LOG = logging.getLogger(__name__)
_CUT: Final = "qms.cut"
_LAST_CHANCE: Final = 2.0
"""Seconds in which somebody who is cut off may still read why."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's, which can also end a connection whose other end takes nothing any more."""

    def handle_connect(self, event: Handshake) -> None:
        """Let the conversation cut itself off."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][_CUT] = self._cut  # type: ignore[index]

    def _cut(self, code: int, reason: str) -> None:
        if self.transport.is_closing():
            return
        try:
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
        except InvalidState:
            pass  # it is being closed
        self.close_sent = True
        self.loop.call_later(_LAST_CHANCE, self.transport.abort)


def cut(websocket: WebSocket, code: int, reason: str) -> None:
    """End a connection without waiting for its other end, which gets what is under way if it reads within seconds."""
    websocket.scope["extensions"][_CUT](code, reason)


def endpoint_of(
    context: Context, route: Route, talk: Callable[[WebSocket], Awaitable[None]]
) -> Callable[[WebSocket], Awaitable[None]]:
    """A WebSocket route: refuses as every other route does, before the connection is a WebSocket."""

    async def endpoint(websocket: WebSocket) -> None:
        identity, correlation_id = ANONYMOUS, "-"
        try:
            correlation_id = correlation_of(websocket)
            identity = _authenticate(websocket, route, context)
            authorize(identity, websocket, route)
        except Refusal as refusal:
            await record_refusal(context, refusal, identity, correlation_id)
            _LOG.info("%s %s by %s: %d", route.method, route.path, identity.name, refusal.status)
            await websocket.send_denial_response(problem_response(refusal, correlation_id, websocket.url.path))
            return
        await websocket.accept()
        try:
            await talk(websocket)
        except WebSocketDisconnect:
            pass  # it has gone, as everybody may

    return endpoint


def _authenticate(websocket: WebSocket, route: Route, context: Context) -> Identity:
    """By bearer token, or by the page's session: that only from the page itself, or any page could look through it."""
    token: str | None = websocket.cookies.get(SESSION_COOKIE)
    if token is None or "Authorization" in websocket.headers:
        return identity_of(websocket, route, context)
    origin, host = websocket.headers.get("Origin", ""), websocket.headers.get("Host", "")
    if origin not in (f"http://{host}", f"https://{host}"):
        raise Refusal(403, "foreign_origin", f"A session is good for this QMS's own pages, not for {origin or 'none'}.")
    return identity_of(websocket, route, context, token)
