"""The schema for editors says what the loader says."""

import jsonschema
import pytest
import yaml
from scenario_files import CHECKOUT, SHIPPED, WHOLE

from QMSLibrary.scenarios import schema

VALIDATOR = jsonschema.Draft202012Validator(schema.schema())


def test_the_one_in_docs_is_current():
    kept = (CHECKOUT / "docs" / "scenario.schema.json").read_text(encoding="utf-8")
    assert kept == schema.text(), "Write it anew: `make schema`."


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema.schema())


@pytest.mark.parametrize("text", [WHOLE, *(path.read_text(encoding="utf-8") for path in SHIPPED)])
def test_it_accepts_what_is_right(text):
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "steps: [trigger]",
        "{description: x, steps: []}",
        "{description: x, steps: [trigr]}",
        "{description: x, steps: [wait_for_step]}",
        "{description: x, steps: [wait_for_step: dor]}",
        "{description: x, steps: [trigger: {step_by_step: maybe}]}",
        "{description: x, steps: [inject: {service_killed: dashbord}]}",
        "{description: x, steps: [repeat: {times: 500, steps: [trigger]}]}",
        "{description: x, steps: [parallel: {main: [trigger]}]}",
        "{description: x, steps: [parallel: {main: [trigger], b: [trigr]}]}",
        "{description: x, pull_request: {author: nobody}, steps: [trigger]}",
        "{description: x, pull_request: {security_issues: {nothing: high}}, steps: [trigger]}",
        "{description: x, pull_request: {fils: 2}, steps: [trigger]}",
    ],
)
def test_it_refuses_what_is_wrong(text):
    assert list(VALIDATOR.iter_errors(yaml.safe_load(text)))


def test_it_describes_what_it_offers():
    definitions = schema.schema()["$defs"]
    assert definitions["WaitForStep"]["description"].startswith("Waits until a step")
    wishes = definitions["PullRequestWishes"]["properties"]
    assert "hotfix_author" in wishes["author"]["anyOf"][0]["enum"]
