"""One act on one review: what changes, what is announced, what is recorded; saved together or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.workflows import TRANSITIONS, WorkflowState, transition_allowed
from QMSLibrary.reference.kernel.clock import cancel_timers
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import Refusal, RefusalRecord, not_found

from .review import Review, snapshot_of
from .tables import pull_requests, workflows

_FIND = select(workflows.c.number, workflows.c.review).where(workflows.c.id == bindparam("key"))
_FIND_FILES = select(pull_requests.c.body).where(pull_requests.c.workflow_id == bindparam("key"))
_INSERT = workflows.insert()
_UPDATE = workflows.update().where(workflows.c.number == bindparam("row_number"))


@dataclass(slots=True)
class Act:
    """Collects what one act does to ``review``. Nothing is written before ``save``."""

    context: Context
    connection: Connection
    review: Review
    actor: Identity
    correlation_id: str
    """Of the request or event that the act answers; events carry the workflow's own."""
    number: int | None = None
    """The workflow's row; None while it has none."""
    now: datetime = field(init=False)
    _events: list[tuple[EventType, dict[str, Any]]] = field(default_factory=list)
    _moved_on: bool = False

    def __post_init__(self) -> None:
        self.now = self.context.now()

    def tell(self, type: EventType, **payload: Any) -> None:
        """Announce something when the act is saved."""
        self._events.append((type, payload))
        self._moved_on = True

    def mention(self, type: EventType, **payload: Any) -> None:
        """The same for what nobody has a copy of: alone it leaves the revision as it is."""
        self._events.append((type, payload))

    def record(self, action: AuditAction, *, before: Any = None, after: Any = None, reason: str | None = None) -> None:
        """Put something about this workflow on the audit trail."""
        self.context.audit(
            self.connection,
            action,
            f"workflow:{self.review.id}",
            actor=self.actor,
            correlation_id=self.correlation_id,
            before=before,
            after=after,
            reason=reason,
        )

    def enter(self, state: WorkflowState, reason: str | None = None) -> None:
        """Go to ``state`` and record it. Raises Refusal (409) when TRANSITIONS does not allow it."""
        before = self.review.state
        if not transition_allowed(before, state):
            raise illegal_transition(self.review, state)
        self.review.state = state
        self.review.updated_at = self.now
        self.record(AuditAction.STATE_CHANGED, before=before.value, after=state.value, reason=reason)

    def timer(self, kind: str, after: timedelta, **payload: Any) -> None:
        """Set this workflow's timer of ``kind``."""
        self.context.set_timer(self.connection, kind, self.review.id, self.now + after, payload)

    def no_timers(self, *kinds: str) -> None:
        """Cancel this workflow's timers of these kinds."""
        cancel_timers(self.connection, self.review.id, *kinds)

    def pull_request(self) -> PullRequest:
        """The pull request with its files."""
        return load_pull_request(self.connection, self.review.id)

    def store_pull_request(self, pull_request: PullRequest) -> None:
        """Replace the pull request's files."""
        self.connection.execute(
            pull_requests.update().where(pull_requests.c.workflow_id == self.review.id),
            {"body": pull_request.model_dump_json()},
        )

    def save(self) -> Review:
        """Write the review and its events. The revision grows when it has moved on: copies follow events."""
        review = self.review
        if self._moved_on:
            review.revision += 1
            self._moved_on = False
        values = {
            "state": review.state.value,
            "slot": review.slot,
            "queue_number": review.queue_number,
            "review": review.model_dump_json(),
        }
        if self.number is None:
            identity = {
                "id": review.id,
                "repository": review.pull_request.repository,
                "pull_request_id": review.pull_request.id,
                "correlation_id": review.correlation_id,
            }
            made = self.connection.execute(_INSERT, {**identity, **values}).inserted_primary_key
            assert made is not None
            self.number = int(made[0])
        else:
            self.connection.execute(_UPDATE, {"row_number": self.number, **values})
        snapshot = snapshot_of(review)
        for type_, payload in self._events:
            self.context.emit(
                self.connection,
                type_,
                workflow_id=review.id,
                correlation_id=review.correlation_id,
                payload={"workflow": snapshot, **payload},
            )
        self._events.clear()
        return review


def open_act(
    context: Context, connection: Connection, workflow_id: str, actor: Identity, correlation_id: str | None = None
) -> Act:
    """Begin an act on a workflow. Raises Refusal (404). Without a correlation id the workflow's own is used."""
    number, review = load(connection, workflow_id)
    return Act(context, connection, review, actor, correlation_id or review.correlation_id, number)


def load(connection: Connection, workflow_id: str) -> tuple[int, Review]:
    """A workflow's row number and review. Raises Refusal (404)."""
    row = connection.execute(_FIND, {"key": workflow_id}).one_or_none()
    if row is None:
        raise not_found("workflow", workflow_id)
    return row.number, Review.model_validate_json(row.review)


def load_pull_request(connection: Connection, workflow_id: str) -> PullRequest:
    """A workflow's pull request with its files. Raises Refusal (404)."""
    return PullRequest.model_validate_json(pull_request_body(connection, workflow_id))


def pull_request_body(connection: Connection, workflow_id: str) -> str:
    """The same as JSON, as it is stored."""
    body: str | None = connection.execute(_FIND_FILES, {"key": workflow_id}).scalar()
    if body is None:
        raise not_found("workflow", workflow_id)
    return body


def illegal_transition(review: Review, wanted: WorkflowState) -> Refusal:
    """The state does not allow it, in words; the attempt goes on record."""
    allowed = ", ".join(sorted(TRANSITIONS[review.state])) or "nothing"
    return Refusal(
        409,
        "illegal_transition",
        f"Workflow {review.id} is {review.state} and cannot become {wanted}. It can become: {allowed}.",
        record=RefusalRecord(
            AuditAction.TRANSITION_REFUSED, f"workflow:{review.id}", before=review.state.value, after=wanted.value
        ),
    )
