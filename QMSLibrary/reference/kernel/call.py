"""One request, as a handler sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, TypeVar
from uuid import uuid4

import orjson
from pydantic import ValidationError
from starlette.requests import HTTPConnection, Request

from QMSLibrary.contract import model
from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.faults import in_words
from QMSLibrary.contract.problems import CORRELATION_HEADER, FieldError
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routes import PUBLIC, Route

from .context import Context
from .identity import ANONYMOUS, Identity
from .refusals import Refusal, RefusalRecord, field_refused, not_found
from .tokens import TokenRefusedError

BodyT = TypeVar("BodyT", bound=model.Model)
MAXIMUM_BODY: Final = 8 << 20
"""Bytes of a request's body."""
_PATIENCE: Final = (
    64 << 20
)  # So much of a body that is too large is read and thrown away, so that its sender hears why.
_CORRELATION: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_MAXIMUM_PAGE: Final = 500
_PAGE: Final = 100
_SHOWN_ERRORS: Final = 20
_NUL: Final = b"\\u0000"
_FREE_FIELD: Final = "content"


@dataclass(slots=True)
class Call(Generic[BodyT]):
    """A request that has passed all checks of its route."""

    context: Context
    route: Route
    identity: Identity
    correlation_id: str
    parts: dict[str, str]
    """The parts of the path."""
    query: dict[str, Any]
    """The route's query and header parameters that were given, converted to their types."""
    request: Request
    given: BodyT | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> BodyT:
        """The body, validated."""
        assert self.given is not None, f"{self.route.name} has no body in the contract"
        return self.given

    @property
    def limit(self) -> int:
        """Items wanted on a page."""
        limit = self.query.get("limit", _PAGE)
        if not 1 <= limit <= _MAXIMUM_PAGE:
            raise field_refused("limit", f"must be from 1 to {_MAXIMUM_PAGE}, not {limit}.")
        return int(limit)

    @property
    def cursor(self) -> int | None:
        """Where the page begins: the number that the page before gave as ``next_cursor``."""
        cursor = self.query.get("cursor")
        if cursor is None:
            return None
        if not re.fullmatch(r"[0-9]{1,18}", cursor):
            raise field_refused("cursor", "must be the next_cursor of the page before.")
        return int(cursor)


def correlation_of(request: HTTPConnection) -> str:
    """The request's correlation id, made when it has none."""
    given = request.headers.get(CORRELATION_HEADER)
    if given is None:
        return uuid4().hex
    if not _CORRELATION.fullmatch(given):
        raise field_refused(CORRELATION_HEADER, "must be 1 to 128 letters, digits, dots, colons, dashes, underscores.")
    return given


def authenticate(request: Request, route: Route, context: Context) -> Identity:
    """Who is calling. Raises Refusal (401) when the route is not public and the token proves nothing."""
    return ANONYMOUS if route.access == PUBLIC else identity_of(request, route, context)


def identity_of(request: HTTPConnection, route: Route, context: Context, token: str | None = None) -> Identity:
    """Who ``token`` proves to be calling; by default the bearer token. Raises Refusal (401)."""
    where = f"{route.method} {request.url.path}"
    if token is None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("A bearer token is needed. Log in at orchestration's /api/auth/token.", where)
    try:
        return context.tokens.verify(token.strip())
    except TokenRefusedError as error:
        raise _unauthorized(str(error), where) from None


def authorize(identity: Identity, request: HTTPConnection, route: Route) -> None:
    """Raises Refusal (403) when ``identity`` may not use the route."""
    if route.access == PUBLIC or _allowed(identity, route):
        return
    raise Refusal(
        403,
        "forbidden",
        f"{route.method} {route.path} {_needed(route)}; {identity.name} is {identity.role}.",
        record=RefusalRecord(AuditAction.ACCESS_REFUSED, f"{route.method} {request.url.path}", reason="forbidden"),
    )


def _allowed(identity: Identity, route: Route) -> bool:
    if identity.is_agent:
        return route.agents_too or (route.access is Role.DEVELOPER and route.method == "GET")
    if identity.is_service:
        # Services read what every person may read, and use what was made for them. They do no person's acts.
        reads = route.access is Role.DEVELOPER and route.method == "GET"
        return reads or route.services_too or not isinstance(route.access, Role)
    # What is for services is for no person: an admin who could write audit entries could write anybody's.
    return isinstance(route.access, Role) and identity.may_act_as(route.access)


def _needed(route: Route) -> str:
    return f"needs the role {route.access} or higher" if isinstance(route.access, Role) else "is for services alone"


def _unauthorized(detail: str, where: str) -> Refusal:
    return Refusal(
        401,
        "unauthorized",
        detail,
        headers={"WWW-Authenticate": "Bearer"},
        record=RefusalRecord(AuditAction.ACCESS_REFUSED, where, reason=detail),
    )


async def read_body(request: Request) -> bytes:
    """The whole body. Raises Refusal (413) when it is larger than MAXIMUM_BODY."""
    size = 0
    chunks: list[bytes] = []
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAXIMUM_BODY:
            chunks.append(chunk)
        elif size > _PATIENCE:
            break
        else:
            chunks.clear()
    if size > MAXIMUM_BODY:
        raise Refusal(
            413,
            "too_large",
            f"The body has more than {MAXIMUM_BODY >> 20} MiB. Nothing was stored.",
            headers={"Connection": "close"},
        )
    return b"".join(chunks)


def parse_body(kind: type[BodyT], raw: bytes) -> BodyT:
    """``raw`` as the contract's model. Raises Refusal: 400 for what is no JSON, 422 for what is not as it must be."""
    try:
        body = kind.model_validate_json(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        if problems and problems[0]["type"] == "json_invalid":
            raise Refusal(400, "malformed_json", f"The body is no JSON: {problems[0]['msg']}.") from None
        errors = [
            FieldError(field=".".join(str(part) for part in one["loc"]) or "body", message=in_words(one))
            for one in problems[:_SHOWN_ERRORS]
        ]
        detail = "; ".join(f"{one.field}: {one.message}" for one in errors)
        raise Refusal(422, "invalid_body", detail, errors=errors) from None
    if _NUL in raw:
        _refuse_nul(orjson.loads(raw), "body")
    return body


def _refuse_nul(value: Any, where: str) -> None:
    """NUL is in no name, title or sentence, and PostgreSQL stores it in none. A file may hold what it likes."""
    if isinstance(value, str) and "\x00" in value:
        raise field_refused(where, "must not contain NUL characters.")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _refuse_nul(item, f"{where}.{number}")
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_nul(name, where)
            if name != _FREE_FIELD:
                _refuse_nul(item, f"{where}.{name}")


def parts_of(request: Request) -> dict[str, str]:
    """The parts of the path. Raises Refusal (404) for what cannot be the name of anything."""
    parts = {name: str(value) for name, value in request.path_params.items()}
    for name, value in parts.items():
        if "\x00" in value:
            raise not_found(name, value)
    return parts


def parse_query(request: Request, route: Route) -> dict[str, Any]:
    """The route's parameters that were given. Raises Refusal (422) for unknown ones and wrong values."""
    values: dict[str, Any] = {}
    known = {parameter.name: parameter for parameter in route.query}
    for name in request.query_params:
        if name not in known or known[name].place != "query":
            names = ", ".join(key for key, one in known.items() if one.place == "query") or "none"
            raise field_refused(name, f"is no parameter of {route.method} {route.path}. It has: {names}.")
    for name, parameter in known.items():
        source = request.query_params if parameter.place == "query" else request.headers
        if (text := source.get(name)) is not None:
            values[name] = _converted(name, text, parameter.type)
    return values


def _converted(name: str, text: str, kind: type) -> Any:
    if "\x00" in text:
        raise field_refused(name, "must not contain NUL characters.")  # no database could have stored one
    try:
        return kind(text)
    except ValueError:
        if issubclass(kind, Enum):
            wanted = "one of " + ", ".join(str(member.value) for member in kind)
        else:
            wanted = f"of the type {kind.__name__}"
        raise field_refused(name, f"must be {wanted}, not {text!r}.") from None
