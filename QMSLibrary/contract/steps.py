"""The four steps of a review, their gates, agents and checks."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from .model import Model, Moment, Seconds


class Step(StrEnum):
    """A step of the review, in the order in which they happen."""

    DOR_VALIDATION = "dor_validation"
    PROGRESS_REVIEWS = "progress_reviews"
    DOD_VALIDATION = "dod_validation"
    FINAL_REVIEW = "final_review"

    @property
    def number(self) -> int:
        """1 to 4."""
        return list(Step).index(self) + 1

    @property
    def next(self) -> Step | None:
        """The step after this one; None after the last."""
        steps = list(Step)
        return steps[self.number] if self.number < len(steps) else None


class StepStatus(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    """Its agents are done and the gate waits for a person: a held workflow, or an approval."""
    PASSED = "passed"
    FAILED = "failed"
    OVERRIDDEN = "overridden"


class Severity(StrEnum):
    """How bad a finding is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (low) to 3 (critical)."""
        return list(Severity).index(self)


STEP_AGENTS: Final[dict[Step, tuple[str, ...]]] = {
    Step.DOR_VALIDATION: ("qms-dor-validator",),
    Step.PROGRESS_REVIEWS: ("qms-code-reviewer", "qms-testing-specialist", "qms-security-scanner"),
    Step.DOD_VALIDATION: ("qms-dod-validator",),
    Step.FINAL_REVIEW: ("qms-quality-coordinator",),
}

STEP_CHECKS: Final[dict[Step, tuple[str, ...]]] = {
    Step.DOR_VALIDATION: ("requirements_covered", "tests_covered", "documentation_updated", "approval_received"),
    Step.PROGRESS_REVIEWS: (
        "code_quality_passed",
        "security_scan_passed",
        "performance_tests_passed",
        "peer_review_completed",
    ),
    Step.DOD_VALIDATION: ("all_tests_passing", "coverage_threshold_met", "documentation_complete", "deployment_ready"),
    Step.FINAL_REVIEW: ("overall_quality_approved", "compliance_validated", "merge_approved"),
}

STEP_TIME_LIMITS: Final[dict[Step, timedelta]] = {
    Step.DOR_VALIDATION: timedelta(seconds=300),
    Step.PROGRESS_REVIEWS: timedelta(seconds=900),
    Step.DOD_VALIDATION: timedelta(seconds=600),
    Step.FINAL_REVIEW: timedelta(seconds=3600),
}


class Finding(Model):
    """One thing an agent found in the pull request's files."""

    type: str
    """A stable identifier: ``sql_injection``, ``missing_tests``, …"""
    severity: Severity
    path: str | None = None
    line: int | None = None
    """1-based line in the file at the head commit."""
    message: str
    agent_id: str
    cwe: str | None = None
    """``CWE-89`` and the like, for weaknesses."""


class AgentResult(Model):
    """What an agent answers for the step it was assigned."""

    agent_id: str
    checks: dict[str, bool]
    """The checks of the step that this agent answers for (see STEP_CHECKS)."""
    failure_reasons: list[str] = []
    """Stable identifiers, in the order of the checks, each once."""
    findings: list[Finding] = []
    measures: dict[str, float] = {}
    """Figures behind the checks, such as ``coverage`` (percent) or ``quality_score`` (0–100)."""
    summary: str = ""
    """One sentence for people."""


class StepResult(Model):
    """A step of one workflow, as far as it has come."""

    step: Step
    status: StepStatus = StepStatus.PENDING
    attempt: int = 0
    """How often it was begun since the last commit; a retry adds one."""
    checks: dict[str, bool] = {}
    failure_reasons: list[str] = []
    findings: list[Finding] = []
    measures: dict[str, float] = {}
    agents: list[str] = []
    """The agents it is assigned to; empty while routing is awaited."""
    waiting_for: list[str] = []
    """Agents that have not answered yet, or ``progress`` / ``approval`` when a person is awaited."""
    started_at: Moment | None = None
    completed_at: Moment | None = None
    duration: Seconds | None = None
    """From its start to the gate's verdict, in seconds."""
