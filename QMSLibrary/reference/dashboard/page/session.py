"""Who looks at the page, and whether a form is really theirs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.live import SESSION_COOKIE
from QMSLibrary.contract.pages import CSRF_FIELD
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routes import Route
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel.call import read_body
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import ANONYMOUS, Identity
from QMSLibrary.reference.kernel.refusals import Refusal, RefusalRecord
from QMSLibrary.reference.kernel.tokens import TokenRefusedError

from .words import ROLES

_LARGEST_FORM: Final = 64 << 10
"""Bytes; the largest form has three short fields."""
_MOST_FIELDS: Final = 20


def who(request: Request, context: Context) -> Identity:
    """The person whose session it is; ANONYMOUS without one that is valid."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return ANONYMOUS
    try:
        identity = context.tokens.verify(token)
    except TokenRefusedError:
        return ANONYMOUS
    return ANONYMOUS if identity.is_service else identity


def csrf_of(request: Request) -> str:
    """What a form of this session has to send along.

    Only who knows the session's token can compute it, and no page of somebody else's can read it.
    """
    token = request.cookies.get(SESSION_COOKIE, "")
    return hmac.new(
        token.encode("utf-8", "surrogatepass"), b"a form of the dashboard's page", hashlib.sha256
    ).hexdigest()


def begin(response: Response, context: Context, token: str, seconds: int) -> None:
    """Have the browser keep the token: for this site alone, and out of reach of any script."""
    response.set_cookie(
        SESSION_COOKIE, token, max_age=seconds, secure=_secure(context), httponly=True, samesite="strict"
    )


def end(response: Response, context: Context) -> None:
    """Have the browser forget the token."""
    response.delete_cookie(SESSION_COOKIE, secure=_secure(context), httponly=True, samesite="strict")


def _secure(context: Context) -> bool:
    return context.settings.url(Service.DASHBOARD).startswith("https:")


async def form_of(request: Request, *, of_session: bool = True) -> Mapping[str, str]:
    """The fields of a form that was sent from this page.

    Raises Refusal: 403 when it came from elsewhere, 400, 413, 415 and 422 when it cannot be read.
    """
    origin = request.headers.get("Origin", "")
    if not origin or urlsplit(origin).netloc != request.headers.get("Host"):
        raise _forged(request, "The form was not sent from this page. Nothing was done. Open the page and try again.")
    raw = await read_body(request)
    if len(raw) > _LARGEST_FORM:
        raise Refusal(413, "too_large", f"The form has more than {_LARGEST_FORM >> 10} KiB. Nothing was done.")
    if not request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        raise Refusal(415, "unsupported", "Only forms as browsers send them are taken here. Nothing was done.")
    try:
        fields = dict(
            parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        )
    except ValueError:
        raise Refusal(400, "malformed_form", "The form cannot be read. Nothing was done.") from None
    if any("\x00" in value for value in fields.values()):
        raise Refusal(422, "invalid_body", "The form has NUL characters in it. Nothing was done.")
    if of_session and not hmac.compare_digest(fields.pop(CSRF_FIELD, "").encode(), csrf_of(request).encode()):
        raise _forged(
            request, "The form belongs to another session than yours. Nothing was done. Reload the page and try again."
        )
    return fields


def _forged(request: Request, detail: str) -> Refusal:
    record = RefusalRecord(AuditAction.ACCESS_REFUSED, f"POST {request.url.path}", reason="forged_form")
    return Refusal(403, "forged_form", detail, record=record)


def logged_in(identity: Identity) -> Identity:
    """The person. Raises Refusal (401) when nobody is logged in."""
    if identity is ANONYMOUS:
        raise Refusal(401, "unauthorized", "You are not logged in, or your session has ended. Log in again.")
    return identity


def may(identity: Identity, route: Route) -> bool:
    """Whether the person may do what ``route`` does."""
    return isinstance(route.access, Role) and identity is not ANONYMOUS and identity.may_act_as(route.access)


def must(identity: Identity, route: Route, request: Request, what: str) -> None:
    """Raises Refusal (403), in words and on the audit trail, unless the person may do what ``route`` does."""
    if may(identity, route):
        return
    assert isinstance(route.access, Role)
    raise Refusal(
        403,
        "forbidden",
        f"{what} needs the role {ROLES[route.access]} or a higher one. You are logged in as {identity.name}, whose "
        f"role is {ROLES[Role(identity.role)]}. Nothing was done.",
        record=RefusalRecord(AuditAction.ACCESS_REFUSED, f"POST {request.url.path}", reason="forbidden"),
    )
