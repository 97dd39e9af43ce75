"""One HTTP/1.1 connection to another service, as small as it can be.

Services speak to each other some thirty times for one review. A general client spends about a millisecond of processor
time on each request, a large part of what a review costs; this one speaks only what our own servers answer (no
redirects, no cookies, no compression). Errors are httpx's, because callers need not know the difference.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httptools
import httpx

_MAXIMUM_ANSWER: Final = 64 << 20


@dataclass(slots=True)
class Answer:
    """What came back."""

    status_code: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name."""

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")


class Wire(asyncio.Protocol):
    """A connection that carries one request after the other."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiting: asyncio.Future[Answer] | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._headers: dict[str, str] = {}

    @classmethod
    async def connect(cls, url: str, tls: ssl.SSLContext | None, timeout: float) -> Wire:
        """Connect to the server of ``url``. Raises httpx.ConnectError or httpx.ConnectTimeout."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        try:
            async with asyncio.timeout(timeout):
                _, wire = await asyncio.get_running_loop().create_connection(
                    cls, parts.hostname or "", port, ssl=tls if secure else None
                )
        except TimeoutError:
            raise httpx.ConnectTimeout(f"no connection to {parts.netloc} within {timeout:g} s") from None
        except OSError as error:
            raise httpx.ConnectError(f"no connection to {parts.netloc}: {error}") from None
        return wire

    @property
    def usable(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing() and self._waiting is None

    async def request(self, head: bytes, content: bytes, timeout: float) -> Answer:
        """Send one request and wait for its answer. Raises httpx.ReadTimeout, ReadError or RemoteProtocolError."""
        if not self.usable:
            raise httpx.ReadError("the connection was closed")
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(head + content)
        try:
            async with asyncio.timeout(timeout):
                return await self._waiting
        except TimeoutError:
            raise httpx.ReadTimeout(f"no answer within {timeout:g} s") from None
        finally:
            if not self._waiting.done() or self._waiting.cancelled() or self._waiting.exception() is not None:
                self.close()  # whatever still comes would be taken for the next request's answer
            self._waiting = None

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol

    def connection_made(self, transport: Any) -> None:
        """The connection stands. uvloop's transports are asyncio's by behaviour, not by class."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(f"the answer is no HTTP: {error}"))
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The other side has gone."""
        self._fail(httpx.ReadError(f"the connection broke: {error or 'closed'}"))

    # --- httptools' callbacks

    def on_message_begin(self) -> None:
        """An answer begins."""
        self._chunks, self._headers, self._size = [], {}, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        self._size += len(data)
        if self._size > _MAXIMUM_ANSWER:
            self._fail(httpx.RemoteProtocolError(f"the answer has more than {_MAXIMUM_ANSWER >> 20} MiB"))
            self.close()
        self._chunks.append(data)

    def on_message_complete(self) -> None:
        """The answer is there."""
        if self._waiting is None or self._waiting.done():
            self.close()  # nobody asked
            return
        status = self._parser.get_status_code()
        self._waiting.set_result(Answer(status, b"".join(self._chunks), self._headers))
        if not self._parser.should_keep_alive():
            self.close()

    def _fail(self, error: httpx.HTTPError) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)
