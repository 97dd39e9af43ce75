"""Conditions are a form of their own, and say of a value whether it is so."""

import pytest

from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.scenarios.calls import Subject, call, escaped
from QMSLibrary.scenarios.conditions import read


@pytest.mark.parametrize(
    ("text", "value", "so"),
    [
        ("state is COMPLETED", WorkflowState.COMPLETED, True),
        ("state is completed", WorkflowState.COMPLETED, True),
        ("state is not COMPLETED", WorkflowState.DOR_FAILED, True),
        ("reasons contains missing_tests", ["missing_tests", "x"], True),
        ("reasons contains missing", ["missing_tests"], False),
        ("reasons does not contain missing_tests", [], True),
        ("quality_score >= 85", 85.0, True),
        ("quality_score > 85", 85.0, False),
        ("quality_score < 85", None, False),
        ("run is 2", 2, True),
        ("compliance is true", True, True),
        ("compliance is true", False, False),
        ("${mode} is strict", "strict", True),
        ("${count} <= 3", "2", True),
        ("${mode} contains ric", "strict", True),
    ],
)
def test_whether_it_is_so(text, value, so):
    [clause] = read(text).clauses
    assert clause.holds(value) is so


def test_several_and_the_form_of_a_mapping():
    assert str(read("state is COMPLETED and run > 1")) == "state is COMPLETED and run > 1"
    assert str(read({"state": "COMPLETED", "reasons": ["a", "b"], "dor_validation.reasons": "c", "run": 2})) == (
        "state is COMPLETED and reasons contains a and reasons contains b and dor_validation.reasons contains c "
        "and run is 2"
    )
    assert str(read(["environment cannot clock", "${x} is 1"])) == "environment cannot clock and ${x} is 1"


def test_what_it_asks_reads_like_a_line_of_a_table():
    [clause] = read("dor_validation.reasons contains missing_tests").clauses
    [asked] = clause.asserted(Subject("hotfix", alone=False))
    assert (asked.keyword, *asked.arguments) == (
        "Get Step", "dor_validation", "failure_reasons", "*=", "missing_tests", "workflow=${hotfix workflow}",
    )  # fmt: skip
    [clause] = read("reasons contains x").clauses
    assert [one.keyword for one in clause.getter(Subject("main"))] == ["Get Workflow", "Get Step"]


def test_values_are_written_as_cells():
    made = call("A Keyword", "a=b", True, ["x", "y"], reason=r"C:\new ${who} @{not}", none=None, empty=[])
    assert made.arguments == (r"a\=b", "True", "x, y", r"reason=C:\\new ${who} \@{not}")
    assert escaped("${a} ${b c}") == "${a} ${b c}"
