"""What every agent is, and how it puts its answer together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from QMSLibrary.contract.steps import AgentResult, Finding, Severity, Step, StepStatus

from .reading import Reading

MAXIMUM_FINDINGS = 200
"""More than these of one agent say nothing new; the checks count all of them."""


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """What an agent knows beside the files: what people did, through the API."""

    step: Step
    requested_by: str
    """Who asked for the review."""
    gates: Mapping[Step, StepStatus] = field(default_factory=dict)
    """How the steps before this one ended."""


class Verdict:
    """Collects checks, reasons, findings and measures."""

    def __init__(self, agent_id: str) -> None:
        self._agent_id = agent_id
        self._checks: dict[str, bool] = {}
        self._reasons: dict[str, None] = {}
        self._findings: list[Finding] = []
        self.measures: dict[str, float] = {}

    def check(self, name: str, *reasons: str, passed: bool | None = None) -> bool:
        """Record a check: it passes without reasons, or as ``passed`` says."""
        verdict = not reasons if passed is None else passed
        self._checks[name] = verdict
        self._reasons.update(dict.fromkeys(reasons))
        return verdict

    def find(
        self,
        type_: str,
        message: str,
        *,
        severity: Severity = Severity.MEDIUM,
        path: str | None = None,
        line: int | None = None,
        cwe: str | None = None,
    ) -> None:
        """Record a finding."""
        if len(self._findings) < MAXIMUM_FINDINGS:
            self._findings.append(
                Finding(
                    type=type_,
                    severity=severity,
                    path=path,
                    line=line,
                    message=message,
                    agent_id=self._agent_id,
                    cwe=cwe,
                )
            )

    def result(self, said: str) -> AgentResult:
        """The answer; ``said`` is its sentence for people."""
        return AgentResult(
            agent_id=self._agent_id,
            checks=self._checks,
            failure_reasons=list(self._reasons),
            findings=self._findings,
            measures=self.measures,
            summary=said,
        )


Review = Callable[[Reading, ReviewContext, Verdict], str]
"""Fills the verdict and returns the summary."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One of the six. ``role`` is its name in STEP_AGENTS."""

    role: str
    step: Step
    areas: tuple[str, ...]
    """What it knows beside languages, for routing."""
    review: Review

    def answer(self, reading: Reading, context: ReviewContext, agent_id: str | None = None) -> AgentResult:
        """Review the pull request; no content of a file makes it raise. One agent at a time works on a reading."""
        verdict = Verdict(agent_id or self.role)
        with reading.lock:
            return verdict.result(self.review(reading, context, verdict))


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
