"""Speaking to the other services."""

from __future__ import annotations

import asyncio
import importlib.util
import ssl
import sys
from types import TracebackType
from typing import Any, Final

import httpx

from QMSLibrary.contract.problems import CORRELATION_HEADER
from QMSLibrary.contract.routes import Route
from QMSLibrary.contract.services import Service

from .settings import ServiceSettings
from .tokens import Tokens

_TIMEOUT: Final = httpx.Timeout(10.0, connect=2.0)
# httpcore looks for sniffio at every request. Where it is not installed, each look is a search through all of sys.path,
# which costs more than the request; None in sys.modules says once that it is not there.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]


class Peers:
    """Requests to other services with this service's own token.

    One client per request in flight, kept for the next one: a client shared by many tasks is several times slower.
    """

    def __init__(self, settings: ServiceSettings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._idle: list[httpx.AsyncClient] = []
        self._all: list[httpx.AsyncClient] = []
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
        timeout: float | None = None,
    ) -> httpx.Response:
        """Call ``route`` of ``service``. ``content`` is a JSON body. Raises httpx.HTTPError when there is no answer.

        An answer of any status is returned; look at it.
        """
        headers = {"Authorization": f"Bearer {self._tokens.for_service(service)}"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if correlation_id is not None:
            headers[CORRELATION_HEADER] = correlation_id
        url = self._settings.url(service) + route.url(**(parts or {}))
        extra: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        async with _Borrowed(self) as client:
            return await client.request(route.method, url, params=query, content=content, headers=headers, **extra)

    async def alive(self, service: Service, timeout: float) -> float:
        """Seconds that ``service`` took to say that it lives. Raises httpx.HTTPError or TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout), _Borrowed(self) as client:
            begun = loop.time()
            answer = await client.get(self._settings.url(service) + "/health", headers={SHALLOW_HEADER: "1"})
            answer.raise_for_status()
            return loop.time() - begun

    async def close(self) -> None:
        """Close all connections."""
        for client in self._all:
            await client.aclose()
        self._all.clear()
        self._idle.clear()

    def borrow(self) -> httpx.AsyncClient:
        """A client that nobody else uses; give it back with ``give_back``."""
        if self._idle:
            return self._idle.pop()
        if self._tls is None:
            self._tls = ssl.create_default_context()  # takes longer than many requests, so all clients share it
        client = httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, verify=self._tls)
        self._all.append(client)
        return client

    def give_back(self, client: httpx.AsyncClient) -> None:
        """Let the next request have ``client``."""
        self._idle.append(client)


SHALLOW_HEADER: Final = "X-Health-Shallow"
"""With this header ``/health`` answers for the service alone: services asking each other must not go in circles."""


class _Borrowed:
    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> httpx.AsyncClient:
        self._client = self._peers.borrow()
        return self._client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._client is not None
        self._peers.give_back(self._client)
