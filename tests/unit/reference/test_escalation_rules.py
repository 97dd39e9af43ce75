"""Which events call for which escalation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from QMSLibrary.contract.escalations import EscalationLevel
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.reference.escalation.rules import RULES, Limits, wanted_by

SQL = {
    "type": "sql_injection", "severity": "high", "path": "src/db.ts", "line": 12, "message": "m",
    "agent_id": "qms-security-scanner", "cwe": "CWE-89",
}  # fmt: skip
XSS = {**SQL, "type": "xss", "severity": "medium", "cwe": "CWE-79"}
SECRET = {**SQL, "type": "hardcoded_secret", "severity": "critical", "path": "src/key.ts", "line": 1, "cwe": "CWE-798"}
UNTESTED = {"type": "missing_tests", "severity": "high", "message": "m", "agent_id": "qms-dor-validator"}


def event(kind: str, **payload: Any) -> Event:
    return Event(
        event_id="e", type=kind, timestamp=datetime(2026, 1, 1, tzinfo=UTC), source="orchestration", workflow_id="w",
        correlation_id="c", payload=payload,
    )  # fmt: skip


def asked(found: Event) -> list[tuple[str, str]]:
    return [(one.level, one.type) for one in wanted_by(found)]


def test_a_failed_definition_of_ready_is_one_standard_escalation_with_its_reasons() -> None:
    failed = event(
        "gate.failed", step="dor_validation", failure_reasons=["missing_tests", "missing_documentation"],
        findings=[UNTESTED],
    )  # fmt: skip
    (wanted,) = wanted_by(failed)
    assert wanted.level is EscalationLevel.L3_STANDARD
    assert wanted.reason == "DoR validation failed: missing_tests, missing_documentation"


def test_a_failed_definition_of_done_is_one_standard_escalation() -> None:
    failed = event("gate.failed", step="dod_validation", failure_reasons=["coverage_below_threshold"])
    (wanted,) = wanted_by(failed)
    assert (wanted.level, wanted.reason) == ("L3_STANDARD", "DoD validation failed: coverage_below_threshold")


@pytest.mark.parametrize("severity", ["high", "critical"])
def test_a_grave_vulnerability_is_immediate(severity: str) -> None:
    failed = event("step.failed", step="progress_reviews", findings=[{**SQL, "severity": severity}, XSS])
    (wanted,) = wanted_by(failed)
    assert (wanted.level, wanted.type) == ("L1_IMMEDIATE", "high_severity_security")
    assert "high_severity_security" in wanted.reason
    assert f"sql_injection ({severity}) in src/db.ts line 12" in wanted.reason
    assert "xss" not in wanted.reason


def test_lesser_vulnerabilities_alone_are_not() -> None:
    assert asked(event("step.failed", step="progress_reviews", findings=[XSS])) == []


def test_a_grave_finding_that_is_no_weakness_is_no_security_matter() -> None:
    assert asked(event("step.failed", step="progress_reviews", findings=[{**UNTESTED, "severity": "critical"}])) == []


def test_a_secret_in_the_code_is_critical_and_told_once() -> None:
    assert asked(event("step.failed", step="progress_reviews", findings=[SECRET])) == [("L0_CRITICAL", "leaked_secret")]


def test_a_secret_and_a_vulnerability_are_two_matters() -> None:
    both = event("step.failed", step="progress_reviews", findings=[SQL, SECRET])
    assert asked(both) == [("L0_CRITICAL", "leaked_secret"), ("L1_IMMEDIATE", "high_severity_security")]


def test_many_vulnerabilities_are_counted_not_listed() -> None:
    many = event("step.failed", step="progress_reviews", findings=[{**SQL, "line": line} for line in range(1, 9)])
    (wanted,) = wanted_by(many)
    assert wanted.reason.endswith("line 5 and 3 more")


@pytest.mark.parametrize(("score", "told"), [(84.9, True), (85, False), (0, True), (100.0, False)])
def test_the_compliance_score(score: float, told: bool) -> None:
    completed = event("workflow.completed", result={"compliance_score": score})
    assert asked(completed) == ([("L1_IMMEDIATE", "compliance_below_threshold")] if told else [])


@pytest.mark.parametrize(("score", "told"), [(69.9, True), (70, False), (0, True)])
def test_the_quality_score_of_the_final_review(score: float, told: bool) -> None:
    failed = event("gate.failed", step="final_review", measures={"quality_score": score})
    assert asked(failed) == ([("L2_URGENT", "quality_below_threshold")] if told else [])
    assert asked(event("gate.failed", step="progress_reviews", measures={"quality_score": score})) == []


def test_limits_are_settings() -> None:
    failed = event("gate.failed", step="final_review", measures={"quality_score": 80, "compliance_score": 90})
    assert wanted_by(failed) == []
    types = [one.type for one in wanted_by(failed, Limits(compliance_score=95, quality_score=90))]
    assert types == ["compliance_below_threshold", "quality_below_threshold"]


@pytest.mark.parametrize("value", [None, "70", True, []])
def test_a_score_that_is_no_number_says_nothing(value: object) -> None:
    assert asked(event("gate.failed", step="final_review", measures={"quality_score": value})) == []


def test_a_stuck_workflow() -> None:
    workflow = {"state": "PROGRESS_PENDING", "updated_at": "2026-01-01T00:00:00.000000Z"}
    (wanted,) = wanted_by(event("workflow.stuck", workflow=workflow, waiting_for=["qms-code-reviewer"]))
    assert (wanted.level, wanted.type) == ("L3_STANDARD", "workflow_stuck")
    assert "PROGRESS_PENDING" in wanted.reason
    assert "qms-code-reviewer" in wanted.reason


def test_an_overdue_approval_is_not_also_a_stuck_workflow() -> None:
    stuck = event("workflow.stuck", step="final_review", waiting_for=["approval"])
    assert asked(stuck) == [("L3_STANDARD", "approval_overdue")]
    assert "final approval overdue" in wanted_by(stuck)[0].reason


def test_nobody_available_asks_a_person() -> None:
    assert asked(event("routing.failed", step="dor_validation")) == [("L2_URGENT", "routing_failed")]


@pytest.mark.parametrize("kind", [*EventType, "something.new"])
def test_an_event_without_any_of_it_asks_for_nothing_and_breaks_nothing(kind: str) -> None:
    speaking = {EventType.WORKFLOW_STUCK, EventType.ROUTING_FAILED}
    assert bool(wanted_by(event(kind))) is (kind in speaking)
    assert bool(wanted_by(event(kind, step="no_such_step", findings=None, measures=None, result=None))) is (
        kind in speaking
    )


def test_rules_have_types_of_their_own_and_come_most_urgent_first() -> None:
    assert len({rule.type for rule in RULES}) == len(RULES)
    assert [rule.level for rule in RULES] == sorted(rule.level for rule in RULES)
