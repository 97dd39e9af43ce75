"""Server-sent events over HTTP, as the contract's services send them."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from time import perf_counter
from typing import TYPE_CHECKING, Final, Self

from pydantic import ValidationError

from QMSLibrary.contract.events import Event
from QMSLibrary.contract.faults import faults
from QMSLibrary.contract.roles import Role

from .errors import BadAnswer, ConnectionLost, excerpt
from .http import HttpService
from .protocols import Streamed

if TYPE_CHECKING:
    import httpx

SILENCE: Final = 35.0
"""Seconds without a sign of life after which a stream is given up. Services send one every ten seconds."""


def frames(chunks: Iterable[bytes]) -> Iterator[tuple[str | None, str | None, str | None]]:
    """Cut a stream into ``(id, data, comment)``: data for a message, comment for a comment line.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation, without ``retry``.
    """
    rest = b""
    position: str | None = None
    data: list[str] = []
    for chunk in chunks:
        rest += chunk
        if rest.endswith(b"\r"):
            continue  # the line's other half may be on its way
        *lines, rest = rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for raw in lines:
            line = raw.decode("utf-8", "replace")
            if not line:
                if data:
                    yield position, "\n".join(data), None
                data = []
            elif line.startswith(":"):
                yield position, None, line[1:].strip()
            else:
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "data":
                    data.append(value)
                elif name == "id":
                    position = value


class HttpEventStream:
    """One subscription to one service's stream."""

    def __init__(self, http: HttpService, path: str, role: Role, after: str | None) -> None:
        self._http = http
        self._path = path
        self._role = role
        self._after = after
        self._stack = ExitStack()
        self._response: httpx.Response | None = None
        self._interrupted = False

    def __enter__(self) -> Self:
        import httpx

        headers = {"Cache-Control": "no-cache", "Accept-Encoding": "identity"}
        if self._after is not None:
            headers["Last-Event-ID"] = self._after
        began = perf_counter()
        try:
            response = self._stack.enter_context(self._http.stream(self._path, self._role, headers, SILENCE))
        except httpx.HTTPError as error:
            raise self._http.trouble(error, "GET", self._path, perf_counter() - began) from error
        kind = response.headers.get("content-type", "")
        if not kind.startswith("text/event-stream"):
            self._stack.close()
            raise BadAnswer(
                f"The {self._http.service} service answered GET {self._http.url}{self._path} with "
                f"{kind or 'no content type'}. Expected text/event-stream. Look whether the address is the QMS's own.",
                service=self._http.service,
                method="GET",
                path=self._path,
                status=response.status_code,
            )
        self._response = response
        if self._interrupted:
            self.interrupt()
        return self

    def __exit__(self, *exception: object) -> None:
        import httpx

        with suppress(httpx.HTTPError, OSError):
            self._stack.close()

    def __iter__(self) -> Iterator[Streamed]:
        import httpx

        assert self._response is not None, "enter it first"
        began = perf_counter()
        try:
            for position, data, comment in frames(self._response.iter_raw()):
                if data is None:
                    yield Streamed(_ready(comment or "") or position)
                    continue
                yield _read(position, data)
        except httpx.ReadTimeout:
            raise ConnectionLost(
                f"The event stream of the {self._http.service} service was silent for {SILENCE:g} s. Expected a sign "
                "of life every 10 s. Look whether something between here and there holds answers back.",
                service=self._http.service,
                method="GET",
                path=self._path,
            ) from None
        except httpx.HTTPError as error:
            raise self._http.trouble(error, "GET", self._path, perf_counter() - began) from error

    def interrupt(self) -> None:
        """Shut the socket down: a read in another thread ends at once."""
        self._interrupted = True
        if self._response is None:
            return
        stream = self._response.extensions.get("network_stream")
        connection = stream.get_extra_info("socket") if stream is not None else None
        if isinstance(connection, socket.socket):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _ready(comment: str) -> str | None:
    """The position that ``: ready 17`` tells, so that a stream that drops before its first event resumes right."""
    word, _, position = comment.partition(" ")
    return position.strip() or None if word == "ready" else None


def _read(position: str | None, data: str) -> Streamed:
    try:
        return Streamed(position, Event.model_validate_json(data))
    except ValidationError as error:
        return Streamed(position, note=f"an entry that is no event ({faults(error, 1)[0]}): {excerpt(data)}")
