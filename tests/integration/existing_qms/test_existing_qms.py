"""The keywords test a QMS that speaks a language of its own, through an adapter of under a hundred lines."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from robot.api import ExecutionResult

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KEYS = {f"key-of-{role}-7f3a": role for role in ("developer", "qa_lead", "manager", "admin")}


@pytest.fixture(scope="module")
def bright_review():
    process = subprocess.Popen(
        [sys.executable, str(HERE / "bright_review.py"), json.dumps(KEYS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    url = process.stdout.readline().strip()
    assert url.startswith("http"), "it has not started"
    yield url
    process.stdin.close()
    assert process.wait(20) == 0
    process.stdout.close()


@pytest.fixture
def environment(bright_review, tmp_path):
    accounts = "".join(f"  {role}:\n    username: {role}\n    password: {key}\n" for key, role in KEYS.items())
    file = tmp_path / "bright_review.yaml"
    file.write_text(
        f"kind: existing\nurls:\n  orchestration: {bright_review}\nadapter: bright_review_adapter:connect\n"
        f"accounts:\n{accounts}"
    )
    return file


def robot(environment, folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "robot", "--pythonpath", str(HERE), "--outputdir", str(folder), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "QMS_ENVIRONMENT": str(environment), "QMS_HISTORY_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done, ExecutionResult(str(folder / "output.xml"))


def test_the_adapter_stays_small():
    assert len((HERE / "bright_review_adapter.py").read_text().splitlines()) < 100


def test_e2e_01_runs_on_it(environment, tmp_path):
    done, result = robot(environment, tmp_path / "out", "suites/end_to_end/e2e_01_happy_path.robot")
    assert done.returncode == 0, done.stdout
    assert [test.passed for test in result.suite.all_tests] == [True]
    lines = [json.loads(line) for file in (tmp_path / "out").glob("history-*.jsonl") for line in file.open()]
    assert {"start_workflow", "workflow", "give_feedback"} <= {line.get("action") for line in lines}
    assert {line["actor"] for line in lines if line.get("action") == "start_workflow"} == {"qa_lead"}
    written = "".join(file.read_text(errors="replace") for file in (tmp_path / "out").iterdir())
    assert "/v2/reviews" in written
    assert not [key for key in KEYS if key in written], "no key ends in a log"


def test_what_it_cannot_do_fails_in_words_and_what_it_refuses_too(environment, tmp_path):
    suite = tmp_path / "limits.robot"
    suite.write_text("""
*** Settings ***
Library    QMSLibrary

*** Test Cases ***
Not Supported
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Progress Workflow    reason=Not here

Refused
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}    as_role=developer

No Clock
    Skip Unless Environment Can    clock

Clock Not To Be Moved
    Advance Clock    1 hour

Services Not To Be Killed
    Kill Service    dashboard

Agents Not To Be Started
    Start Agents    1    qms-dor-validator    repository=acme/shop

Messages Not To Be Seen
    Get Received Messages    esc-1

Polled
    ${pr} =    Create Pull Request    complexity=low    missing_tests=True
    Trigger Workflow    ${pr}
    Wait For Step    dor_validation
    Step Should Have Failed    dor_validation    missing_tests
    Start Recording Events    orchestration
""")
    _, result = robot(environment, tmp_path / "out", suite)
    told = {test.name: (test.status, test.message) for test in result.suite.all_tests}
    assert told["Not Supported"][0] == "FAIL"
    assert "cannot be asked for 'progress': its adapter" in told["Not Supported"][1]
    assert told["Refused"][0] == "FAIL"
    assert "403" in told["Refused"][1]
    assert told["No Clock"] == (
        "SKIP",
        "Not verified here: the environment bright_review cannot do clock. It can: only be used.",
    )
    for test, capability in {
        "Clock Not To Be Moved": "clock",
        "Services Not To Be Killed": "process_control",
        "Agents Not To Be Started": "agent_control",
        "Messages Not To Be Seen": "receivers",
    }.items():
        missing = f"Not verified here: the environment bright_review cannot do {capability}. It can: only be used."
        assert told[test] == ("SKIP", missing)
    assert told["Polled"][0] == "FAIL"
    assert "has no event stream of the orchestration service" in told["Polled"][1]
