"""metrics.html is safe, needs no network, and its absence is no failure."""

from __future__ import annotations

import re
import subprocess
import sys

from QMSLibrary.reports.corrections import with_columns
from QMSLibrary.reports.metrics import write_metrics

NASTY = '<script>alert("x")</script>'


def robot(tmp_path, text: str, *options: str):
    (tmp_path / "nasty.robot").write_text(text)
    output = tmp_path / "output.xml"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "robot",
            "--log",
            "NONE",
            "--report",
            "NONE",
            "--output",
            str(output),
            *options,
            str(tmp_path),
        ],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return output


def test_names_messages_and_tags_cannot_become_markup(tmp_path):
    output = robot(
        tmp_path,
        f"*** Test Cases ***\n{NASTY}\n    [Tags]    {NASTY}\n    {NASTY}\n"
        f"Ends with backslash \\\\\n    Fail    *HTML*{NASTY}\n"
        f"*** Keywords ***\n{NASTY}\n    Fail    {NASTY}\n",
    )
    page = tmp_path / "metrics.html"
    assert write_metrics(output, page) is None
    html = page.read_text()
    assert NASTY not in html
    assert "&lt;script&gt;alert(" in html
    assert len(re.findall(r"<script", html)) == 1  # ours


def test_the_page_needs_nothing_from_the_network(tmp_path):
    output = robot(tmp_path, "*** Test Cases ***\nOne\n    No Operation\nTwo\n    Skip\n")
    page = tmp_path / "metrics.html"
    assert write_metrics(output, page) is None
    html = page.read_text()
    assert re.findall(r"""(?:src|href)=["']https?://[^"']+""", html) == []
    assert "One" in html


def test_no_tests_and_no_file_are_said_and_not_raised(tmp_path):
    page = tmp_path / "metrics.html"
    output = robot(tmp_path, "*** Keywords ***\nX\n    No Operation\n", "--runemptysuite")
    assert "no tests" in (write_metrics(output, page) or "")
    assert write_metrics(tmp_path / "missing.xml", page)
    assert not page.exists()


CATCHING = """\
*** Test Cases ***
Expected
    Run Keyword And Expect Error    no*    Refuse
Tried
    TRY
        Refuse
    EXCEPT    no, never
        Log    caught
    END
Asked
    ${ok} =    Run Keyword And Return Status    Refuse
Waited
    VAR    ${n}    ${0}    scope=TEST
    Wait Until Keyword Succeeds    5x    0s    Third Time
Given Up
    Wait Until Keyword Succeeds    2x    0s    Refuse
Failed And Caught In One
    Run Keyword And Ignore Error    Refuse
    Refuse
    [Teardown]    Run Keyword And Ignore Error    Refuse
*** Keywords ***
Refuse
    Fail    no, never
Third Time
    VAR    ${n}    ${n + 1}    scope=TEST
    Should Be Equal As Integers    ${n}    3
"""


def test_failures_that_were_caught_are_told_from_those_that_were_not(tmp_path):
    page = tmp_path / "metrics.html"
    assert write_metrics(robot(tmp_path, CATCHING), page) is None
    table = re.search(r'<table id="kmt".*?</table>', page.read_text(), re.DOTALL)[0]
    headings = re.findall(r"<th>(.*?)</th>", table)
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]]
    assert headings[:4] == ["Keyword Name", "Times", "Fail Count", "Failed And Caught"]
    assert {row[0]: [int(figure) for figure in row[1:4]] for row in rows} == {
        "Refuse": [8, 3, 5],
        "Third Time": [3, 0, 2],
    }


NOT_RUN = """\
*** Test Cases ***
Stopped
    Work
    Fail    no
    Work
    Work
Branch
    IF    False
        Work
    ELSE
        Work
    END
Skipped
    Leave
    Work
*** Keywords ***
Work
    No Operation
Leave
    Skip    not here
"""


def test_what_was_not_run_is_not_counted_and_what_was_skipped_has_not_passed(tmp_path):
    page = tmp_path / "metrics.html"
    assert write_metrics(robot(tmp_path, NOT_RUN), page) is None
    table = re.search(r'<table id="kmt".*?</table>', page.read_text(), re.DOTALL)[0]
    assert re.findall(r"<th>(.*?)</th>", table)[:5] == ["Keyword Name", "Times", "Fail Count", "Failed And Caught",
                                                        "Skipped"]  # fmt: skip
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]]
    assert {row[0]: [int(figure) for figure in row[1:5]] for row in rows} == {
        "Work": [2, 0, 0, 0],
        "Leave": [1, 0, 0, 1],
    }


def test_a_template_that_is_not_known_is_left_as_it_is():
    assert with_columns("<th>Fail Count</th>") == "<th>Fail Count</th>"


def test_a_test_is_shown_with_the_name_of_its_suite(tmp_path):
    page = tmp_path / "metrics.html"
    assert write_metrics(robot(tmp_path, "*** Test Cases ***\nOne\n    No Operation\n", "--name", "Mine"), page) is None
    table = re.search(r'<table id="tm".*?</table>', page.read_text(), re.DOTALL)[0]
    assert re.findall(r"<td[^>]*>(.*?)</td>", table)[0] == "Mine.Nasty"
