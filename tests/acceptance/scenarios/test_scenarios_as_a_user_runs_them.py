"""Scenarios in two processes at once, and the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from robot.api import ExecutionResult

CHECKOUT = Path(__file__).parents[3]


def qms(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "QMSLibrary.cli", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
def test_two_processes_run_scenarios_side_by_side(home, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.robot").write_text(
            """\
*** Settings ***
Library          QMSLibrary
Test Template    Run Scenario

*** Test Cases ***
Hotfix    emergency_hotfix
Vulnerable    vulnerabilities
Missing    missing_tests
"""
        )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pabot.pabot", "--processes", "2", "--outputdir", str(tmp_path / "out")),
            *("--suitesfrom", "none", str(tmp_path / "one.robot"), str(tmp_path / "two.robot")),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=150,
    )
    result = ExecutionResult(str(tmp_path / "out" / "output.xml"))
    tests = list(result.suite.all_tests)
    assert len(tests) == 6, done.stdout + done.stderr
    assert {test.full_name: test.message for test in tests if not test.passed} == {}
    first, second = (
        (min(test.start_time for test in suite.tests), max(test.end_time for test in suite.tests))
        for suite in result.suite.suites
    )
    assert first[0] < second[1], "they ran one after the other"
    assert second[0] < first[1], "they ran one after the other"


def test_the_command_lists_and_checks(tmp_path):
    listed = qms("scenarios")
    assert listed.returncode == 0
    assert "normal_pull_request" in listed.stdout
    assert "process_control" in listed.stdout
    checked = qms("scenarios", "check")
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("ok  ") == 6
    (tmp_path / "mine.yaml").write_text("description: x\nsteps:\n  - wait_for_step: dor\n")
    wrong = qms("scenarios", "check", str(tmp_path / "mine.yaml"), "missing_tests", "no_such")
    assert wrong.returncode == 1
    assert "mine.yaml line 3 column 20: " in wrong.stderr
    assert "There is no scenario 'no_such'" in wrong.stderr
    assert "ok  missing_tests" in wrong.stdout
    helped = qms("scenarios", "--help")
    assert helped.returncode == 0
    assert "exit codes" in helped.stdout
    assert qms("scenarios", "chek").returncode == 252


def test_the_schema_is_written_where_one_says(tmp_path):
    done = qms("docs", "scenarios", "--to", str(tmp_path))
    assert done.returncode == 0
    assert (tmp_path / "scenario.schema.json").read_text() == (CHECKOUT / "docs" / "scenario.schema.json").read_text()
