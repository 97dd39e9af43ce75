"""Refusing a request in words: RFC 9457 problem documents."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from starlette.responses import Response

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.problems import CORRELATION_HEADER, PROBLEM_JSON, FieldError, Problem

if TYPE_CHECKING:
    from .context import Context
    from .identity import Identity

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefusalRecord:
    """What the audit trail shall say about a refusal."""

    action: AuditAction
    object: str
    before: Any = None
    after: Any = None
    reason: str | None = None


class Refusal(Exception):  # noqa: N818 - it is no fault of the service
    """A request that is not done. Raised inside ``store.write`` it also undoes the transaction.

    ``detail`` says what was wrong, what was expected and what to do. With ``record`` the refusal itself is put on the
    audit trail, in a transaction of its own.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: list[FieldError] | None = None,
        record: RefusalRecord | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors or []
        self.record = record
        self.headers = headers or {}


def not_found(what: str, key: str) -> Refusal:
    """There is no ``what`` called ``key``."""
    return Refusal(404, "not_found", f"There is no {what} {key!r}.")


def field_refused(field: str, message: str) -> Refusal:
    """One field or parameter is not as it must be."""
    return Refusal(422, "invalid_body", f"{field}: {message}", errors=[FieldError(field=field, message=message)])


def problem_response(refusal: Refusal, correlation_id: str, instance: str | None) -> Response:
    """``refusal`` as it goes over the wire."""
    problem = Problem(
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        detail=refusal.detail,
        code=refusal.code,
        instance=instance,
        correlation_id=correlation_id,
        errors=refusal.errors,
    )
    headers = {CORRELATION_HEADER: correlation_id, **refusal.headers}
    return Response(problem.model_dump_json(), refusal.status, headers, PROBLEM_JSON)


async def record_refusal(context: Context, refusal: Refusal, actor: Identity, correlation_id: str) -> None:
    """Put the refusal on the audit trail, if it belongs there, in a transaction of its own."""
    record = refusal.record
    if record is None:
        return

    def write(connection: Connection) -> None:
        context.audit(
            connection,
            record.action,
            record.object,
            actor=actor,
            correlation_id=correlation_id,
            before=record.before,
            after=record.after,
            reason=record.reason,
        )

    try:
        await context.store.write(write)
    except DBAPIError:
        _LOG.exception("the refusal of %s could not be recorded", record.object)
