"""What people do to a review. Each function is one act; what is not allowed raises Refusal and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, bindparam, select

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.pull_requests import FileChange, PullRequest
from QMSLibrary.contract.steps import STEP_CHECKS, Step, StepStatus
from QMSLibrary.contract.workflows import (
    FAILED_STATE,
    STEP_OF_STATE,
    CommitRequest,
    FeedbackRequest,
    Override,
    OverrideRequest,
    RetryRequest,
    TransitionRequest,
    WorkflowRequest,
    WorkflowState,
    transition_allowed,
)
from QMSLibrary.reference.kernel.call import Call
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import Refusal, RefusalRecord, field_refused

from .act import Act, illegal_transition
from .gates import begin_again, break_down, decide_gate, fail_gate, pass_gate, try_again, wait_for_slot
from .review import APPROVAL, PROGRESS, Review, new_steps, summary_of
from .tables import pull_requests, workflows

FINISHED = (WorkflowState.COMPLETED.value, WorkflowState.ERROR.value)
_KEEP_FILES: Final = pull_requests.insert()
_UNFINISHED: Final = (
    select(workflows.c.id)
    .where(workflows.c.repository == bindparam("of_repository"))
    .where(workflows.c.pull_request_id == bindparam("of_pull_request"))
    .where(workflows.c.state.not_in(FINISHED))
    .limit(1)
)


def start(connection: Connection, call: Call[WorkflowRequest]) -> Act:
    """Request a review. Raises Refusal (409) when the pull request has one that is not finished."""
    return begin(call.context, connection, call.body, call.identity, call.correlation_id, call.identity.name)


def begin(
    context: Context,
    connection: Connection,
    body: WorkflowRequest,
    actor: Identity,
    correlation_id: str,
    requested_by: str,
) -> Act:
    """The same for whoever speaks for ``requested_by``; ``actor`` is who it goes on record for."""
    pull_request = body.pull_request
    _refuse_second(connection, pull_request)
    now = context.now()
    review = Review(
        id=uuid4().hex,
        pull_request=summary_of(pull_request),
        step_by_step=body.step_by_step,
        approval_required=body.approval_required,
        correlation_id=correlation_id,
        requested_by=requested_by,
        created_at=now,
        run_started_at=now,
        updated_at=now,
        steps=new_steps(),
    )
    connection.execute(_KEEP_FILES, {"workflow_id": review.id, "body": pull_request.model_dump_json()})
    act = Act(context, connection, review, actor, correlation_id)
    act.record(
        AuditAction.WORKFLOW_REQUESTED,
        after={"pull_request": pull_request.id, "repository": pull_request.repository, "author": pull_request.author},
    )
    act.tell(EventType.PR_CREATED, requested_by=requested_by, files=len(pull_request.files))
    wait_for_slot(act)
    return act


def _refuse_second(connection: Connection, pull_request: PullRequest) -> None:
    about = {"of_repository": pull_request.repository, "of_pull_request": pull_request.id}
    open_one = connection.execute(_UNFINISHED, about).scalar()
    if open_one is not None:
        raise second_review(pull_request, open_one)


def second_review(pull_request: PullRequest, workflow_id: str) -> Refusal:
    """It has a review that is not finished."""
    return Refusal(
        409,
        "already_in_review",
        f"Pull request {pull_request.id} of {pull_request.repository} is under review in workflow {workflow_id}. "
        f"Push a commit or retry its gate there.",
    )


def progress(act: Act, reason: str) -> None:
    """Let a held workflow through its gate."""
    _stop_waiting(act, PROGRESS)
    act.record(AuditAction.WORKFLOW_PROGRESSED, after={"step": act.review.step.value}, reason=reason)
    _go_on(act)


def approve(act: Act, comment: str) -> None:
    """A person agrees to the final review."""
    _refuse_author(act, "approve")
    _stop_waiting(act, APPROVAL)
    act.review.approved_by = act.actor.name
    act.review.current.checks["merge_approved"] = True
    act.record(AuditAction.REVIEW_APPROVED, after={"approved_by": act.actor.name}, reason=comment or None)
    _go_on(act)


def _stop_waiting(act: Act, what: str) -> None:
    step = act.review.current
    if step.status is not StepStatus.WAITING or what not in step.waiting_for:
        waits = ", ".join(step.waiting_for) or "nothing"
        raise Refusal(
            409,
            "not_waiting",
            f"Workflow {act.review.id} is {act.review.state} and does not wait for {what}; it waits for {waits}.",
        )
    step.waiting_for = [one for one in step.waiting_for if one != what]


def _go_on(act: Act) -> None:
    step = act.review.current
    if step.waiting_for:
        act.tell(EventType.PR_UPDATED, step=step.step.value, cause="waiting", waiting_for=step.waiting_for)
    else:
        decide_gate(act)


def retry(act: Act, body: RetryRequest) -> None:
    """Another attempt at the failed gate, with the files that mend it."""
    review = act.review
    if body.step is not None and body.step is not review.step:
        raise _wrong_step(review, body.step)
    if review.state is not FAILED_STATE[review.step]:
        raise Refusal(
            409, "illegal_transition", f"Workflow {review.id} is {review.state}; only a gate that failed is retried."
        )
    _change_files(act, body.files or [])
    _retry(act, files=[file.path for file in body.files or []])


def retry_with(act: Act, pull_request: PullRequest, changed: list[str]) -> None:
    """Another attempt at the failed gate with what mends it beside files: ``changed`` names that for the record."""
    _replace(act, pull_request)
    _retry(act, changed=changed)


def _retry(act: Act, **mended: list[str]) -> None:
    step, before = act.review.step.value, act.review.current.attempt
    act.record(
        AuditAction.STEP_RETRIED,
        before={"step": step, "attempt": before},
        after={"step": step, "attempt": before + 1, **mended},
    )
    try_again(act, "retry")


def push_commit(act: Act, body: CommitRequest) -> None:
    """The branch has moved: the review starts again from the first gate."""
    _refuse_known(act, body.head_sha)
    before = act.review.pull_request.head_sha
    _change_files(act, body.files, body.head_sha)
    _start_over(act, before, body.head_sha, [file.path for file in body.files])


def take_new_head(act: Act, pull_request: PullRequest) -> None:
    """The branch has moved, and what the pull request is now is known as a whole: its text and all its files."""
    assert pull_request.head_sha is not None
    _refuse_known(act, pull_request.head_sha)
    before = act.review.pull_request.head_sha
    _replace(act, pull_request)
    _start_over(act, before, pull_request.head_sha, [file.path for file in pull_request.files])


def _refuse_known(act: Act, head_sha: str) -> None:
    if head_sha == act.review.pull_request.head_sha:
        raise Refusal(409, "commit_known", f"{head_sha} is the head of this review already.")


def _start_over(act: Act, before: str | None, head_sha: str, paths: list[str]) -> None:
    review = act.review
    act.record(
        AuditAction.COMMIT_PUSHED,
        before={"head_sha": before, "run": review.run},
        after={"head_sha": head_sha, "run": review.run + 1, "files": paths},
    )
    if review.state is WorkflowState.INITIALIZED:
        review.run += 1
        act.tell(EventType.PR_UPDATED, step=review.step.value, cause="commit")
    else:
        begin_again(act, "commit", f"commit {head_sha}")


def _change_files(act: Act, files: Iterable[FileChange], head_sha: str | None = None) -> None:
    pull_request = act.pull_request()
    by_path = {file.path: file for file in pull_request.files}
    by_path.update({file.path: file for file in files})
    pull_request.files = list(by_path.values())
    if head_sha is not None:
        pull_request.head_sha = head_sha
    _replace(act, pull_request)


def _replace(act: Act, pull_request: PullRequest) -> None:
    act.store_pull_request(pull_request)
    act.review.pull_request = summary_of(pull_request)


def override(act: Act, body: OverrideRequest) -> None:
    """Pass a gate on a manager's word."""
    review, step = act.review, act.review.current
    if body.step is not review.step:
        raise _wrong_step(review, body.step)
    _refuse_author(act, "override a gate of")
    if STEP_OF_STATE.get(review.state) is not review.step:
        raise Refusal(409, "illegal_transition", f"Workflow {review.id} is {review.state}: it has no gate to override.")
    failed = review.state is FAILED_STATE[review.step]
    if not failed and not body.emergency:
        raise Refusal(
            409,
            "gate_not_decided",
            f"The gate of {body.step} has not failed. Only an emergency overrides it before that.",
        )
    unknown = [check for check in body.checks if check not in STEP_CHECKS[body.step]]
    if unknown:
        raise field_refused(
            "checks", f"{body.step} has no {unknown[0]!r}; it has: {', '.join(STEP_CHECKS[body.step])}."
        )
    open_checks = [check for check in STEP_CHECKS[body.step] if not step.checks.get(check, False)]
    left = [check for check in open_checks if body.checks and check not in body.checks]
    if left:
        raise Refusal(409, "checks_still_failed", f"These checks failed too and are not set aside: {', '.join(left)}.")
    _set_aside(act, body, open_checks)


def _set_aside(act: Act, body: OverrideRequest, open_checks: list[str]) -> None:
    made = Override(
        step=body.step,
        actor=act.actor.name,
        reason=body.reason,
        checks=body.checks or open_checks,
        emergency=body.emergency,
        valid_for=body.valid_for,
        made_at=act.now,
    )
    act.review.overrides = [*act.review.overrides, made]
    shown = made.model_dump(mode="json")
    act.record(
        AuditAction.GATE_OVERRIDDEN,
        before={"state": act.review.state.value, "checks": dict(act.review.current.checks)},
        after=shown,
        reason=body.reason,
    )
    pass_gate(act, StepStatus.OVERRIDDEN, body.reason, override=shown)


def change_state(act: Act, body: TransitionRequest) -> None:
    """Change the state by hand, along TRANSITIONS."""
    review, to, reason = act.review, body.to, body.reason
    if not transition_allowed(review.state, to):
        raise illegal_transition(review, to)
    if review.state is WorkflowState.INITIALIZED and to is WorkflowState.DOR_PENDING:
        raise Refusal(409, "no_free_slot", f"Workflow {review.id} waits for a place. It begins when one is free.")
    if to is WorkflowState.ERROR:
        break_down(act, "stopped_by_hand", reason)
    elif to in FAILED_STATE.values():
        review.current.failure_reasons = [*review.current.failure_reasons, "failed_by_hand"]
        act.tell(EventType.STEP_FAILED, step=review.step.value, run=review.run, reason=reason)
        fail_gate(act, reason)
    elif to is WorkflowState.DOR_PENDING and review.state is not WorkflowState.DOR_FAILED:
        begin_again(act, "transition", reason)
    elif STEP_OF_STATE.get(to) is review.step:
        try_again(act, "transition", reason)
    else:
        _pass_by_hand(act, reason)


def _pass_by_hand(act: Act, reason: str) -> None:
    """Going on to the next step by hand is an override, unless the verdict is known to be good."""
    step = act.review.current
    _refuse_author(act, "pass a gate of")
    if step.status is StepStatus.WAITING and all(step.checks.values()):
        pass_gate(act, StepStatus.PASSED, reason)
        return
    open_checks = [check for check in STEP_CHECKS[step.step] if not step.checks.get(check, False)]
    body = OverrideRequest(step=step.step, reason=reason, emergency=step.status is not StepStatus.FAILED)
    _set_aside(act, body, open_checks)


def give_feedback(act: Act, body: FeedbackRequest) -> None:
    """A stakeholder's opinion of the review."""
    act.review.ratings = [*act.review.ratings, body.rating]
    act.record(AuditAction.FEEDBACK_GIVEN, after={"rating": body.rating}, reason=body.comment or None)


def _wrong_step(review: Review, wanted: Step) -> Refusal:
    return Refusal(409, "wrong_step", f"Workflow {review.id} is at {review.step} ({review.state}), not at {wanted}.")


def _refuse_author(act: Act, what: str) -> None:
    author = act.review.pull_request.author
    if act.actor.name != author:
        return
    record: Any = RefusalRecord(
        AuditAction.ACCESS_REFUSED, f"workflow:{act.review.id}", reason=f"duties_not_separated: {what}"
    )
    raise Refusal(
        403,
        "duties_not_separated",
        f"{author} wrote this pull request and may not {what} it. Somebody else has to.",
        record=record,
    )
