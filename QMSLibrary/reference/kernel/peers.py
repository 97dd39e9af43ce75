"""Speaking to the other services.

With aiohttp, not httpx as elsewhere: services speak to each other some thirty times for one review, and a request by
httpx's asynchronous client costs about five times as much processor time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import aiohttp

from QMSLibrary.contract.problems import CORRELATION_HEADER
from QMSLibrary.contract.routes import HEALTH, Route
from QMSLibrary.contract.services import Service

from .settings import ServiceSettings
from .tokens import Tokens

_TIMEOUT: Final = 10.0
_CONNECT_TIMEOUT: Final = 2.0
SHALLOW_HEADER: Final = "X-Health-Shallow"
"""With this header ``/health`` answers for the service alone: services asking each other must not go in circles."""


class PeerUnreachable(Exception):  # noqa: N818 - it says what is so, and is expected
    """A service gave no answer; the text says how."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered."""

    status_code: int
    content: bytes

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")


class Peers:
    """Requests to other services with this service's own token, over pooled connections."""

    def __init__(self, settings: ServiceSettings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._session: aiohttp.ClientSession | None = None

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
        """Call ``route`` of ``service``. ``content`` is a JSON body. Raises PeerUnreachable when there is no answer.

        An answer of any status is returned; look at it.
        """
        headers = {"Authorization": f"Bearer {self._tokens.for_service(service)}"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if correlation_id is not None:
            headers[CORRELATION_HEADER] = correlation_id
        return await self._send(service, route, route.url(**(parts or {})), headers, query, content, timeout)

    async def alive(self, service: Service, timeout: float) -> float:
        """Seconds that ``service`` took to say that it lives. Raises PeerUnreachable."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        answer = await self._send(service, HEALTH, HEALTH.path, {SHALLOW_HEADER: "1"}, None, None, timeout)
        if answer.status_code != HEALTH.status:
            raise PeerUnreachable(f"HTTP {answer.status_code}")
        return loop.time() - begun

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(
        self,
        service: Service,
        route: Route,
        path: str,
        headers: dict[str, str],
        query: dict[str, str] | None,
        content: bytes | None,
        timeout: float,
    ) -> Answer:
        if self._session is None:
            # No limit on connections: what may be under way at once is bounded by the 50 places of orchestration.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        limits = aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, _CONNECT_TIMEOUT))
        try:
            async with self._session.request(
                route.method,
                self._settings.url(service) + path,
                params=query,
                data=content,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
            ) as response:
                return Answer(response.status, await response.read())
        except TimeoutError:
            raise PeerUnreachable(f"no answer within {timeout:g} s") from None
        except aiohttp.ClientError as error:
            raise PeerUnreachable(f"{type(error).__name__}: {error}") from error
