"""A test with a template and several rows says which row failed."""

import pytest
from robot.api import ExecutionResult
from robot.api import TestSuite as Suite

from QMSLibrary.keywords.rows import Row, named

SUITE = """
*** Settings ***
Library    QMSLibrary

*** Test Cases ***
One Row Fails
    [Template]    Must Be Small
    1    easy
    7    hard

Two Rows Fail And The Teardown
    [Template]    Must Be Small
    8    hard
    1    easy
    ${NINE}    harder
    [Teardown]    Fail    not tidy

Only Row
    [Template]    Must Be Small
    7    hard

No Template
    Must Be Small    7    hard

Good Rows
    [Template]    Must Be Small
    1    easy
    2    easy

*** Variables ***
${NINE}    9

*** Keywords ***
Must Be Small
    [Arguments]    ${number}    ${how}
    IF    ${number} > 5    Fail    ${number} is too much.
"""


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    output = tmp_path_factory.mktemp("rows") / "output.xml"
    Suite.from_string(SUITE).run(output=str(output), stdout=None, log=None, report=None, quiet=True)
    return {test.name: test.message for test in ExecutionResult(output).suite.tests}


def test_the_row_stands_before_what_was_wrong(messages):
    assert messages["One Row Fails"] == "Row 2 of 2: 7    hard\n7 is too much."


def test_each_row_that_failed_is_named_and_the_rest_stays(messages):
    assert messages["Two Rows Fail And The Teardown"] == (
        "Several failures occurred:\n\n"
        "1) Row 1 of 3: 8    hard\n8 is too much.\n\n"
        "2) Row 3 of 3: ${NINE}    harder\n9 is too much.\n\n"
        "Also teardown failed:\nnot tidy"
    )


def test_where_there_is_no_doubt_nothing_is_added(messages):
    assert messages["Only Row"] == messages["No Template"] == "7 is too much."
    assert messages["Good Rows"] == ""


def test_rows_that_failed_alike_are_each_named():
    failed = [Row(1, ("a",), "Not there."), Row(2, ("b",), "Not there.")]
    assert named("x:\n\n1) Not there.\n\n2) Not there.", failed, 2) == (
        "x:\n\n1) Row 1 of 2: a\nNot there.\n\n2) Row 2 of 2: b\nNot there."
    )


def test_a_message_that_was_changed_is_left_alone():
    assert named("Test timeout 1 minute exceeded.", [Row(1, ("a",), "Not there.")], 2) == (
        "Test timeout 1 minute exceeded."
    )
