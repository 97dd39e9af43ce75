"""What an agent answered and orchestration does not show is orchestration's fault, not the agent's."""

import pytest
from checks_made import finding, seen, step, workflow

from QMSLibrary.checks import asked, steps
from QMSLibrary.checks.steps import ExpectedFinding
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_CHECKS, Step, StepStatus
from QMSLibrary.contract.workflows import WorkflowState

REVIEWS = Step.PROGRESS_REVIEWS
SCANNER = "security-scanner-1"
WANTED = [ExpectedFinding("sql_injection")]


def reviewed(**more):
    checks = {**dict.fromkeys(STEP_CHECKS[REVIEWS], True), "security_scan_passed": False}
    given = {"checks": checks, "failure_reasons": ["sql_injection"], "agents": [SCANNER], **more}
    return workflow(WorkflowState.PROGRESS_BLOCKED, REVIEWS, [step(REVIEWS, StepStatus.FAILED, **given)])


def answered(passed=False, **more):
    payload = {"step": "progress_reviews", "run": 1, "attempt": 1, "agent_id": SCANNER, "passed": passed, **more}
    return [seen("agent.task_completed", payload=payload).event]


def test_a_finding_whose_reason_is_there_was_lost_by_orchestration():
    judged = steps.found_exactly(reviewed(), WANTED)
    assert "not found: sql_injection" in judged.actual
    assert judged.blame is Service.ORCHESTRATION
    assert judged.look_at.startswith(
        "what orchestration did with the agents' answers: the agents gave sql_injection as a reason, and the step "
        "shows no finding of it. Its log, and `Get Audit Records`; correlation id corr-1"
    )


def test_a_finding_that_was_counted_was_lost_by_orchestration():
    one = reviewed(failure_reasons=["xss"], measures={"vulnerabilities": 2}, findings=[finding("xss")])
    judged = steps.found_exactly(one, [*WANTED, ExpectedFinding("xss")])
    assert judged.blame is Service.ORCHESTRATION
    assert "the scanner counted 2 weaknesses, and the step shows 1" in judged.look_at


def test_a_whole_answer_that_was_lost_is_known_from_the_agents_word():
    passed = workflow(steps=[step(REVIEWS, agents=[SCANNER])])
    for judged in (
        steps.failed(passed, REVIEWS, ["sql_injection"], answered()),
        steps.found_exactly(passed, WANTED, answered()),
        asked.of_step(passed, REVIEWS, "findings.-1.type", answered()),
        asked.of_step(passed, REVIEWS, "failure_reasons", answered()),
    ):
        assert judged.blame is Service.ORCHESTRATION
        assert f"{SCANNER} answered that the change had failed, and the step shows that all" in judged.look_at


@pytest.mark.parametrize("more", [{"attempt": 2}, {"run": 2}, {"step": "dor_validation"}, {"agent_id": "another"},
                                  {"passed": True}])  # fmt: skip
def test_what_is_about_another_attempt_or_agent_says_nothing(more):
    passed = workflow(steps=[step(REVIEWS, agents=[SCANNER])])
    assert steps.failed(passed, REVIEWS, [], answered(**more)).blame is Service.DECISION


def test_what_the_agents_never_said_is_theirs():
    clean = reviewed(failure_reasons=["too_complex"], measures={"vulnerabilities": 0})
    assert steps.failed(clean, REVIEWS, ["sql_injection"], answered()).blame is Service.DECISION
    judged = steps.found_exactly(workflow(steps=[step(REVIEWS, agents=[SCANNER])]), WANTED)
    assert judged.blame is Service.DECISION
    assert asked.of_step(clean, REVIEWS, "findings.0.type").blame is Service.DECISION


def test_something_found_beside_is_the_scanners():
    one = reviewed(findings=[finding(), finding("xss")], measures={"vulnerabilities": 2})
    assert steps.found_exactly(one, WANTED).blame is Service.DECISION


def test_a_loss_never_makes_a_check_pass():
    lost = reviewed(failure_reasons=[], measures={"vulnerabilities": 1})
    judged = steps.found_exactly(lost, [])
    assert not judged.passed
    assert "the code was not scanned" in judged.actual
