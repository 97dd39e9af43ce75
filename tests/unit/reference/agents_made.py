"""Pull requests written by hand, and the agents' answers to them."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

from QMSLibrary.contract.pull_requests import ChangeType, FileChange, PullRequest
from QMSLibrary.contract.steps import AgentResult, Step, StepStatus
from QMSLibrary.reference.agents.base import ReviewContext
from QMSLibrary.reference.agents.flaws import FlawKind
from QMSLibrary.reference.agents.reading import Reading
from QMSLibrary.reference.agents.roster import ROSTER

DOR, REVIEWER, TESTING = "qms-dor-validator", "qms-code-reviewer", "qms-testing-specialist"
SCANNER, DOD, COORDINATOR = "qms-security-scanner", "qms-dod-validator", "qms-quality-coordinator"
ALL_PASSED = dict.fromkeys(Step, StepStatus.PASSED)


def change(path: str, content: str | None, **fields: Any) -> FileChange:
    text = None if content is None else dedent(content).lstrip("\n")
    lines = text.count("\n") if text else 0
    values: dict[str, Any] = {"type": ChangeType.ADDED, "additions": lines, **fields}
    return FileChange(path=path, content=text, **values)


def pull_request(*files: FileChange, **fields: Any) -> PullRequest:
    values: dict[str, Any] = {
        "id": "PR-1",
        "title": "feat(orders): cancel orders that were not sent",
        "description": "Customers ask for it, and so far somebody has to do it by hand in the database.",
        "author": "m.okafor",
        "repository": "shop/orders",
        "head_branch": "feature/cancel-orders",
        "created_at": datetime(2026, 1, 5, tzinfo=UTC),
        **fields,
    }
    return PullRequest(files=list(files) or [change("README.md", "# Orders\n")], **values)


def answer(
    role: str,
    request: PullRequest,
    *,
    requested_by: str = "q.lead",
    gates: dict[Step, StepStatus] | None = None,
    step: Step | None = None,
) -> AgentResult:
    agent = ROSTER[role]
    context = ReviewContext(step or agent.step, requested_by, ALL_PASSED if gates is None else gates)
    return agent.answer(Reading(request), context)


def reasons(request: PullRequest) -> list[str]:
    """The failure reasons of all six agents."""
    reading = Reading(request)
    context = {role: ReviewContext(agent.step, "q.lead", ALL_PASSED) for role, agent in ROSTER.items()}
    return [reason for role, agent in ROSTER.items() for reason in agent.answer(reading, context[role]).failure_reasons]


def flaws(path: str, content: str, kind: FlawKind = FlawKind.SECURITY) -> list[tuple[str, int]]:
    """Type and line of each flaw found in one file."""
    found = Reading(pull_request(change(path, content))).flaws[kind]
    return [(flaw.type, place.line) for flaw, _, place in found]
