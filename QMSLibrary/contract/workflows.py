"""A workflow: one pull request on its way through the four steps."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from .model import Model, Moment, Page, Request, Seconds
from .pull_requests import FileChange, PullRequest, PullRequestSummary
from .steps import AgentResult, Finding, Severity, Step, StepResult


class WorkflowState(StrEnum):
    """The orchestrator's states."""

    INITIALIZED = "INITIALIZED"
    DOR_PENDING = "DOR_PENDING"
    DOR_FAILED = "DOR_FAILED"
    PROGRESS_PENDING = "PROGRESS_PENDING"
    PROGRESS_BLOCKED = "PROGRESS_BLOCKED"
    DOD_PENDING = "DOD_PENDING"
    DOD_FAILED = "DOD_FAILED"
    FINAL_PENDING = "FINAL_PENDING"
    FINAL_REJECTED = "FINAL_REJECTED"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"


class WorkflowStatus(StrEnum):
    """The state in one word for people; every state has exactly one."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    COMPLETED = "completed"
    ERROR = "error"


_S = WorkflowState

PENDING_STATE: Final[dict[Step, WorkflowState]] = {
    Step.DOR_VALIDATION: _S.DOR_PENDING,
    Step.PROGRESS_REVIEWS: _S.PROGRESS_PENDING,
    Step.DOD_VALIDATION: _S.DOD_PENDING,
    Step.FINAL_REVIEW: _S.FINAL_PENDING,
}
FAILED_STATE: Final[dict[Step, WorkflowState]] = {
    Step.DOR_VALIDATION: _S.DOR_FAILED,
    Step.PROGRESS_REVIEWS: _S.PROGRESS_BLOCKED,
    Step.DOD_VALIDATION: _S.DOD_FAILED,
    Step.FINAL_REVIEW: _S.FINAL_REJECTED,
}
STEP_OF_STATE: Final[dict[WorkflowState, Step]] = {
    **{state: step for step, state in PENDING_STATE.items()},
    **{state: step for step, state in FAILED_STATE.items()},
}
STATUS_OF_STATE: Final[dict[WorkflowState, WorkflowStatus]] = {
    _S.INITIALIZED: WorkflowStatus.QUEUED,
    **dict.fromkeys(PENDING_STATE.values(), WorkflowStatus.IN_PROGRESS),
    **dict.fromkeys(FAILED_STATE.values(), WorkflowStatus.FAILED),
    _S.COMPLETED: WorkflowStatus.COMPLETED,
    _S.ERROR: WorkflowStatus.ERROR,
}

TRANSITIONS: Final[dict[WorkflowState, frozenset[WorkflowState]]] = {
    # A pending gate passes, fails, breaks down, or starts over because a new commit arrived.
    # A failed gate is retried, overridden (the next pending state), or starts over because a new commit arrived.
    _S.INITIALIZED: frozenset({_S.DOR_PENDING, _S.ERROR}),
    _S.DOR_PENDING: frozenset({_S.PROGRESS_PENDING, _S.DOR_FAILED, _S.ERROR}),
    _S.DOR_FAILED: frozenset({_S.DOR_PENDING, _S.PROGRESS_PENDING}),
    _S.PROGRESS_PENDING: frozenset({_S.DOD_PENDING, _S.PROGRESS_BLOCKED, _S.DOR_PENDING, _S.ERROR}),
    _S.PROGRESS_BLOCKED: frozenset({_S.PROGRESS_PENDING, _S.DOD_PENDING, _S.DOR_PENDING}),
    _S.DOD_PENDING: frozenset({_S.FINAL_PENDING, _S.DOD_FAILED, _S.DOR_PENDING, _S.ERROR}),
    _S.DOD_FAILED: frozenset({_S.DOD_PENDING, _S.FINAL_PENDING, _S.DOR_PENDING}),
    _S.FINAL_PENDING: frozenset({_S.COMPLETED, _S.FINAL_REJECTED, _S.DOR_PENDING, _S.ERROR}),
    _S.FINAL_REJECTED: frozenset({_S.FINAL_PENDING, _S.COMPLETED, _S.DOR_PENDING}),
    _S.COMPLETED: frozenset({_S.DOR_PENDING}),
    _S.ERROR: frozenset({_S.DOR_PENDING}),
}


def transition_allowed(current: WorkflowState, wanted: WorkflowState) -> bool:
    """Whether the orchestrator may go from ``current`` to ``wanted``; staying where one is, is no transition."""
    return wanted in TRANSITIONS[current]


Reason = Annotated[str, StringConstraints(min_length=3, max_length=2000, strip_whitespace=True)]


class WorkflowRequest(Request):
    """Start the review of a pull request."""

    pull_request: PullRequest
    step_by_step: bool = False
    """Stop before each gate until ``progress`` is called: for looking at a review while it goes on."""
    approval_required: bool = False
    """The final review waits for a person's approval after its agent has agreed."""


class ProgressRequest(Request):
    """Let a step-by-step workflow go through its next gate."""

    reason: Reason = "progressed by hand"


class RetryRequest(Request):
    """Try a failed gate again, at that same gate, with the files that mend it."""

    step: Step | None = None
    """The step that failed; naming another one is refused."""
    files: list[FileChange] | None = None
    """Files that replace or add to those of the pull request (by path); None tries again unchanged."""


class CommitRequest(Request):
    """A new commit on the head branch: the review starts again from the definition of ready."""

    head_sha: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    files: list[FileChange] = []
    """Files that replace or add to those of the pull request (by path)."""


class TransitionRequest(Request):
    """Ask for a state by name. Only what TRANSITIONS allows is done; anything else is refused with 409."""

    to: WorkflowState
    reason: Reason


class OverrideRequest(Request):
    """Pass a gate although it failed, or, as an emergency, before it was decided."""

    step: Step
    reason: Reason
    checks: list[str] = []
    """The checks that are set aside; empty means all that failed."""
    emergency: bool = False
    valid_for: Seconds | None = None
    """How long the override stands before it must be reviewed; for the record."""


class ResultRequest(Request):
    """An agent's answer. The same answer twice changes nothing; another one to the same run and attempt is refused."""

    run: int
    attempt: int
    result: AgentResult


class ApprovalRequest(Request):
    """A person's approval of the final review."""

    comment: str = ""


class FeedbackRequest(Request):
    """What a stakeholder thought of the review."""

    rating: Annotated[float, Field(ge=1.0, le=5.0)]
    comment: Annotated[str, StringConstraints(max_length=2000)] = ""


class Override(Model):
    """An override that was made."""

    step: Step
    actor: str
    reason: str
    checks: list[str]
    emergency: bool
    valid_for: Seconds | None = None
    made_at: Moment


class WorkflowResult(Model):
    """What the whole review came to; filled in as it goes on, final once completed."""

    total_duration: Seconds
    quality_score: float | None = None
    """0–100; None until the final review has computed it."""
    compliance_score: float | None = None
    """0–100: the share of gates passed on their own merits, and of duties kept apart."""
    compliance_adhered: bool = False
    """Every gate passed without an override, by somebody other than the author."""
    stakeholder_satisfaction: float | None = None
    """1.0–5.0, the mean of the feedback given; None without feedback."""


class Workflow(Model):
    """A workflow as orchestration sees it."""

    id: str
    pull_request: PullRequestSummary
    state: WorkflowState
    status: WorkflowStatus
    step: Step
    """The current step; the first while queued, the last once completed."""
    progress: int
    """0–100: 25 for each gate passed."""
    revision: int
    """Counts every change; a higher one is newer, whichever service it came through."""
    run: int
    """1 at first; a new commit adds one and starts from the definition of ready."""
    step_by_step: bool = False
    approval_required: bool = False
    correlation_id: str
    requested_by: str
    created_at: Moment
    updated_at: Moment
    """Of the last change of state."""
    completed_at: Moment | None = None
    steps: list[StepResult]
    overrides: list[Override] = []
    result: WorkflowResult

    def step_result(self, step: Step) -> StepResult:
        """The result of ``step`` in the current run."""
        return next(result for result in self.steps if result.step is step)

    def findings(self, minimum: Severity = Severity.LOW) -> list[Finding]:
        """Every finding of every step, ``minimum`` or worse."""
        return [one for result in self.steps for one in result.findings if one.severity.rank >= minimum.rank]


class WorkflowPage(Page):
    """A page of workflows, newest first."""

    items: list[Workflow]


class ComponentState(Model):
    """One service's own copy of where a workflow stands."""

    service: str
    workflow_id: str
    step: Step
    state: WorkflowState
    status: WorkflowStatus
    progress: int
    revision: int
    correlation_id: str
    updated_at: Moment
    """When orchestration made the change that this copy reflects."""
    details: dict[str, object] = {}
    """What this service knows beside: assignments, open alerts, open escalations."""
