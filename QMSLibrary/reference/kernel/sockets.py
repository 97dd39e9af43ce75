"""WebSockets: who may open one, and cutting off who does not read. Imported only by a service that has one."""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, cast

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
_SEND_BUFFER: Final = 128 << 10
"""Bytes under way to one client, beside as much in the connection's own buffer."""
_LAST_CHANCE: Final = 2.0
"""Seconds in which somebody who is cut off may still read why."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's, which can also end a connection whose other end takes nothing any more."""

    def handle_connect(self, event: Handshake) -> None:
        """Let the conversation cut itself off."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            # The kernel would take megabytes for somebody who does not read.
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            cast("dict[str, Any]", self.scope["extensions"])[_CUT] = self._cut

    def _cut(self, code: int, reason: str) -> None:
        if self.transport.is_closing():
            return
        with suppress(InvalidState):  # it is being closed
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.loop.call_later(_LAST_CHANCE, self._reset)

    def _reset(self) -> None:
        if not self.disconnected:
            # Or the kernel would go on trying to get rid of what nobody takes.
            now = struct.pack("ii", 1, 0)
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            self.transport.abort()


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
        with suppress(WebSocketDisconnect):  # it has gone, as everybody may
            await talk(websocket)

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
