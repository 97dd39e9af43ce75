"""The dashboard's live stream over a WebSocket (docs/live.md)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import ValidationError

from QMSLibrary.contract.faults import faults
from QMSLibrary.contract.live import LiveGone, LiveReady, LiveRefused, LiveUpdate, Subscribe
from QMSLibrary.contract.roles import Role

from .errors import BadAnswer, ConnectionLost, InvalidRequest, QMSError, ServiceTooSlow, ServiceUnreachable, excerpt
from .http import HttpService

if TYPE_CHECKING:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import ClientConnection

_SAID: Final[dict[str, type[LiveReady | LiveUpdate | LiveGone | LiveRefused]]] = {
    "ready": LiveReady,
    "update": LiveUpdate,
    "gone": LiveGone,
    "refused": LiveRefused,
}
_GOODBYE: Final = 1.0
"""Seconds that the other end has for a goodbye."""


class WebSocketStream:
    """One connection, with one subscription."""

    def __init__(self, http: HttpService, path: str, role: Role, wanted: Subscribe) -> None:
        self._http = http
        self._path = path
        self._role = role
        self._wanted = wanted
        self._stack = ExitStack()
        self._connection: ClientConnection | None = None
        self._interrupted = False

    def __enter__(self) -> Self:
        for attempt in (1, 2):
            proof = dict(self._http.proof(self._role))
            refused = self._connect(proof)
            if refused is None:
                break
            status, error = refused
            if status != 401 or attempt == 2 or not self._http.renewed(self._role, proof):
                raise error
        assert self._connection is not None
        if self._interrupted:
            self.interrupt()
        self._send(self._wanted.model_dump_json())
        return self

    def _connect(self, proof: dict[str, str]) -> tuple[int, QMSError] | None:
        from websockets.exceptions import InvalidHandshake, InvalidStatus
        from websockets.sync.client import connect

        url = urlsplit(self._http.url)
        address = url._replace(scheme="wss" if url.scheme == "https" else "ws", path=self._path).geturl()
        began = perf_counter()
        try:
            self._connection = self._stack.enter_context(
                connect(
                    address,
                    additional_headers=proof,
                    compression=None,
                    open_timeout=self._http.patience,
                    close_timeout=_GOODBYE,
                    proxy=None if url.hostname in ("127.0.0.1", "localhost", "::1") else True,
                    max_queue=(4096, 1024),
                )
            )
        except InvalidStatus as error:
            return error.response.status_code, self._said_no(error)
        except TimeoutError:
            raise ServiceTooSlow(
                f"The {self._http.service} service did not answer {self._where} within {self._http.patience:g} s "
                f"(waited {perf_counter() - began:.1f} s). Look at its log and its load.",
                **self._known,
            ) from None
        except InvalidHandshake as error:
            raise BadAnswer(
                f"The {self._http.service} service answered {self._where} with something that is no WebSocket: "
                f"{excerpt(str(error))}. Look whether the address is the QMS's own, and whether something between "
                "here and there does not let WebSockets through.",
                **self._known,
            ) from None
        except OSError as error:
            raise ServiceUnreachable(
                f"The {self._http.service} service cannot be reached at {self._http.url} "
                f"({(error.strerror or 'no answer').lower()}). Expected it to answer {self._where}. Look whether it "
                "runs (qms status) and whether its address in the environment file is right.",
                **self._known,
            ) from None
        return None

    def _said_no(self, error: InvalidStatus) -> QMSError:
        import httpx

        answer = error.response
        response = httpx.Response(
            answer.status_code, headers=list(answer.headers.raw_items()), content=bytes(answer.body or b"")
        )
        if answer.status_code == 404:
            return BadAnswer(
                f"The {self._http.service} service has no live stream: it answered {self._where} with 404. Expected a "
                "WebSocket. Leave this case out for this environment, or name an adapter that has one.",
                **self._known,
            )
        return self._http.refused(response, "GET", self._path, self._role)

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[LiveReady | LiveUpdate | LiveGone]:
        from websockets.exceptions import ConnectionClosed

        assert self._connection is not None, "enter it first"
        try:
            while True:
                said = self._read(self._connection.recv())
                if isinstance(said, LiveRefused):
                    raise InvalidRequest(
                        f"The {self._http.service} service refused the subscription: {said.reason}: {said.detail} "
                        f"(asked for {self._wanted.model_dump_json()})",
                        **self._known,
                        code=said.reason,
                        detail=said.detail,
                    )
                if said is not None:
                    yield said
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code == 1000:
                return
            why = f"code {closed.rcvd.code} {closed.rcvd.reason}".rstrip() if closed.rcvd else "without a goodbye"
            raise ConnectionLost(
                f"The live stream of the {self._http.service} service was ended ({why}). Expected it to last. Look at "
                "its log: it may have crashed or been restarted.",
                **self._known,
            ) from None

    def interrupt(self) -> None:
        """Shut the socket down: as if the network had gone."""
        self._interrupted = True
        if self._connection is not None:
            with suppress(OSError):
                self._connection.socket.shutdown(socket.SHUT_RDWR)

    def _send(self, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        assert self._connection is not None
        try:
            self._connection.send(text)
        except ConnectionClosed:
            raise ConnectionLost(
                f"{self._where}: the connection broke before anything was said.", **self._known
            ) from None

    def _read(self, text: str | bytes) -> LiveReady | LiveUpdate | LiveGone | LiveRefused | None:
        try:
            message = json.loads(text)
            kind = _SAID.get(message["op"])
            return None if kind is None else kind.model_validate(message)
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            fault = faults(error, 1)[0] if isinstance(error, ValidationError) else "no JSON object with an op"
            raise BadAnswer(
                f"The live stream of the {self._http.service} service said something that is not what the contract "
                f"promises ({fault}): {excerpt(text if isinstance(text, str) else repr(text))}",
                **self._known,
            ) from None

    @property
    def _where(self) -> str:
        return f"GET {self._http.url}{self._path}"

    @property
    def _known(self) -> dict[str, Any]:
        return {"service": self._http.service, "method": "GET", "path": self._path}
