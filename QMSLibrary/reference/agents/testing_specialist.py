"""Performance review: does the changed code hold a known performance flaw?"""

from __future__ import annotations

from typing import Final

from QMSLibrary.contract.steps import Step

from .base import Agent, ReviewContext, Verdict, counted
from .flaws import FlawKind
from .reading import Reading


def _review(reading: Reading, context: ReviewContext, verdict: Verdict) -> str:
    found = reading.flaws[FlawKind.PERFORMANCE]
    for flaw, path, place in found:
        verdict.find(flaw.type, place.message, severity=flaw.severity, path=path, line=place.line)
    verdict.check("performance_tests_passed", *dict.fromkeys(flaw.type for flaw, _, _ in found))
    verdict.measures["test_files"] = len(reading.test_modules) + len(reading.robot_files)
    verdict.measures["performance_flaws"] = len(found)
    return f"{counted(len(found), 'performance flaw')} in {counted(len(reading.source_modules), 'source file')}"


AGENT: Final = Agent(
    role="qms-testing-specialist",
    step=Step.PROGRESS_REVIEWS,
    areas=("testing", "performance"),
    review=_review,
)
