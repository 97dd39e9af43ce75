from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from assertionengine import AssertionOperator
from hypothesis import given
from hypothesis import strategies as st

from QMSLibrary.checks.asked import Asked
from QMSLibrary.contract.escalations import EscalationLevel
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity, Step, StepResult, StepStatus
from QMSLibrary.contract.workflows import Workflow, WorkflowState
from QMSLibrary.history.statistics import ResponseTimes
from QMSLibrary.keywords import options
from QMSLibrary.keywords.assertions import check, lookup, not_there
from QMSLibrary.keywords.conversion import convert
from QMSLibrary.keywords.errors import CheckFailed, KeywordError, NoSuchEntry
from QMSLibrary.keywords.types import EventName, event_name, finding, names, percent
from QMSLibrary.keywords.words import a_thing, shown

IT = Asked(what="state of wf-1", blame=Service.ORCHESTRATION, look_at="the step")
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
    with pytest.raises(ValueError, match="here are: low, medium, high, critical"):
        finding("xss:bad")
    with pytest.raises(ValueError, match="names no finding"):
        finding(":high")


def test_event_names():
    assert event_name("Workflow.Started") == "workflow.started"
    with pytest.raises(ValueError, match=r"Did you mean 'workflow.started'\? There are: workflow.started, workf"):
        event_name("workflow.start")
    with pytest.raises(ValueError, match=r"They begin with: pr, workflow, decision, "):
        event_name("nonsense")


W = Workflow | str | None


@pytest.mark.parametrize(
    ("hint", "value", "result"),
    [
        (EscalationLevel, "l3_standard", EscalationLevel.L3_STANDARD),
        (EscalationLevel | None, "None", None),
        (EscalationLevel | None, None, None),
        (Step, "DOR Validation", Step.DOR_VALIDATION),
        (Literal["low", "high"], "LOW", "low"),
        (int, "1 000", 1000),
        (float, "4.5", 4.5),
        (float, 4, 4.0),
        (bool, "no", False),
        (bool, True, True),
        (str, 5, "5"),
        (str, Step.DOR_VALIDATION, Step.DOR_VALIDATION),
        (timedelta, "2 minutes", timedelta(minutes=2)),
        (timedelta, 3, timedelta(seconds=3)),
        (timedelta | datetime | None, "1 minute", timedelta(minutes=1)),
        (timedelta | datetime | None, "2026-01-31 12:00", datetime(2026, 1, 31, 12)),
        (W, "wf-1", "wf-1"),
        (W, None, None),
        (list[str] | str | None, ["a"], ["a"]),
        (list[str] | str | None, "a, b", "a, b"),
        (list[StepResult], [STEP], [STEP]),
        (StepResult, STEP, STEP),
        (EventName | None, "Gate.Passed", "gate.passed"),
        (AssertionOperator | None, "matches", AssertionOperator["matches"]),
        (AssertionOperator | None, "should be", AssertionOperator["=="]),
        (Any, STEP, STEP),
        (None, "x", "x"),
    ],
)
def test_a_value_becomes_what_the_keyword_takes(hint, value, result):
    assert convert("it", hint, value) == result


@pytest.mark.parametrize(
    ("hint", "value", "words"),
    [
        (EscalationLevel | None, "L3", "level: there is no escalation level 'L3'. There are: L0_CRITICAL, "
                                       "L1_IMMEDIATE, L2_URGENT, L3_STANDARD."),
        (Step, "dor_validaton", "level: there is no step 'dor_validaton'. Did you mean 'dor_validation'? There are: "
                                "dor_validation, progress_reviews, dod_validation, final_review."),
        (Literal["low", "high"], "", "level: expected a level, and got an empty text. There are: low, high."),
        (AssertionOperator | None, "=", "level: there is no assertion operator '='. Did you mean '=='? There are: ==, "
                                        "!=, <, >, <=, >=, *=, not contains, ^=, $=, matches, validate, then."),
        (int | None, "many", "level: the text 'many' is no whole number."),
        (int, 1.5, "level: the number 1.5 is no whole number."),
        (float, "nan", "level: the text 'nan' is no number."),
        (bool, "maybe", "level: the text 'maybe' is neither yes nor no. Write True or False."),
        (timedelta, "soon", "level: the text 'soon' is no time. Write 4 hours, 30 seconds or 500 ms."),
        (timedelta, "-1 s", "level: the text '-1 s' is less than no time. Time does not run backwards: give 0 "
                           "or more."),
        (timedelta | None, timedelta(seconds=-1), "level: -1.0 s is less than no time. Time does not run backwards: "
                                                  "give 0 or more."),
        (timedelta, "1000000000000 days", "level: the text '1000000000000 days' is too long a time."),
        (str, ["a"], "level: expected a text, and got a list."),
        (Workflow, "x", "level: expected the workflow that `Trigger Workflow` returned, and got the text 'x'."),
        (W, STEP, "level: expected the workflow that `Trigger Workflow` returned or its id, and got a step result."),
        (list[Workflow], STEP, "level: expected a list of workflows, and got a step result."),
        (list[Workflow], ["x"], "item 1 of level: expected the workflow that `Trigger Workflow` returned, and got the "
                                "text 'x'."),
        (list[str] | str | None, STEP, "level: expected a list of texts, and got a step result."),
    ],
)  # fmt: skip
def test_a_value_that_is_not_right_is_told_in_words(hint, value, words):
    with pytest.raises(KeywordError) as error:
        convert("level", hint, value)
    assert str(error.value) == words


GETTER = ["step", ("field", None), ("assertion_operator", None), ("assertion_expected", None), ("message", None), "*",
          ("workflow", None)]  # fmt: skip
WAIT = ["step", "*", ("timeout", timedelta(seconds=30)), ("workflow", None)]
CHANGE = ["event", "**fields"]
MANY = ["*services", ("within", None)]


@pytest.mark.parametrize("operator", ["==", "!=", ">=", "<=", "*=", "^=", "$="])
@pytest.mark.parametrize("expected", ["a=b", "==", "mesage=x", ">=5"])
def test_operators_and_expected_values_with_an_equals_sign_are_no_options(operator, expected):
    row = ["dor_validation", "state", operator, expected]
    assert options.understood("get_step", GETTER, {}, row, {}) == (row, {})
    assert options.understood("get_step", GETTER, {}, [*row, "own words"], {}) == (row, {"message": "own words"})
    assert options.understood("get_step", GETTER, {}, row, {"message": "a=b"}) == (row, {"message": "a=b"})


@pytest.mark.parametrize(
    ("arguments", "row", "named", "words"),
    [
        (GETTER, ["a", "stat=COMPLETED"], {}, "has no option 'stat'. It has: message, workflow. A check is written in"),
        (GETTER, ["a", "state==COMPLETED"], {}, "has no option 'state'. It has: message, workflow. A check is"),
        (GETTER, ["a", "state", "workflw=x"], {}, "has no option 'workflw'. Did you mean 'workflow'?"),
        (GETTER, ["a", "state", "==", "x", "mesage=x"], {}, "has no option 'mesage'. Did you mean 'message'?"),
        (GETTER, ["a", "state", "==", "x", "own", "mesage=x"], {}, "has no option 'mesage'."),
        (
            GETTER,
            ["a", "state", "==", "x", "own", "y"],
            {},
            "one value too many: the text 'y'. In a row it takes: step, ",
        ),
        (GETTER, ["a", "state", "==", "x", "own"], {"message": "y"}, "one value too many: the text 'own'."),
        (GETTER, ["a", "state", "!="], {}, "has the operator '!=' and nothing after it. Write what is expected"),
        (GETTER, [], {"workflow": "x"}, "needs a value for 'step'. In a row it takes: step, field, "),
        (WAIT, ["a"], {"tiemout": "1 s"}, "has no option 'tiemout'. Did you mean 'timeout'? It has: step, timeout, "),
        (
            WAIT,
            ["a", "1 minute"],
            {},
            "one value too many: the text '1 minute'. In a row it takes: step. By name: timeout",
        ),
        (WAIT, [None], {"timeout": "1 s"}, "needs a value for 'step'. In a row it takes: step."),
        (CHANGE, [], {"type": "x"}, "needs a value for 'event'. In a row it takes: event."),
        (MANY, ["a", "b"], {"wthin": "1 s"}, "has no option 'wthin'. Did you mean 'within'?"),
    ],
)
def test_a_call_that_is_not_right_is_told_in_words(arguments, row, named, words):
    with pytest.raises(KeywordError) as error:
        options.understood("wait_for_it", arguments, {}, row, named)
    assert str(error.value).startswith("`Wait For It` ")
    assert words in str(error.value)


@pytest.mark.parametrize("value", ["", "  ", "\t", ["a", ""], ("",)])
@pytest.mark.parametrize("name", ["workflow", "repository", "escalation", "alert", "rule", "agent", "person", "name"])
def test_an_empty_name_is_refused_and_means_neither_everything_nor_the_usual(name, value):
    with pytest.raises(KeywordError, match=rf"^`Do It`: {name} .*empty.*has no value.* or leave {name} out\.$"):
        options.understood("do_it", ["*", (name, None)], {}, [], {name: value})
    with pytest.raises(KeywordError, match=r"^`Do It`: .*empty.* Write what is meant\.$"):
        options.understood("do_it", [name], {}, [value], {})
    with pytest.raises(KeywordError, match="empty"):
        options.understood("do_it", ["first", f"*{name}"], {}, ["x", "y", value], {})


def test_a_title_may_be_empty_where_that_means_none():
    for keyword in ("configure_widget", "configure_card_on_page"):
        assert options.understood(keyword, ["*", ("title", None)], {}, [], {"title": ""}) == ([], {"title": ""})
    assert options.understood("do_it", ["*", ("comment", "")], {}, [], {"comment": ""}) == ([], {"comment": ""})
    assert options.understood("do_it", ["*", ("workflow", None)], {}, [], {"workflow": None}) == (
        [],
        {"workflow": None},
    )


def test_what_takes_anything_is_given_it():
    assert options.understood("x", CHANGE, {}, ["e"], {"payload": 1}) == (["e"], {"payload": 1})
    assert options.understood("x", MANY, {"services": Service}, ["dashboard", "decision"], {}) == (
        [Service.DASHBOARD, Service.DECISION],
        {},
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        ("", "an empty text"),
        ("x", "the text 'x'"),
        (5, "the number 5"),
        (True, "True"),
        ([1], "a list"),
        ({"a": 1}, "a dictionary"),
        (timedelta(seconds=-5), "-5.0 s"),
        (WorkflowState.DOR_FAILED, "DOR_FAILED"),
        (STEP, "a step result"),
        (object(), "an object"),
    ],
)
def test_things_are_called_what_a_tester_calls_them(value, words):
    assert a_thing(value) == words


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.timedeltas()
                    | st.datetimes() | st.sampled_from(list(WorkflowState)),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_any_value_is_shown_on_one_short_line(value):
    text = shown(value)
    assert text
    assert len(text) < 200
    assert "<" not in text or "<" in str(value)
    assert "timedelta(" not in text


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
        ("failure_reasons.4", "There is no entry 4 .* the list has 1 entry, counted from 0"),
        ("failure_reasons.first", "There are: 0"),
        ("status.deep.er", "has no fields"),
    ],
)
def test_an_unknown_field_is_told_with_those_there_are(path, words):
    with pytest.raises(KeywordError, match=words):
        lookup(STEP, path)
    assert lookup(ResponseTimes(1, 2, 3, 4, 5, 6, 0), "p95") == 4


def test_what_is_in_no_list_yet_fails_a_check_and_is_a_mistake_without_one():
    asked = Asked(what="history.0.total of the widget quality_trend", blame=Service.DASHBOARD, look_at="its events")
    with pytest.raises(NoSuchEntry) as error:
        lookup({"history": []}, "history.0.total")
    failed = not_there(error.value, AssertionOperator["!="], 3, "Mine", asked)
    assert isinstance(failed, CheckFailed)
    assert str(failed) == (
        "Mine\nThe history.0.total of the widget quality_trend: not as expected.\nExpected: anything but 3\n"
        "Seen: There is no entry 0 (in 'history.0.total'): the list has 0 entries, counted from 0.\n"
        "Service to blame: dashboard\nLook at: its events"
    )
    assert not_there(error.value, None, None, None, asked) is error.value


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
    assert check(value, AssertionOperator(operator), expected, None, IT) == value


def test_a_failed_assertion_says_expected_seen_whom_to_blame_and_what_to_look_at():
    with pytest.raises(CheckFailed) as error:
        check(WorkflowState.DOR_FAILED, AssertionOperator["=="], "COMPLETED", None, IT)
    assert str(error.value) == (
        "The state of wf-1: not as expected.\nExpected: COMPLETED\nSeen: DOR_FAILED\n"
        "Service to blame: orchestration\nLook at: the step"
    )


@pytest.mark.parametrize("own", ["my own words", "{value} is not {expected}, {really"])
def test_a_testers_own_message_comes_first_and_the_rest_is_still_there(own):
    with pytest.raises(CheckFailed) as error:
        check(1, AssertionOperator["=="], "2", own, IT)
    first, *rest = str(error.value).splitlines()
    assert first == own.replace("{value}", "1").replace("{expected}", "2")
    assert rest[1:3] == ["Expected: 2", "Seen: 1"]


@pytest.mark.parametrize(
    ("value", "operator", "expected", "told"),
    [
        (WorkflowState.DOR_FAILED, "!=", "DOR_FAILED", ("anything but DOR_FAILED", "DOR_FAILED")),
        (84.5, ">=", "85", ("at least 85", "84.5")),
        (timedelta(hours=5), "<=", "4 hours", ("at most 4 h", "5 h")),
        (timedelta(seconds=2), "<", 1, ("less than 1.0 s", "2.0 s")),
        (["a"], "==", "a, b", ("a, b", "a")),
        ([], "*=", "a", ("to contain a", "an empty list")),
        (None, "==", "x", ("x", "nothing")),
        (True, "==", "no", ("False", "True")),
        ("feat: x", "$=", "y", ("to end with y", "feat: x")),
        ("feat: x", "not contains", "feat", ("not to contain feat", "feat: x")),
        ("feat: x", "matches", "^fix", ("to match the pattern ^fix", "feat: x")),
        (STEP, "==", "failed", ("failed", "a step result")),
        ([STEP], "==", "failed", ("failed", "a step result")),
        (datetime(2026, 1, 1, tzinfo=UTC), ">", "2026-01-31T12:00:00+00:00",
         ("more than 2026-01-31T12:00:00+00:00", "2026-01-01T00:00:00+00:00")),
    ],
)  # fmt: skip
def test_expected_and_seen_are_written_as_a_tester_writes_them(value, operator, expected, told):
    with pytest.raises(CheckFailed) as error:
        check(value, AssertionOperator[operator], expected, None, IT)
    assert str(error.value).splitlines()[1:3] == [f"Expected: {told[0]}", f"Seen: {told[1]}"]


def test_what_cannot_be_compared_is_said_in_words():
    with pytest.raises(KeywordError, match=r"'soon' cannot be read as a time, which the value 1 min is"):
        check(timedelta(minutes=1), AssertionOperator["<"], "soon", None, IT)
    with pytest.raises(KeywordError, match=r"'\[' is no pattern"):
        check("text", AssertionOperator["matches"], "[", None, IT)
    with pytest.raises(KeywordError, match="cannot be read as a number"):
        check(5, AssertionOperator["<"], "many", None, IT)
    with pytest.raises(KeywordError, match="cannot be compared"):
        check(None, AssertionOperator["<"], "5", None, IT)
    with pytest.raises(KeywordError, match="no operator"):
        check(5, None, "5", None, IT)


def test_a_state_that_does_not_exist_is_the_testers_mistake_and_nobody_is_blamed():
    with pytest.raises(KeywordError) as caught:
        check(WorkflowState.DOR_FAILED, AssertionOperator["=="], "COMPLETE", None, IT)
    assert "There is no workflow state 'COMPLETE'. Did you mean 'COMPLETED'?" in str(caught.value)
    assert "blame" not in str(caught.value)
