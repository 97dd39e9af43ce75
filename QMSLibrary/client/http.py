"""One service over HTTP: pooled connections, time limits, log-in, and errors in words. Adapters may use it too."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from QMSLibrary.contract.faults import faults
from QMSLibrary.contract.model import Model, noun
from QMSLibrary.contract.problems import CORRELATION_HEADER, Problem
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

from .errors import (
    BadAnswer,
    ConnectionLost,
    QMSError,
    ServiceFailed,
    ServiceTooSlow,
    ServiceUnreachable,
    excerpt,
    refusal,
)
from .recorder import current_exchange

if TYPE_CHECKING:
    import httpx

M = TypeVar("M", bound=Model)
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_STATUS_ADVICE: Final = {
    401: "Look at the account of this role in the environment file.",
    403: "Give another role with as_role=…, or look at the roles in the contract.",
    404: "Look whether the id belongs to this environment.",
    413: "Send less.",
}


class Authority(Protocol):
    """Who proves to a service who we are."""

    def headers(self, role: Role) -> Mapping[str, str]:
        """The headers that carry the proof."""

    def renew(self, role: Role, refused: Mapping[str, str]) -> bool:
        """Called once after a 401 with the headers that were refused; True when asking again makes sense."""


class HttpService:
    """A service at a root URL. Safe across threads; one connection pool of its own."""

    def __init__(self, service: Service, url: str, authority: Authority, timeout: timedelta) -> None:
        import logging

        import httpx

        for name in ("httpx", "httpcore"):
            # It announces every request, and Robot shows it: the keyword's own line says more. A level that somebody
            # has chosen stands.
            log = logging.getLogger(name)
            if log.level == logging.NOTSET:
                log.setLevel(logging.WARNING)
        self.service = service
        self.url = url.rstrip("/")
        self._authority = authority
        self._timeout = timeout
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise QMSError(
                f"{url!r} is no address for the {service} service. Expected something like http://host:8080.",
                service=service,
            )
        self._client = httpx.Client(
            base_url=self.url,
            timeout=httpx.Timeout(timeout.total_seconds(), pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            # A proxy for the outside world is not for this machine; certificates for plain HTTP cost 40 ms to load.
            trust_env=parts.hostname not in _LOCAL,
            verify=parts.scheme == "https",
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self._client.close()

    def get(self, path: str, answer: type[M], role: Role | None, query: Mapping[str, Any] | None = None) -> M:
        """``GET`` a model. Absent (None) query values are left out."""
        return self.call("GET", path, answer, role, query=query)

    def call(
        self,
        method: str,
        path: str,
        answer: type[M],
        role: Role | None,
        *,
        body: Model | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> M:
        """Ask, and read the answer as ``answer``; role None asks without a proof of who we are."""
        content = None if body is None else body.model_dump_json().encode()
        response = self.request(method, path, role, content=content, query=query)
        return self.read(answer, response)

    def json(
        self, method: str, path: str, role: Role | None, *, body: Any = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        """Ask, and give the answer's JSON as it is: for adapters, which translate it."""
        import json

        content = None if body is None else json.dumps(body).encode()
        response = self.request(method, path, role, content=content, query=query)
        try:
            return response.json()
        except ValueError as error:
            raise self._bad_answer(response, "an answer in JSON", str(error)) from None

    def request(
        self,
        method: str,
        path: str,
        role: Role | None,
        *,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """One request, with one renewal of the log-in after a 401. Raises QMSError for everything but 2xx."""
        exchange = current_exchange()
        correlation_id = exchange.correlation_id or uuid.uuid4().hex
        params = {name: str(value) for name, value in (query or {}).items() if value is not None}
        for attempt in (1, 2):
            proof = dict(self._authority.headers(role)) if role is not None else {}
            headers = {**proof, CORRELATION_HEADER: correlation_id, "Accept": "application/json"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            exchange.sending(method, path, correlation_id)
            response = self._send(method, path, headers, content, params, correlation_id)
            exchange.answered(response.status_code, response.headers.get(CORRELATION_HEADER))
            if response.is_success:
                return response
            if response.status_code == 401 and attempt == 1 and role is not None and self._authority.renew(role, proof):
                continue
            break
        raise self.refused(response, method, path, role)

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        params: Mapping[str, str],
        correlation_id: str,
    ) -> httpx.Response:
        import httpx

        began = perf_counter()
        try:
            return self._client.request(method, path, headers=headers, content=content, params=params or None)
        except httpx.HTTPError as error:
            raise self.trouble(error, method, path, perf_counter() - began, correlation_id) from error

    def trouble(
        self, error: httpx.HTTPError, method: str, path: str, waited: float, correlation_id: str | None = None
    ) -> QMSError:
        """An error of the transport, in words."""
        import httpx

        known: dict[str, Any] = {
            "service": self.service,
            "method": method,
            "path": path,
            "correlation_id": correlation_id,
        }
        where = f"{method} {self.url}{path}"
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            reason = re.sub(r"\[Errno -?\d+\] ", "", str(error)).lower() or "no answer"
            return ServiceUnreachable(
                f"The {self.service} service cannot be reached at {self.url} ({reason}). "
                f"Expected it to answer {method} {path}. Look whether it runs (qms status) and whether its address "
                "in the environment file is right.",
                **known,
            )
        if isinstance(error, httpx.TimeoutException):
            return ServiceTooSlow(
                f"The {self.service} service did not answer {where} within {self._timeout.total_seconds():g} s "
                f"(waited {waited:.1f} s). Look at its log and its load; the environment's time limit can be raised.",
                **known,
            )
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError | httpx.CloseError):
            return ConnectionLost(
                f"The {self.service} service closed the connection in the middle of {where} ({error}). Expected a "
                "whole answer. Look at its log: it may have crashed or been restarted. Whether it did what was asked "
                "is not known.",
                **known,
            )
        return QMSError(f"{where} of the {self.service} service failed: {error}", **known)

    def read(self, answer: type[M], response: httpx.Response) -> M:
        """The answer as a model. Raises BadAnswer that names what was expected and what was seen."""
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            raise self._bad_answer(response, f"a {noun(answer)} in JSON", "; ".join(faults(error))) from None

    def _bad_answer(self, response: httpx.Response, expected: str, fault: str) -> BadAnswer:
        kind = response.headers.get("content-type", "no content type")
        seen = excerpt(response.text) or "nothing"
        request = response.request
        return BadAnswer(
            f"The {self.service} service answered {request.method} {request.url} with {response.status_code} and "
            f"something that is not what the contract promises. Expected {expected}; {fault}. "
            f"Seen ({kind}): {seen} — Look whether the address is the QMS's own (not a proxy's or a log-in page) and "
            "whether its version fits this library.",
            service=self.service,
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            correlation_id=response.headers.get(CORRELATION_HEADER),
        )

    def refused(self, response: httpx.Response, method: str, path: str, role: Role | None) -> QMSError:
        """An answer that says no, in words."""
        status = response.status_code
        known: dict[str, Any] = {"service": self.service, "method": method, "path": path, "status": status}
        where = f"{method} {self.url}{path}"
        acting = f" as {role}" if role is not None else ""
        try:
            problem = Problem.model_validate_json(response.content)
        except ValidationError:
            known["correlation_id"] = response.headers.get(CORRELATION_HEADER)
            known["detail"] = excerpt(response.text)
            if status < 400:
                return BadAnswer(
                    f"The {self.service} service answered {where} with {status} (to "
                    f"{response.headers.get('location', 'nowhere')}). Expected 2xx. Look whether the address in the "
                    "environment file is the QMS's own and has no path.",
                    **known,
                )
            kind = response.headers.get("content-type", "no content type")
            message = (
                f"The {self.service} service answered {where}{acting} with {status}, without saying why in a problem "
                f"document. Seen ({kind}): {excerpt(response.text) or 'nothing'} — Look at its log."
            )
        else:
            known |= {"code": problem.code, "detail": problem.detail, "correlation_id": problem.correlation_id}
            # What the detail has said already is not said twice, and each sentence has one full stop.
            told = [one for one in problem.errors if f"{one.field}: {one.message}" not in problem.detail]
            fields = "".join(f" Field {one.field}: {one.message.rstrip('.')}." for one in told)
            advice = _STATUS_ADVICE.get(status, "")
            message = (
                f"The {self.service} service answered {where}{acting} with {status} {problem.code}: {problem.detail}"
                f"{'' if problem.detail.endswith('.') else '.'}{fields} {advice} "
                f"(correlation id {problem.correlation_id})".replace("  ", " ")
            )
        if status >= 500:
            return ServiceFailed(message + f" Look at the log of the {self.service} service.", **known)
        return refusal(status)(message, **known)

    def proof(self, role: Role) -> Mapping[str, str]:
        """The headers that prove who we are, for a connection that this class does not make."""
        return self._authority.headers(role)

    def renewed(self, role: Role, refused: Mapping[str, str]) -> bool:
        """Whether it is worth trying again after ``refused`` was answered with 401."""
        return self._authority.renew(role, refused)

    @property
    def patience(self) -> float:
        """Seconds that an answer may take."""
        return self._timeout.total_seconds()

    @contextmanager
    def stream(self, path: str, role: Role, headers: Mapping[str, str], silence: float) -> Iterator[httpx.Response]:
        """An answer that goes on; ``silence`` is how long it may say nothing, in seconds."""
        import httpx

        limit = httpx.Timeout(self._timeout.total_seconds(), read=silence, pool=None)
        for attempt in (1, 2):
            proof = dict(self._authority.headers(role))
            asked = {**proof, **headers, "Accept": "text/event-stream"}
            with self._client.stream("GET", path, headers=asked, timeout=limit) as response:
                if response.is_success:
                    yield response
                    return
                response.read()
                if response.status_code == 401 and attempt == 1 and self._authority.renew(role, proof):
                    continue
                raise self.refused(response, "GET", path, role)


def translate(answer: type[M], value: Any, service: Service, what: str) -> M:
    """Read a translated answer as a contract model: what an adapter ends with.

    Raises BadAnswer that names the fields the adapter did not fill.
    """
    try:
        return TypeAdapter(answer).validate_python(value)
    except ValidationError as error:
        raise BadAnswer(
            f"The adapter's translation of {what} from the {service} service is no {noun(answer)}: "
            f"{'; '.join(faults(error))}. Seen: {excerpt(repr(value))} — Mend the adapter.",
            service=service,
        ) from None
