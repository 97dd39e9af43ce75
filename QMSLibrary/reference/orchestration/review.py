"""A review: everything orchestration knows about one workflow."""

from __future__ import annotations

from enum import StrEnum
from statistics import fmean
from typing import Any, Final

from QMSLibrary.contract.model import Model, Moment, wire_time
from QMSLibrary.contract.pull_requests import PullRequest, PullRequestSummary
from QMSLibrary.contract.routing import RoutingDecision
from QMSLibrary.contract.steps import AgentResult, Step, StepResult, StepStatus
from QMSLibrary.contract.workflows import (
    STATUS_OF_STATE,
    Override,
    Workflow,
    WorkflowResult,
    WorkflowState,
    WorkflowStatus,
)

APPROVAL: Final = "approval"
PROGRESS: Final = "progress"
_GATE_SHARE: Final = 100 // len(Step)


class Slot(StrEnum):
    """Whether a workflow holds one of the places for working workflows, or waits for one."""

    WORKING = "working"
    QUEUED = "queued"


class StepRecord(StepResult):
    """A step with what orchestration needs beside what it shows."""

    decision: RoutingDecision | None = None
    """The routing decision for the present attempt."""
    results: list[AgentResult] = []
    """Answers to the present attempt."""
    timeouts: int = 0
    """Attempts in a row that ran out of time."""
    routing_failures: int = 0
    """Routing requests in a row that found nobody."""
    overdue: list[str] = []
    """Agents that let an attempt run out of time; others are asked for first."""
    assigned_at: Moment | None = None
    """When the present attempt was given to its agents."""


class Review(Model):
    """One workflow. ``number`` and ``slot`` are columns too, so that they can be searched for."""

    id: str
    pull_request: PullRequestSummary
    state: WorkflowState = WorkflowState.INITIALIZED
    step: Step = Step.DOR_VALIDATION
    slot: Slot | None = None
    queue_number: int | None = None
    revision: int = 0
    run: int = 1
    step_by_step: bool = False
    approval_required: bool = False
    correlation_id: str
    requested_by: str
    created_at: Moment
    run_started_at: Moment
    updated_at: Moment
    completed_at: Moment | None = None
    steps: list[StepRecord]
    overrides: list[Override] = []
    approved_by: str | None = None
    ratings: list[float] = []
    quality_score: float | None = None
    dashboard_seen: bool = False
    """The dashboard has announced its entry, so the first step may be assigned."""

    @property
    def current(self) -> StepRecord:
        """The current step's record."""
        return self.record_of(self.step)

    def record_of(self, step: Step) -> StepRecord:
        """The record of ``step`` in the current run."""
        return self.steps[step.number - 1]

    @property
    def status(self) -> WorkflowStatus:
        """The state in one word."""
        return STATUS_OF_STATE[self.state]

    @property
    def progress(self) -> int:
        """0–100: 25 for each gate passed."""
        return _GATE_SHARE * sum(one.status in (StepStatus.PASSED, StepStatus.OVERRIDDEN) for one in self.steps)

    @property
    def duties_kept_apart(self) -> bool:
        """Whether nobody but the author's own word brought the review about. Acts of the author are refused anyway."""
        return self.requested_by != self.pull_request.author

    @property
    def compliance_score(self) -> float | None:
        """0–100: the mean of the share of gates passed on their own merits and of the duties kept apart."""
        decided = [one for one in self.steps if one.status in (StepStatus.PASSED, StepStatus.OVERRIDDEN)]
        if len(decided) < len(Step):
            return None
        merits = sum(one.status is StepStatus.PASSED for one in decided) / len(decided)
        return round(100 * fmean((merits, float(self.duties_kept_apart))), 2)


def new_steps() -> list[StepRecord]:
    """Four steps that have not begun."""
    return [StepRecord(step=step) for step in Step]


def summary_of(pull_request: PullRequest) -> PullRequestSummary:
    """A pull request without its files' contents."""
    return PullRequestSummary(
        **pull_request.model_dump(exclude={"files", "description", "created_at"}),
        files=len(pull_request.files),
        lines_changed=pull_request.lines_changed,
    )


def result_of(review: Review, now: Moment) -> WorkflowResult:
    """What the review has come to so far."""
    completed = review.state is WorkflowState.COMPLETED
    return WorkflowResult(
        total_duration=(review.completed_at or now) - review.run_started_at,
        quality_score=review.quality_score,
        compliance_score=review.compliance_score,
        compliance_adhered=completed and not review.overrides and review.duties_kept_apart,
        stakeholder_satisfaction=round(fmean(review.ratings), 2) if review.ratings else None,
    )


_SHARED: Final = tuple(set(Workflow.model_fields) - {"status", "progress", "result"})


def workflow_of(review: Review, now: Moment) -> Workflow:
    """The review as the contract shows it. The values were validated when the review was made."""
    return Workflow.model_construct(
        **{name: getattr(review, name) for name in _SHARED},
        status=review.status,
        progress=review.progress,
        result=result_of(review, now),
    )


def snapshot_of(review: Review) -> dict[str, Any]:
    """What every event about the workflow carries in ``payload.workflow``."""
    return {
        "id": review.id,
        "state": review.state.value,
        "status": review.status.value,
        "step": review.step.value,
        "progress": review.progress,
        "revision": review.revision,
        "updated_at": wire_time(review.updated_at),
        "repository": review.pull_request.repository,
        "pull_request_id": review.pull_request.id,
        "title": review.pull_request.title,
        "author": review.pull_request.author,
    }
