"""What getters compare: things of one kind, and what is said when they are not."""

from datetime import UTC, datetime, timedelta

import pytest
from assertionengine import AssertionOperator
from hypothesis import example, given
from hypothesis import strategies as st

from QMSLibrary.checks.asked import Asked
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Finding, Severity, Step, StepResult
from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.keywords.assertions import check
from QMSLibrary.keywords.errors import CheckFailed, KeywordError

IT = Asked(what="value of wf-1", blame=Service.ORCHESTRATION, look_at="the step")
FINDING = Finding(type="xss", severity=Severity.HIGH, message="…", agent_id="qms-security-scanner")
STEP = StepResult(step=Step.DOR_VALIDATION)
AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ORDER = ["<", ">", "<=", ">="]


def compare(value, operator, expected, asked=IT):
    return check(value, AssertionOperator[operator], expected, None, asked)


@pytest.mark.parametrize("operator", ORDER)
@pytest.mark.parametrize("value", [WorkflowState.DOR_FAILED, "feat: x", Severity.LOW, "12", ""])
@pytest.mark.parametrize("expected", ["8", "5", 5, "a", "COMPLETED", "2026-01-01"])
def test_a_text_is_never_more_or_less_than_anything(value, operator, expected):
    with pytest.raises(KeywordError, match=r"compares numbers, times and dates only\. Write == or !="):
        compare(value, operator, expected)


@pytest.mark.parametrize("operator", ["*=", "not contains", "^=", "$=", "matches"])
@pytest.mark.parametrize("value", ["feat: x", WorkflowState.COMPLETED, ["a"], [], 5, None, {"a": 1}])
def test_an_empty_text_is_looked_for_nowhere(value, operator):
    with pytest.raises(KeywordError, match="an empty text: it is in every text"):
        compare(value, operator, "")


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("==", "2026-11-24 10:00:00"),
        ("==", "2026-11-24T10:00:00Z"),
        ("==", "2026-11-24t10:00:00.000z"),
        ("==", "2026-11-24T12:00:00+02:00"),
        ("==", datetime(2026, 11, 24, 10, 0)),
        (">", "2026-11-24 09:59:59.999"),
        (">=", "2026-11-24"),
        ("<", "2026-11-24T10:00:00-01:00"),
        ("<=", AT),
        ("!=", "2026-11-24 11:00:00"),
    ],
)
def test_a_time_is_compared_with_a_date_that_is_written_as_rfc_3339_or_as_robot_writes_it(operator, expected):
    assert compare(AT, operator, expected) == AT


def test_so_is_a_time_that_a_service_wrote_as_a_text():
    assert compare("2026-11-24T10:00:00.000000Z", ">", "2026-11-24 09:00:00")
    with pytest.raises(CheckFailed, match="more than 2026-11-24T11:00"):
        compare("2026-11-24T10:00:00.000000Z", ">", "2026-11-24 11:00:00")
    with pytest.raises(KeywordError, match=r"'5' cannot be read as a date and time in the form .* \(UTC\)"):
        compare("2026-11-24T10:00:00.000000Z", ">", "5")


@pytest.mark.parametrize("operator", ["!=", *ORDER])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (AT, 5),
        (AT, timedelta(1)),
        (timedelta(1), AT),
        (5, True),
        (5, [5]),
        (5, AT),
        (True, 1),
        (["a"], 5),
        ({"a": 1}, "a"),
        (STEP, "passed"),
        ([FINDING], "xss"),
        (STEP, FINDING),
    ],
)
def test_things_of_different_kinds_do_not_pass_by_being_different(value, operator, expected):
    with pytest.raises(KeywordError, match="they are things of different kinds"):
        compare(value, operator, expected)


def test_a_text_is_not_looked_for_among_things_with_fields():
    with pytest.raises(KeywordError, match=r"things with fields, and none of them is the text 'xss'.*0\.type"):
        compare([FINDING], "not contains", "xss")
    assert compare([FINDING], "contains", FINDING)


@pytest.mark.parametrize(
    ("value", "operator", "expected"),
    [
        ([1, 2], "contains", "2"),
        ([1, 2], "==", "1, 2"),
        ([Service.DASHBOARD], "contains", "dashboard"),
        ({"a": 1}, "contains", "a"),
        ("5", "==", 5),
        (100, "^=", "1"),
        (None, "!=", "x"),
        (None, "==", None),
        ([], "==", ""),
        ([], "not contains", "xss"),
        ({"a": 1}, "==", {"a": 1}),
        (STEP, "==", STEP),
    ],
)
def test_what_can_be_compared_is(value, operator, expected):
    assert compare(value, operator, expected) == value


@pytest.mark.parametrize("expected", ["nan", "inf", "-Infinity"])
def test_what_is_no_number_is_not_unequal_to_one(expected):
    with pytest.raises(KeywordError, match="cannot be read as a number"):
        compare(5, "!=", expected)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.timedeltas(),
    st.datetimes(timezones=st.just(UTC)), st.sampled_from(list(WorkflowState)), st.lists(st.text()),
    st.dictionaries(st.text(), st.integers()), st.just(STEP), st.just([FINDING]),
)  # fmt: skip


@given(VALUES, st.sampled_from(["==", "!=", *ORDER, "contains", "not contains", "^=", "$=", "matches"]),
       VALUES | st.floats())  # fmt: skip
@example(timedelta(0), "==", 8.64e13)
@example(timedelta(0), "==", float("nan"))
def test_any_comparison_passes_or_fails_in_words(value, operator, expected):
    told = ""
    try:
        compare(value, operator, expected)
    except (CheckFailed, KeywordError) as error:
        told = str(error)
    assert "timedelta(" not in told
    assert "NoneType" not in told


NOT_YET = Asked(what="findings", blame=None, look_at="the step", not_yet="the step is pending")


@pytest.mark.parametrize(
    ("value", "operator", "expected"),
    [([], "not contains", "xss"), ([], "==", ""), ([], "!=", "a"), (["a"], "not contains", "b")],
)
def test_what_is_not_there_yet_lacks_nothing(value, operator, expected):
    with pytest.raises(CheckFailed, match="; the step is pending"):
        compare(value, operator, expected, NOT_YET)
    assert compare(value, operator, expected) == value


def test_what_is_there_already_is_there():
    assert compare(["a"], "contains", "a", NOT_YET) == ["a"]
