"""One result out of many outputs, whole or not."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from robot import running
from robot.api import ExecutionResult

from QMSLibrary.reports import merge
from QMSLibrary.reports.progress import FILE_VARIABLE, Progress

ONE = """\
*** Test Cases ***
First ${{1 + 1}} & <b>
    [Tags]    smoke
    No Operation
Second
    Fail    as it should
Third
    Log    three
"""
TWO = """\
*** Test Cases ***
First
    Skip    not today
"""


@pytest.fixture
def suites(tmp_path):
    folder = tmp_path / "suites" / "alpha"
    folder.mkdir(parents=True)
    (folder / "one.robot").write_text(ONE)
    (folder / "two.robot").write_text(TWO)
    return folder


def run(folder: Path, output: Path, *options: str, environment: dict[str, str] | None = None) -> Path:
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
            str(folder),
        ],
        stdout=subprocess.DEVNULL,
        check=False,
        env=environment,
    )
    return output


def merged(folder: Path, outputs: list[Path], reason: str = "because"):
    planned = running.TestSuite.from_file_system(folder)
    return merge.merge("Suites", folder.parent, [merge.Part(planned, outputs, reason)], {"Environment": "none"})


def statuses(result) -> dict[str, str]:
    return {test.full_name: test.status for test in result.suite.all_tests}


def test_two_halves_make_a_whole_in_the_order_of_the_suites(suites, tmp_path):
    second = run(suites, tmp_path / "b.xml", "--suite", "Alpha.Two")
    first = run(suites, tmp_path / "a.xml", "--suite", "Alpha.One")
    result = merged(suites, [second, first])
    assert list(statuses(result).items()) == [
        ("Suites.Alpha.One.First 2 & <b>", "PASS"),
        ("Suites.Alpha.One.Second", "FAIL"),
        ("Suites.Alpha.One.Third", "PASS"),
        ("Suites.Alpha.Two.First", "SKIP"),
    ]
    assert result.return_code == 1
    assert result.suite.metadata["Environment"] == "none"


def test_the_whole_lasts_from_the_first_start_to_the_last_end(suites, tmp_path):
    outputs = [run(suites, tmp_path / f"{name}.xml", "--suite", f"Alpha.{name}") for name in ("Two", "One")]
    parts = [ExecutionResult(str(output)).suite for output in outputs]
    merge.write(merged(suites, outputs), tmp_path / "run")
    top = ExecutionResult(str(tmp_path / "run" / "output.xml")).suite
    for suite in (top, top.suites[0]):
        assert suite.start_time == parts[0].start_time
        assert suite.end_time == parts[1].end_time
        assert suite.elapsed_time == parts[1].end_time - parts[0].start_time


def test_a_suite_that_ran_in_two_parts_lasts_as_long_as_both(suites, tmp_path):
    first = run(suites, tmp_path / "a.xml", "--test", "Alpha.One.Third")
    run(suites, tmp_path / "between.xml")
    second = run(suites, tmp_path / "b.xml", "--test", "Alpha.One.First*", "--test", "Alpha.One.Second")
    parts = [ExecutionResult(str(output)).suite.suites[0] for output in (first, second)]
    merge.write(merged(suites, [first, second]), tmp_path / "run")
    one = ExecutionResult(str(tmp_path / "run" / "output.xml")).suite.suites[0].suites[0]
    assert [test.name for test in one.tests] == ["First 2 & <b>", "Second", "Third"]
    assert one.start_time == parts[0].start_time
    assert one.elapsed_time == parts[0].elapsed_time + parts[1].elapsed_time


def test_a_suite_whose_robot_was_killed_lasts_as_long_as_its_tests_did(suites, tmp_path):
    output = run(suites, tmp_path / "a.xml")
    tests = {test.name: test for test in ExecutionResult(str(output)).suite.all_tests}
    content = output.read_bytes()
    output.write_bytes(content[: content.index(b'name="Third"')])
    top = merged(suites, [output]).suite
    assert (top.start_time, top.end_time) == (tests["First 2 & <b>"].start_time, tests["Second"].end_time)
    assert merged(suites, []).suite.start_time is None


def test_what_is_written_can_be_read_by_robot(suites, tmp_path):
    result = merged(suites, [run(suites, tmp_path / "a.xml")])
    assert merge.write(result, tmp_path / "run") == 1
    again = ExecutionResult(str(tmp_path / "run" / "output.xml"))
    assert statuses(again) == statuses(result)
    assert "as it should" in (tmp_path / "run" / "log.html").read_text()
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000


def test_a_test_that_left_nothing_is_a_failure_with_the_reason(suites, tmp_path):
    result = merged(suites, [run(suites, tmp_path / "a.xml", "--suite", "Alpha.One"), tmp_path / "missing.xml"])
    (test,) = [test for test in result.suite.all_tests if test.full_name == "Suites.Alpha.Two.First"]
    assert test.status == "FAIL"
    assert test.message == "Not run. because"
    assert statuses(merged(suites, [])).keys() == {
        "Suites.Alpha.One.First ${{1 + 1}} & <b>",
        "Suites.Alpha.One.Second",
        "Suites.Alpha.One.Third",
        "Suites.Alpha.Two.First",
    }


def test_an_output_cut_off_at_any_place_gives_what_is_in_it(suites, tmp_path):
    whole = run(suites, tmp_path / "a.xml").read_bytes()
    cut = tmp_path / "cut.xml"
    for length in range(0, len(whole), 151):
        cut.write_bytes(whole[:length])
        content = merge.repaired(cut)
        if b"<suite" in whole[:length].rpartition(b">")[0]:
            assert content is not None
            ExecutionResult(io.BytesIO(content))
        result = merged(suites, [cut])
        assert len(statuses(result)) == 4, length
        if b"as it should</status>\n</test>" in whole[:length]:
            assert statuses(result)["Suites.Alpha.One.Second"] == "FAIL"
            assert statuses(result)["Suites.Alpha.One.First 2 & <b>"] == "PASS"


def test_a_test_that_was_stopped_says_why(suites, tmp_path):
    content = run(suites, tmp_path / "a.xml").read_text().replace("as it should", "Execution terminated by signal")
    (tmp_path / "a.xml").write_text(content)
    result = merged(suites, [tmp_path / "a.xml"], "The run was stopped by Ctrl-C.")
    (test,) = [test for test in result.suite.all_tests if test.name == "Second"]
    assert test.message == "The run was stopped by Ctrl-C.\n\nExecution terminated by signal"


KILLED = """\
*** Test Cases ***
Killed
    Inner
    Log    not reached
Killed At Once
    Log    first
*** Keywords ***
Inner
    Log    begun
    Log    also not reached
"""


@pytest.fixture
def killed(tmp_path):
    """Merges what a Robot left that was killed when it had written this much of its output."""
    folder = tmp_path / "suites" / "beta"
    folder.mkdir(parents=True)
    (folder / "three.robot").write_text(KILLED)
    whole = run(folder, tmp_path / "whole.xml").read_bytes()
    cut = tmp_path / "cut.xml"

    def at(words: bytes, reason: str):
        cut.write_bytes(whole[: whole.index(words)])
        suite = merged(folder, [cut], reason).suite
        return suite, {test.name: test for test in suite.all_tests}

    at.whole = ExecutionResult(io.BytesIO(whole)).suite
    return at


def test_a_test_that_was_running_when_its_robot_was_killed_says_so_and_when_it_began(killed):
    suite, tests = killed(b"also not reached", "The runner was killed: it ended.")
    (first, _) = killed.whole.all_tests
    test = tests["Killed"]
    assert test.status == "FAIL"
    assert test.message == "It was running when the runner was killed: it ended."
    # Of a keyword that has not ended Robot has written no start; the first one in it that has ended has one.
    assert test.start_time == suite.start_time == first.body[0].body[0].start_time
    assert tests["Killed At Once"].message == "Not run. The runner was killed: it ended."


def test_a_running_test_without_a_finished_keyword_has_the_reason_and_no_start(killed):
    _, tests = killed(b">first<", "The run was stopped by Ctrl-C.")
    assert tests["Killed"].passed
    assert tests["Killed At Once"].message == "It was running when the run was stopped by Ctrl-C."
    assert tests["Killed At Once"].start_time is None


def test_a_running_test_whose_robot_died_alone_is_not_said_to_have_never_started(killed):
    _, tests = killed(b"also not reached", f"{merge.NOT_STARTED}\nlast words")
    assert tests["Killed"].message == "It was running when its Robot ended unexpectedly.\nlast words"
    assert tests["Killed At Once"].message == f"Not run. {merge.NOT_STARTED}\nlast words"


def test_what_suites_wrote_is_kept_and_what_the_machinery_wrote_is_not(tmp_path):
    for number in ("0", "1"):
        folder = tmp_path / "parts" / "alpha" / "together" / "pabot_results" / number
        (folder / "shots").mkdir(parents=True)
        (folder / "shots" / "page.png").write_text(number)
        (folder / "output.xml").touch()
        (folder / "user_command_stdout.out").touch()
    (tmp_path / "parts" / "alpha" / "together" / "pabot_results" / "pabot_manager.log").touch()
    merge.collect(tmp_path / "parts", tmp_path / "run")
    found = {str(file.relative_to(tmp_path / "run")) for file in (tmp_path / "run").rglob("*") if file.is_file()}
    assert found == {"shots/page.png", "alpha-together-pabot_results-1/shots/page.png"}


def test_the_listener_tells_how_it_goes(suites, tmp_path):
    import os

    path = tmp_path / "progress.jsonl"
    progress = Progress("alpha", 4, path)
    assert progress.read() == []
    listener = ("--listener", "QMSLibrary.reports.progress.Listener")
    run(suites, tmp_path / "a.xml", *listener, environment={**os.environ, FILE_VARIABLE: str(path)})
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[1][:10])
    assert progress.read() == []  # a line is taken when it is whole
    assert [name for name, _ in progress.running.values()] == ["First ${{1 + 1}} & <b>"]
    path.write_text("".join(lines))
    assert [(test.status, test.message) for test in progress.read()] == [
        ("PASS", ""), ("FAIL", "as it should"), ("PASS", ""), ("SKIP", "not today"),
    ]  # fmt: skip
    assert progress.done == 4
    assert not progress.running


def test_a_listener_without_a_file_does_nothing(suites, tmp_path):
    output = run(suites, tmp_path / "a.xml", "--listener", "QMSLibrary.reports.progress.Listener")
    assert ExecutionResult(str(output)).suite.test_count == 4
