"""Final review: is it good enough as a whole, and did everybody do their duty?"""

from __future__ import annotations

from typing import Final

from QMSLibrary.contract.steps import Step, StepStatus

from .base import Agent, ReviewContext, Verdict
from .quality import quality_parts, quality_score
from .reading import Reading

LOWEST_QUALITY: Final = 70.0
"""Score under which nothing is merged."""
_CLOSED: Final = (StepStatus.PASSED, StepStatus.OVERRIDDEN)


def _review(reading: Reading, context: ReviewContext, verdict: Verdict) -> str:
    score = quality_score(reading)
    verdict.measures["quality_score"] = score
    verdict.measures.update({name: round(100 * part, 1) for name, part in quality_parts(reading).items()})
    good = score >= LOWEST_QUALITY
    if not good:
        worst = min(quality_parts(reading).items(), key=lambda item: item[1])[0]
        message = (
            f"the quality score is {score:.1f} of 100, {LOWEST_QUALITY:.0f} are asked for; {worst} is the weakest part"
        )
        verdict.find("quality_below_threshold", message)
    verdict.check("overall_quality_approved", *(() if good else ("quality_below_threshold",)))
    reasons = _compliance(reading, context, verdict)
    compliant = verdict.check("compliance_validated", *reasons)
    # Where a person's approval is required, orchestration waits for it after this answer.
    verdict.check("merge_approved", passed=good and compliant)
    return f"quality score {score:.1f} of 100"


def _compliance(reading: Reading, context: ReviewContext, verdict: Verdict) -> list[str]:
    reasons = []
    if not context.requested_by or context.requested_by == reading.pull_request.author:
        reasons.append("duties_not_separated")
        verdict.find("duties_not_separated", "the author asked for the review of their own change")
    before = [step for step in Step if step.number < Step.FINAL_REVIEW.number]
    missing = [step for step in before if context.gates.get(step) not in _CLOSED]
    if missing:
        reasons.append("gate_not_passed")
        verdict.find("gate_not_passed", f"neither passed nor overridden: {', '.join(missing)}")
    return reasons


AGENT: Final = Agent(
    role="qms-quality-coordinator",
    step=Step.FINAL_REVIEW,
    areas=("quality", "compliance"),
    review=_review,
)
