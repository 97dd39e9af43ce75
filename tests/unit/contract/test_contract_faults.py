"""What pydantic finds wrong, in words."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, ValidationError

from QMSLibrary.contract.faults import faults, wanted
from QMSLibrary.contract.model import Model, Request
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.routing import AgentRegistration
from QMSLibrary.contract.steps import Severity


class Everything(Request):
    whole: int = 0
    number: Annotated[float, Field(ge=1, lt=5)] = 1
    text: Annotated[str, StringConstraints(min_length=1, max_length=5)] = "x"
    form: Annotated[str, StringConstraints(pattern="^a+$")] = "a"
    flag: bool = True
    kind: Literal["low", "high"] = "low"
    severity: Severity = Severity.LOW
    time: timedelta = timedelta(0)
    moment: datetime = datetime.min
    aware: AwareDatetime | None = None
    many: Annotated[list[int], Field(min_length=1)] = [1]
    names: dict[str, int] = {}
    inner: Model | None = None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"whole": "x"}, "whole must be a whole number (got 'x')"),
        ({"whole": 1.5}, "whole must be a whole number (got 1.5)"),
        ({"number": "x"}, "number must be a number (got 'x')"),
        ({"number": 0}, "number must be at least 1 (got 0)"),
        ({"number": 5}, "number must be less than 5 (got 5)"),
        ({"text": ""}, "text must not be empty (got '')"),
        ({"text": "longer"}, "text must have at most 5 characters (got 'longer')"),
        ({"text": ["x"]}, "text must be a text"),
        ({"form": "b"}, "form must have the form ^a+$ (got 'b')"),
        ({"flag": "perhaps"}, "flag must be yes or no (got 'perhaps')"),
        ({"kind": "mid"}, "kind must be one of 'low' or 'high' (got 'mid')"),
        ({"severity": "bad"}, "severity must be one of 'low', 'medium', 'high' or 'critical' (got 'bad')"),
        ({"time": "soon"}, "time must be a time (got 'soon')"),
        ({"moment": "soon"}, "moment must be a date and time (got 'soon')"),
        ({"aware": "2026-01-31T12:00:00"}, "aware must say its time zone (got '2026-01-31T12:00:00')"),
        ({"many": []}, "many must not be empty"),
        ({"many": ["x"]}, "many.0 must be a whole number (got 'x')"),
        ({"many": "x"}, "many must be a list (got 'x')"),
        ({"names": "x"}, "names must be an object with fields (got 'x')"),
        ({"inner": 5}, "inner must be an object with fields (got 5)"),
        ({"sauce": 5}, "sauce is not known (got 5)"),
    ],
)
def test_a_fault_is_told_in_words(values, words):
    with pytest.raises(ValidationError) as error:
        Everything(**values)
    assert faults(error.value) == [words]


def test_missing_fields_and_more_than_three():
    with pytest.raises(ValidationError) as error:
        PullRequest()
    told = faults(error.value)
    assert told[0] == "id is missing"
    assert len(told) == 4
    assert told[3].endswith(" more")


def test_what_is_not_json():
    with pytest.raises(ValidationError) as error:
        Everything.model_validate_json("<html>")
    assert faults(error.value)[0].startswith("it is not JSON: ")


def test_the_forms_of_the_contract_have_names():
    with pytest.raises(ValidationError) as error:
        AgentRegistration(agent_id="a b", capabilities=["x"], load_capacity=1)
    assert faults(error.value) == ["agent_id must be written as letters, digits and . _ - without blanks (got 'a b')"]


def test_what_was_wanted():
    with pytest.raises(ValidationError) as error:
        Everything(number=7)
    assert wanted(error.value) == "less than 5"


def test_other_bounds():
    class Odd(BaseModel):
        exact: Annotated[float, Field(multiple_of=2)] = 2

    with pytest.raises(ValidationError) as error:
        Odd(exact=3)
    assert faults(error.value) == ["exact must be a multiple of 2.0 (got 3)"]
