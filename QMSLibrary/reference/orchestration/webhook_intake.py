"""Taking GitHub's webhooks: who proves to know the secret is heard, once for each delivery, and answered at once.

What follows from a delivery is done later (``webhook_work``): it is a row then, and survives a crash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs

from sqlalchemy import Connection, Row, func, select
from starlette.responses import Response

from QMSLibrary.contract import routes
from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.webhooks import (
    DELIVERY_HEADER,
    EVENT_HEADER,
    SIGNATURE_HEADER,
    DeliveryState,
    Hook,
    HookAction,
    HookDelivery,
    HookDeliveryPage,
    HookEvent,
    HookReceipt,
    PingHook,
    PullRequestHook,
)
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.call import Call, parse_body, read_body
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.refusals import Refusal, RefusalRecord

from .tables import webhook_deliveries

_DELIVERY_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_EVENT: Final = re.compile(r"[a-z0-9_]{1,64}")
_SCHEME: Final = "sha256="
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_KINDS: Final[dict[str, type[Hook]]] = {HookEvent.PULL_REQUEST: PullRequestHook, HookEvent.PING: PingHook}
_SHOWN: Final = [webhook_deliveries.c[name] for name in HookDelivery.model_fields]


def add_to(service: Blueprint, wake: Callable[[], None]) -> None:
    """Serve the webhook and the list of what came through it. ``wake`` is called when something is queued."""
    context = service.context

    @service.serve(routes.GITHUB_WEBHOOK)
    async def take(call: Call[Any]) -> Response:
        raw = await read_body(call.request)
        given = call.query.get(SIGNATURE_HEADER)
        if not signed(context.secrets.webhook_secret, raw, given):
            raise _not_proven(call, given)
        content = payload_of(raw, call.request.headers.get("Content-Type", ""))
        event = _header(call, EVENT_HEADER, _EVENT, "lower-case letters, digits and underscores, such as pull_request")
        delivery_id = _header(call, DELIVERY_HEADER, _DELIVERY_ID, "letters, digits and dashes")
        hook = parse_body(_KINDS.get(event, Hook), content)
        receipt = await context.store.write(
            lambda connection: _store(context, connection, delivery_id, event, hook, call.correlation_id)
        )
        if receipt.state is DeliveryState.QUEUED:
            wake()
        status = routes.GITHUB_WEBHOOK.repeat_status if receipt.repeated else routes.GITHUB_WEBHOOK.status
        assert status is not None
        return Response(receipt.model_dump_json(), status, media_type=_JSON)

    @service.serve(routes.WEBHOOK_DELIVERIES)
    async def listed(call: Call[Any]) -> HookDeliveryPage:
        limit, cursor = call.limit, call.cursor
        return await context.store.read(lambda connection: _page(connection, call.query, limit, cursor))


def signature_of(secret: str, raw: bytes) -> str:
    """What the header has to say for this body."""
    return _SCHEME + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def signed(secret: str, raw: bytes, given: str | None) -> bool:
    """Whether ``given`` is the signature of ``raw``; takes the same time whatever is wrong with it."""
    # As bytes: what is compared may hold any character that a header can.
    return hmac.compare_digest(signature_of(secret, raw).encode(), (given or "").encode("utf-8", "surrogateescape"))


def payload_of(raw: bytes, content_type: str) -> bytes:
    """The JSON in the body, which GitHub sends as such or as a form field. Raises Refusal (415, 400)."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _JSON:
        return raw
    if kind != _FORM:
        raise Refusal(415, "unsupported_media_type", f"A webhook is {_JSON} or {_FORM}, not {kind or 'of no kind'!r}.")
    try:
        fields = parse_qs(raw.decode("ascii"), strict_parsing=True, max_num_fields=1, errors="strict")
        return fields["payload"][0].encode()
    except (ValueError, LookupError):
        raise Refusal(400, "malformed_form", "A form has one field, payload, which holds the JSON.") from None


def not_acted_on(event: str, hook: Hook) -> str | None:
    """Why nothing follows from this, in words; None when something does."""
    if isinstance(hook, PingHook):
        return "GitHub asks whether its webhook is heard: it is."
    if not isinstance(hook, PullRequestHook):
        return f"The event {event} has nothing to do with a review; {HookEvent.PULL_REQUEST} has."
    if hook.action not in set(HookAction):
        return f"Nothing follows from {hook.action}; it does from {', '.join(HookAction)}."
    if hook.action == HookAction.CLOSED:
        how = "merged" if hook.pull_request.merged else "closed"
        return f"The pull request was {how}. That begins no review, and one that is under way goes on."
    if hook.pull_request.draft:
        return "The pull request is a draft. Its review begins when it is ready for review."
    return None


def _not_proven(call: Call[Any], given: str | None) -> Refusal:
    if given is not None:
        detail = f"{SIGNATURE_HEADER} is not the signature of this body. Does the sender know the right secret?"
    elif "X-Hub-Signature" in call.request.headers:
        detail = f"X-Hub-Signature is SHA-1, which proves nothing any more. {SIGNATURE_HEADER} is needed."
    else:
        detail = f"{SIGNATURE_HEADER} is needed. Set a secret in the webhook's settings on GitHub."
    where = f"{call.route.method} {call.route.path}"
    return Refusal(
        401,
        "unauthorized",
        detail,
        headers={"WWW-Authenticate": SIGNATURE_HEADER},
        record=RefusalRecord(AuditAction.ACCESS_REFUSED, where, reason=detail),
    )


def _header(call: Call[Any], name: str, pattern: re.Pattern[str], expected: str) -> str:
    value = str(call.query.get(name, ""))
    if not pattern.fullmatch(value):
        raise Refusal(400, "malformed_header", f"{name} must be 1 to 64 {expected}, not {value[:80]!r}.")
    return value


def _store(
    context: Context, connection: Connection, delivery_id: str, event: str, hook: Hook, correlation_id: str
) -> HookReceipt:
    query = select(*_SHOWN).where(webhook_deliveries.c.delivery_id == delivery_id)
    known = connection.execute(query).one_or_none()
    if known is not None:
        return _receipt(known, repeated=True)
    now = wire_time(context.now())
    reason = not_acted_on(event, hook)
    pull_request = hook.pull_request.number if isinstance(hook, PullRequestHook) else None
    values = {
        "delivery_id": delivery_id,
        "event": event,
        "action": hook.action,
        "repository": hook.repository.full_name if hook.repository else None,
        "pull_request": pull_request,
        "sender": hook.sender.login if hook.sender else None,
        "state": (DeliveryState.IGNORED if reason else DeliveryState.QUEUED).value,
        "reason": reason,
        "correlation_id": correlation_id,
        "received_at": now,
        "settled_at": now if reason else None,
        "payload": None if reason else hook.model_dump_json(),
    }
    connection.execute(webhook_deliveries.insert(), values)
    return _receipt(connection.execute(query).one(), repeated=False)


def _receipt(row: Row[Any], *, repeated: bool) -> HookReceipt:
    return HookReceipt(**row._mapping, repeated=repeated)


def _page(connection: Connection, wanted: dict[str, Any], limit: int, cursor: int | None) -> HookDeliveryPage:
    table = webhook_deliveries.c
    filters = [table[name] == str(wanted[name]) for name in ("delivery_id", "repository", "state") if name in wanted]
    total = connection.execute(select(func.count()).select_from(webhook_deliveries).where(*filters)).scalar_one()
    query = select(table.number, *_SHOWN).where(*filters)
    if cursor is not None:
        query = query.where(table.number < cursor)
    rows = connection.execute(query.order_by(table.number.desc()).limit(limit + 1)).all()
    return HookDeliveryPage(
        total=total,
        next_cursor=str(rows[limit - 1].number) if len(rows) > limit else None,
        items=[HookDelivery(**row._mapping) for row in rows[:limit]],
    )
