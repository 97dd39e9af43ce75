"""What a QMS says of the pull requests that are made here: the good ones pass, the flawed ones fail for their flaw."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from QMSLibrary.client.qms import QMS
from QMSLibrary.client.waiting import WaitFor
from QMSLibrary.contract.pull_requests import COMMIT_TYPES, MINIMUM_DESCRIPTION
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.workflows import Workflow, WorkflowRequest, WorkflowStatus
from QMSLibrary.data import create_pull_request, fix_pull_request, pull_request_from_git
from QMSLibrary.environments import use
from QMSLibrary.history.journal import Journal

CHECKOUT = Path(__file__).parents[3]
ENDED = {WorkflowStatus.COMPLETED, WorkflowStatus.FAILED, WorkflowStatus.ERROR}


@pytest.fixture(scope="module")
def qms():
    with use("embedded", own=True) as environment:
        speaking = QMS(environment.connection, Journal())
        yield speaking
        speaking.close()


def reviewed(qms: QMS, pull_request) -> Workflow:
    workflow = qms.start_workflow(WorkflowRequest(pull_request=pull_request), Role.QA_LEAD)
    wait = WaitFor(qms, workflow.id)
    assert wait.run(lambda one: one.status in ENDED, 60.0)
    assert wait.latest is not None
    return wait.latest


@pytest.mark.parametrize("language", ["typescript", "javascript", "python"])
@pytest.mark.parametrize(
    "wished",
    [
        {"files": 15, "lines_changed": 847},
        {"complexity": "low"},
        {"complexity": "high", "author": "tech_lead"},
        {"changes": "hotfix", "author": "hotfix_author", "complexity": "low"},
        {"changes": "documentation", "complexity": "low"},
        {"changes": "dependency_update", "author": "bot"},
    ],
    ids=lambda wished: ",".join(map(str, wished.values())),
)
def test_a_good_pull_request_passes_all_gates(qms, language, wished):
    workflow = reviewed(qms, create_pull_request(language=language, **wished))
    assert workflow.state == "COMPLETED", [(step.step, step.failure_reasons) for step in workflow.steps]
    assert workflow.result.quality_score is not None
    assert workflow.result.quality_score >= 85
    assert not [finding for finding in workflow.findings() if finding.cwe]


@pytest.mark.parametrize("language", ["typescript", "javascript", "python"])
@pytest.mark.parametrize(
    ("wished", "state", "reasons"),
    [
        ({"missing_tests": True}, "DOR_FAILED", {"missing_tests"}),
        ({"missing_documentation": True}, "DOR_FAILED", {"missing_documentation"}),
        ({"security_issues": "sql_injection:high, xss:medium"}, "PROGRESS_BLOCKED", {"sql_injection", "xss"}),
        ({"performance_issues": "n_plus_one, quadratic_loop"}, "PROGRESS_BLOCKED", {"n_plus_one", "quadratic_loop"}),
        ({"test_coverage": 60}, "DOD_FAILED", {"coverage_below_threshold"}),
        ({"code_style": 0, "test_coverage": 100}, "FINAL_REJECTED", {"quality_below_threshold"}),
        ({"author": "junior_developer"}, "DOD_FAILED", {"coverage_below_threshold", "undocumented_function"}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)
def test_a_flaw_fails_at_its_gate_and_the_mended_pull_request_passes(qms, language, wished, state, reasons):
    pull_request = create_pull_request(language=language, **wished)
    workflow = reviewed(qms, pull_request)
    assert workflow.state == state
    assert set(workflow.step_result(workflow.step).failure_reasons) == reasons
    mended = fix_pull_request(pull_request).model_copy(update={"id": f"{pull_request.id}-mended"})
    again = reviewed(qms, mended)
    assert again.state == "COMPLETED", [(step.step, step.failure_reasons) for step in again.steps]


def test_a_real_commit_goes_through_a_review(qms):
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, timeout=30)
    if head.returncode != 0:
        pytest.skip("this copy of the project is no git repository")
    pull_request = pull_request_from_git(CHECKOUT, "HEAD")
    workflow = reviewed(qms, pull_request)
    assert workflow.pull_request.head_sha == head.stdout.strip()
    assert workflow.pull_request.files == len(pull_request.files)
    # Its title is a sentence, not a Conventional Commit, and the gate says so and no more than is true.
    first = workflow.steps[0]
    assert first.checks["requirements_covered"] is (
        not {"title_format", "description_too_short"} & _expected(pull_request)
    )
    assert _expected(pull_request) <= set(first.failure_reasons)


def _expected(pull_request) -> set[str]:
    found = set()
    if not re.match(rf"({'|'.join(COMMIT_TYPES)})(\([^)]*\))?!?: ", pull_request.title):
        found.add("title_format")
    if len(pull_request.description) < MINIMUM_DESCRIPTION:
        found.add("description_too_short")
    return found
