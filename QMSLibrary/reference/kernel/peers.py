"""Speaking to the other services."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx

from QMSLibrary.contract.problems import CORRELATION_HEADER
from QMSLibrary.contract.routes import HEALTH, Route
from QMSLibrary.contract.services import Service

from .settings import ServiceSettings
from .tokens import Tokens
from .wire import Answer, Wire

_TIMEOUT: Final = 10.0
_CONNECT_TIMEOUT: Final = 2.0
SHALLOW_HEADER: Final = "X-Health-Shallow"
"""With this header ``/health`` answers for the service alone: services asking each other must not go in circles."""


class Peers:
    """Requests to other services with this service's own token. A connection carries one request at a time."""

    def __init__(self, settings: ServiceSettings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._idle: dict[Service, list[Wire]] = {}
        self._tls: ssl.SSLContext | None = None

    async def call(
        self,
        service: Service,
        route: Route,
        *,
        parts: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        content: bytes | None = None,
        correlation_id: str | None = None,
        timeout: float = _TIMEOUT,
    ) -> Answer:
        """Call ``route`` of ``service``. ``content`` is a JSON body. Raises httpx.HTTPError when there is no answer.

        An answer of any status is returned; look at it.
        """
        headers = {"Authorization": f"Bearer {self._tokens.for_service(service)}"}
        if correlation_id is not None:
            headers[CORRELATION_HEADER] = correlation_id
        target = route.url(**(parts or {})) + (f"?{urlencode(query)}" if query else "")
        return await self._send(service, route.method, target, headers, content, timeout)

    async def alive(self, service: Service, timeout: float) -> float:
        """Seconds that ``service`` took to say that it lives. Raises httpx.HTTPError."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        answer = await self._send(service, HEALTH.method, HEALTH.path, {SHALLOW_HEADER: "1"}, None, timeout)
        if answer.status_code != HEALTH.status:
            raise httpx.RemoteProtocolError(f"HTTP {answer.status_code}")
        return loop.time() - begun

    async def close(self) -> None:
        """Close all connections."""
        for wires in self._idle.values():
            for wire in wires:
                wire.close()
        self._idle.clear()

    async def _send(
        self, service: Service, method: str, target: str, headers: dict[str, str], content: bytes | None, timeout: float
    ) -> Answer:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {urlsplit(self._settings.url(service)).netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if content is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        wire = await self._wire(service, min(timeout, _CONNECT_TIMEOUT))
        answer = await wire.request(head, content or b"", timeout)
        if wire.usable:
            self._idle.setdefault(service, []).append(wire)
        return answer

    async def _wire(self, service: Service, timeout: float) -> Wire:
        idle = self._idle.get(service, [])
        while idle:
            wire = idle.pop()
            if wire.usable:
                return wire
        url = self._settings.url(service)
        if self._tls is None and url.startswith("https:"):
            self._tls = ssl.create_default_context()
        return await Wire.connect(url, self._tls, timeout)
