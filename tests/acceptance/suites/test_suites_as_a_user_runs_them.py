"""The suites as a user runs them: with `robot`, nothing started beside it, and the results read from output.xml."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from robot.api import ExecutionResult
from robot.api import TestSuite as Suite

CHECKOUT = Path(__file__).parents[3]
SUITES = sorted(CHECKOUT.glob("suites/*/*.robot"))
OURS = [path for path in SUITES if path.name.startswith(("cmp_", "e2e_", "flow_"))]
BUILT = {"CMP": 20, "E2E": 7, "FLOW": 3}
CASES = {f"{kind}-{number:02}" for kind, count in BUILT.items() for number in range(1, count + 1)}


def robot(home: Path, results: Path, *arguments: object) -> tuple[int, dict[str, tuple[str, str]]]:
    """Run it; the exit code, and status and message of each test."""
    command = [sys.executable, "-m", "robot", "--outputdir", str(results), "--log", "NONE", "--report", "NONE"]
    environment = {**os.environ, "QMS_HOME": str(home)}
    done = subprocess.run(
        [*command, *map(str, arguments)], cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert (results / "output.xml").exists(), done.stdout + done.stderr
    found: dict[str, tuple[str, str]] = {}
    _collect(ExecutionResult(results / "output.xml").suite, found)
    return done.returncode, found


def _collect(suite, found: dict[str, tuple[str, str]]) -> None:
    found.update({test.name: (test.status, test.message) for test in suite.tests})
    for child in suite.suites:
        _collect(child, found)


@pytest.mark.slow
@pytest.mark.timeout(330)
@pytest.mark.parametrize("category", ["component", "end_to_end", "data_flow"])
def test_every_suite_passes_on_the_reference_qms(home, tmp_path, category):
    code, tests = robot(home, tmp_path / "results", "--exclude", "load", CHECKOUT / "suites" / category)
    assert not _bad(tests)
    assert code == 0
    assert len(tests) >= 9


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(330)
def test_what_measures_passes_on_the_reference_qms(home, tmp_path):
    code, tests = robot(home, tmp_path / "results", "--include", "load", CHECKOUT / "suites")
    assert not _bad(tests)
    assert code == 0
    assert len(tests) >= 2


def _bad(tests: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """What has not passed. Whoever has no browser is told so; nothing else may be missing on the reference QMS."""
    return {name: told for name, told in tests.items() if told[0] != "PASS" and "Chromium" not in told[1]}


def test_every_case_of_the_catalogue_has_a_suite_of_its_own():
    found = {}
    for path in OURS:
        suite = Suite.from_file_system(path)
        for test in suite.tests:
            ids = [tag for tag in test.tags if tag.startswith("id:")]
            assert len(ids) == 1, f"{path.name}: {test.name} has {ids}"
            assert test.doc.startswith("When this passes,"), f"{path.name}: {test.name} says {test.doc!r}"
            found.setdefault(ids[0].removeprefix("id:"), set()).add(path.name)
    assert set(found) == CASES
    for case, names in found.items():
        assert all(name.startswith(case.lower().replace("-", "_")) for name in names), (case, names)


def test_what_an_auditor_reads_names_every_case():
    page = (CHECKOUT / "docs" / "cases.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## (\S+)", page, re.MULTILINE)) >= CASES
    for path in OURS:
        for test in Suite.from_file_system(path).tests:
            assert test.name in page, f"docs/cases.md does not name {test.name!r}"


def test_the_table_of_states_is_the_contracts():
    from QMSLibrary.contract.workflows import TRANSITIONS

    rows = {}
    for test in Suite.from_file_system(CHECKOUT / "suites/end_to_end/e2e_06_state_machine.robot").tests:
        state, *following = test.body[0].args
        rows[state] = set(following)
    # INITIALIZED is what only a queue can show; it has a suite of its own.
    assert rows == {str(state): set(map(str, after)) for state, after in TRANSITIONS.items() if state != "INITIALIZED"}


def test_the_guides_examples_are_accepted_by_robot(tmp_path):
    page = (CHECKOUT / "docs" / "guide.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```robotframework\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 8
    for number, block in enumerate(blocks):
        if "***" not in block:  # lines of a test
            lines = "".join(f"    {line}\n" if line.strip() else "\n" for line in block.splitlines())
            block = f"*** Settings ***\nLibrary    QMSLibrary\n\n*** Test Cases ***\nExample {number}\n{lines}"
        (tmp_path / f"example_{number}.robot").write_text(block)
    command = [sys.executable, "-m", "robot", "--dryrun", "--output", "NONE", "--log", "NONE", "--report", "NONE"]
    done = subprocess.run([*command, str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_a_suite_sees_a_qms_that_is_wrong(home, tmp_path):
    """A reason that the QMS does not give makes the case fail, and the message names the service to blame."""
    suite = tmp_path / "wrong.robot"
    suite.write_text(
        f"""\
*** Settings ***
Resource    {CHECKOUT}/resources/review.resource

*** Test Cases ***
Wrong Reason
    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Step    dor_validation
    Step Should Have Failed    dor_validation    missing_documentation
Not Refused
    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Step    dor_validation
    Should Be Refused    duties_not_separated    orchestration
    ...    Override Gate    dor_validation    They follow    emergency=True
Refused For Another Reason
    Submit A Pull Request    complexity=low
    Should Be Refused    duties_not_separated    orchestration    Approve Workflow    comment=Fine    as_role=developer
Nothing Was Asked
    Should Be Refused    403    orchestration    Approve Workflow    coment=Fine
"""
    )
    code, tests = robot(home, tmp_path / "results", suite)
    assert code == 4
    assert "without missing_documentation" in tests["Wrong Reason"][1]
    assert "Service to blame: decision" in tests["Wrong Reason"][1]
    title, *lines = tests["Not Refused"][1].splitlines()
    assert re.fullmatch(
        r"`Override Gate    dor_validation    They follow    emergency=True` by \S+ \(manager\), workflow \S+: "
        r"not refused as expected\.", title
    ), title  # fmt: skip
    assert lines[0] == "Expected: refused with duties_not_separated"
    assert re.fullmatch(r"Seen: it was done; POST /api/workflows/\S+/overrides was answered 200", lines[1]), lines
    assert lines[2] == "Service to blame: orchestration"
    assert re.search(r"`Get Audit Records`.*correlation id \w+$", lines[3])
    title, _, seen, blame, _ = tests["Refused For Another Reason"][1].splitlines()
    assert re.match(r"`Approve Workflow    comment=Fine    as_role=developer` by \S+ \(developer\), workflow ", title)
    assert "403 forbidden" in seen
    assert blame == "Service to blame: orchestration"
    assert tests["Nothing Was Asked"][1].startswith("`Approve Workflow    coment=Fine`: the QMS was asked for nothing.")
    assert "to blame" not in tests["Nothing Was Asked"][1]
