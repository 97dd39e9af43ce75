"""Security review: does the changed code hold a known vulnerability?"""

from __future__ import annotations

from typing import Final

from QMSLibrary.contract.routing import SECURITY_AGENT
from QMSLibrary.contract.steps import Severity, Step

from .base import Agent, ReviewContext, Verdict, counted
from .flaws import FlawKind
from .reading import Reading


def _review(reading: Reading, context: ReviewContext, verdict: Verdict) -> str:
    found = reading.flaws[FlawKind.SECURITY]
    for flaw, path, place in found:
        verdict.find(flaw.type, place.message, severity=flaw.severity, path=path, line=place.line, cwe=flaw.cwe)
    blocking = dict.fromkeys(flaw.type for flaw, _, _ in found if flaw.severity.rank >= Severity.MEDIUM.rank)
    if context.step is Step.PROGRESS_REVIEWS:
        verdict.check("security_scan_passed", *blocking)
    # Called in beside another step for a sensitive change it tells what it sees; the gate of its own step decides.
    verdict.measures["vulnerabilities"] = len(found)
    worst = max((flaw.severity for flaw, _, _ in found), key=lambda one: one.rank, default=None)
    return f"{counted(len(found), 'vulnerability').replace('ys', 'ies')}" + (f", the worst {worst}" if worst else "")


AGENT: Final = Agent(
    role=SECURITY_AGENT,
    step=Step.PROGRESS_REVIEWS,
    areas=("security", "auth", "crypto", "sql"),
    review=_review,
)
