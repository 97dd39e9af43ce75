"""Writes the history: each call of a service's protocol is one act, whoever implements the protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from inspect import signature
from time import perf_counter
from typing import Any, Final

from QMSLibrary.contract.model import Model
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.history.entries import Act, Outcome
from QMSLibrary.history.journal import Journal

from .connection import Account
from .errors import (
    ConnectionLost,
    EnvironmentEnded,
    NotSupported,
    QMSError,
    Refused,
    ServiceTooSlow,
    ServiceUnreachable,
    facts,
)

UNRECORDED: Final = frozenset({"event_stream", "live_stream"})
"""Not acts but subscriptions; what comes through them is written as observations."""
_NO_ANSWER: Final = (ServiceUnreachable, ServiceTooSlow, ConnectionLost)


class Exchange:
    """What one act was on the wire; filled in by HttpService, or not at all by an adapter with its own transport."""

    __slots__ = ("began", "correlation_id", "ended", "method", "path", "sent", "status")

    def __init__(self) -> None:
        self.method: str | None = None
        self.path: str | None = None
        self.status: int | None = None
        self.correlation_id: str | None = None
        self.sent: datetime | None = None
        self.began: float | None = None
        self.ended: float | None = None

    def sending(self, method: str, path: str, correlation_id: str) -> None:
        """A request goes out. The first one of an act counts for its time; a log-in before it does not."""
        if self.began is None or self.status == 401:
            self.sent = datetime.now(UTC)
            self.began = perf_counter()
        self.method, self.path, self.correlation_id = method, path, correlation_id
        self.status = self.ended = None

    def answered(self, status: int, correlation_id: str | None) -> None:
        """Its answer is here."""
        self.ended = perf_counter()
        self.status = status
        self.correlation_id = correlation_id or self.correlation_id


_current: ContextVar[Exchange | None] = ContextVar("qms_exchange", default=None)


def current_exchange() -> Exchange:
    """The exchange of the act that is going on in this thread; one for nobody when there is none."""
    return _current.get() or Exchange()


class Recorder:
    """Stands before a service and writes one act per call, also for refused and failed ones."""

    def __init__(
        self,
        service: Service,
        target: object,
        journal: Journal,
        accounts: Mapping[Role, Account],
        environment: str,
        why_ended: Callable[[], str | None],
    ) -> None:
        self._service = service
        self._target = target
        self._journal = journal
        self._accounts = accounts
        self._environment = environment
        self._why_ended = why_ended

    def __getattr__(self, action: str) -> Any:
        if action.startswith("_"):
            raise AttributeError(action)
        method = getattr(self._target, action, None)
        if method is None:
            raise NotSupported(
                f"The environment {self._environment!r} cannot be asked for {action.replace('_', ' ')!r}: its adapter "
                f"({type(self._target).__module__}) has no {action} for the {self._service} service. Add it there, or "
                "leave this case out for this environment.",
                service=self._service,
            )
        if action in UNRECORDED:
            setattr(self, action, method)
            return method

        about_workflow = next(iter(signature(method).parameters), None) == "workflow_id"

        def act(*arguments: Any, **named: Any) -> Any:
            return self._act(action, method, arguments, named, about_workflow)

        setattr(self, action, act)  # found without __getattr__ from now on
        return act

    def _act(
        self,
        action: str,
        method: Callable[..., Any],
        arguments: tuple[Any, ...],
        named: Mapping[str, Any],
        about_workflow: bool,
    ) -> Any:
        exchange = Exchange()
        token = _current.set(exchange)
        sent, began = datetime.now(UTC), perf_counter()
        answer: Any = None
        outcome, known = Outcome.DONE, dict[str, Any]()
        try:
            answer = method(*arguments, **named)
            return answer
        except QMSError as error:
            outcome = Outcome.REFUSED if isinstance(error, Refused | NotSupported) else Outcome.FAILED
            known = facts(error)
            if isinstance(error, _NO_ANSWER) and (why := self._why_ended()) is not None:
                raise EnvironmentEnded(
                    why,
                    service=error.service,
                    method=error.method,
                    path=error.path,
                    correlation_id=error.correlation_id,
                ) from error
            raise
        except BaseException as error:
            # Also Robot's time-outs and Ctrl-C: the act was sent, so it belongs in the history.
            outcome, known = Outcome.FAILED, {"detail": f"{type(error).__name__}: {error}"}
            raise
        finally:
            _current.reset(token)
            answered = perf_counter()
            role = named.get("role")
            account = self._accounts.get(role) if role is not None else None
            if exchange.began is not None:
                sent, began = exchange.sent or sent, exchange.began
            if outcome is Outcome.DONE and exchange.ended is not None:
                answered = exchange.ended
            self._journal.append(
                Act(
                    action=action,
                    service=self._service,
                    actor=account.username if account else "",
                    role=role or "",
                    sent=sent,
                    answered=datetime.now(UTC),
                    duration_ms=round((answered - began) * 1000, 3),
                    outcome=outcome,
                    method=exchange.method,
                    path=exchange.path,
                    status=known.get("status") or exchange.status,
                    code=known.get("code"),
                    detail=known.get("detail"),
                    correlation_id=known.get("correlation_id") or exchange.correlation_id,
                    workflow_id=_workflow_of(arguments, named, answer, about_workflow),
                    test=self._journal.test,
                )
            )


def _workflow_of(arguments: tuple[Any, ...], named: Mapping[str, Any], answer: Any, about_workflow: bool) -> str | None:
    if isinstance(answer, Workflow):
        return answer.id
    if about_workflow and arguments:
        return str(arguments[0])
    found = named.get("workflow_id") or getattr(answer, "workflow_id", None)
    if found is None and arguments and isinstance(arguments[0], Model):
        found = getattr(arguments[0], "workflow_id", None)
    return found if isinstance(found, str) else None
