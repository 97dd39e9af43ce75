from datetime import UTC, datetime, timedelta

import pytest
from assertionengine import AssertionOperator

from QMSLibrary.contract.escalations import EscalationLevel
from QMSLibrary.contract.steps import Severity, Step, StepResult, StepStatus
from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.history.statistics import ResponseTimes
from QMSLibrary.keywords.assertions import check, lookup
from QMSLibrary.keywords.errors import CheckFailed, KeywordError
from QMSLibrary.keywords.types import choice, event_name, finding, names, percent

STEP = StepResult(step=Step.DOR_VALIDATION, status=StepStatus.FAILED, failure_reasons=["missing_tests"],
                  measures={"coverage": 61.5}, duration=timedelta(seconds=90))  # fmt: skip


@pytest.mark.parametrize(("text", "share"), [("95 %", 0.95), ("95%", 0.95), ("0.95", 0.95), ("1", 1.0), (0.5, 0.5)])
def test_shares(text, share):
    assert percent(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["95", "120 %", "-1 %", "many"])
def test_what_is_no_share(text):
    with pytest.raises(ValueError, match=r"Write 95 % or 0\.95"):
        percent(text)


def test_findings():
    assert finding("sql_injection:high") == ("sql_injection", Severity.HIGH)
    assert finding("XSS Vulnerability") == ("xss", None)
    with pytest.raises(ValueError, match="There are: low, medium, high, critical"):
        finding("xss:bad")
    with pytest.raises(ValueError, match="names no finding"):
        finding(":high")


def test_event_names():
    assert event_name("Workflow.Started") == "workflow.started"
    with pytest.raises(ValueError, match=r"Did you mean 'workflow.started'\? There are: pr.created"):
        event_name("workflow.start")


def test_choices_list_what_there_is():
    assert choice(EscalationLevel, "l3_standard") is EscalationLevel.L3_STANDARD
    assert choice(EscalationLevel, None) is None
    with pytest.raises(ValueError, match=r"no EscalationLevel 'L3'.*There are: L0_CRITICAL, L1_IMMEDIATE"):
        choice(EscalationLevel, "L3")


def test_lists():
    assert names("a, b ,") == ["a", "b"]
    assert names(["a", "b"]) == ["a", "b"]
    assert names(None) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [("status", StepStatus.FAILED), ("measures.coverage", 61.5), ("failure_reasons.0", "missing_tests")],
)
def test_fields_are_found(path, value):
    assert lookup(STEP, path) == value


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("state", "There are: step, status"),
        ("measures.speed", "There are: coverage"),
        ("failure_reasons.4", "There are: 0"),
        ("status.deep.er", "has no fields"),
    ],
)
def test_an_unknown_field_is_told_with_those_there_are(path, words):
    with pytest.raises(KeywordError, match=words):
        lookup(STEP, path)
    assert lookup(ResponseTimes(1, 2, 3, 4, 5, 6, 0), "p95") == 4


@pytest.mark.parametrize(
    ("value", "operator", "expected"),
    [
        (WorkflowState.COMPLETED, "==", "COMPLETED"),
        (WorkflowState.COMPLETED, "==", WorkflowState.COMPLETED),
        (WorkflowState.DOR_FAILED, "!=", "COMPLETED"),
        (91.5, ">=", "85"),
        (3, "==", "3"),
        (True, "==", "True"),
        (False, "==", "no"),
        (None, "==", "None"),
        (timedelta(hours=1), "<", "4 hours"),
        (timedelta(seconds=2), "<=", 2),
        (datetime(2026, 1, 1, tzinfo=UTC), "<", "2026-01-31T12:00:00+00:00"),
        (["a", "b"], "*=", "a"),
        (["a", "b"], "==", "a, b"),
        ("feat: x", "^=", "feat"),
        ("feat: x", "*=", "t: "),
    ],
)
def test_expectations_are_read_as_what_the_value_is(value, operator, expected):
    assert check(value, AssertionOperator(operator), expected, None, "it") == value


def test_a_failed_assertion_names_what_was_looked_at():
    with pytest.raises(CheckFailed, match=r"state of wf-1: 'DOR_FAILED' \(str\) should be 'COMPLETED'"):
        check(WorkflowState.DOR_FAILED, AssertionOperator["=="], "COMPLETED", None, "state of wf-1")
    with pytest.raises(CheckFailed, match="my own words"):
        check(1, AssertionOperator["=="], "2", "my own words", "it")


def test_what_cannot_be_compared_is_said_in_words():
    with pytest.raises(KeywordError, match="cannot be read as a number"):
        check(5, AssertionOperator["<"], "many", None, "it")
    with pytest.raises(KeywordError, match="cannot be compared"):
        check(None, AssertionOperator["<"], "5", None, "it")
    with pytest.raises(KeywordError, match="no operator"):
        check(5, None, "5", None, "it")
