"""What can go wrong between the library and a QMS, each thing with a message that a tester can act on."""

# ruff: noqa: N818 - the names say what happened; "Error" behind each of them would say nothing more.

from __future__ import annotations

from typing import Any, Final

from QMSLibrary.contract.services import Service

SHOWN: Final = 200
"""Characters of an unexpected answer that a message shows."""


def excerpt(text: str) -> str:
    """The beginning of an answer, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else flat[:SHOWN] + "…"


class QMSError(Exception):
    """The base of all. Its text says what was asked of whom, what came back, and what to look at next."""

    ROBOT_SUPPRESS_NAME = True

    def __init__(
        self,
        message: str,
        *,
        service: Service | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        code: str | None = None,
        detail: str | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.service = service
        self.method = method
        self.path = path
        self.status = status
        self.code = code
        self.detail = detail
        self.correlation_id = correlation_id


class ServiceUnreachable(QMSError):
    """Nobody listens at the address."""


class ServiceTooSlow(QMSError):
    """No answer within the time limit."""


class ConnectionLost(QMSError):
    """The service closed the connection in the middle of its answer."""


class EnvironmentEnded(QMSError):
    """The environment itself has ended: none of its services will answer any more, so nobody need wait for them."""


class BadAnswer(QMSError):
    """An answer that is not what the contract promises: HTML, broken JSON, a missing or wrong field."""


class ServiceFailed(QMSError):
    """The service answered 5xx."""


class Refused(QMSError):
    """The service understood and said no (4xx)."""


class NotAuthenticated(Refused):
    """401: the QMS does not accept who we say we are."""


class Forbidden(Refused):
    """403: the role does not allow it, or duties must be kept apart."""


class NotFound(Refused):
    """404: there is no such thing."""


class Conflict(Refused):
    """409: the state does not allow it."""


class InvalidRequest(Refused):
    """400, 413 or 422: the request cannot be read, is too large, or a field is not as it must be."""


class NoAccount(QMSError):
    """The environment has no account for the role."""


class NotSupported(QMSError):
    """The adapter of this environment cannot do what is asked."""


class AdapterError(QMSError):
    """The adapter named by the environment cannot be used."""


_REFUSALS: Final[dict[int, type[Refused]]] = {
    400: InvalidRequest,
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: InvalidRequest,
    422: InvalidRequest,
}


def refusal(status: int) -> type[Refused]:
    """The class for a 4xx status."""
    return _REFUSALS.get(status, Refused)


def facts(error: QMSError) -> dict[str, Any]:
    """What the history keeps of an error."""
    return {
        "status": error.status,
        "code": error.code,
        "detail": excerpt(error.detail or str(error)),
        "correlation_id": error.correlation_id,
    }
