"""Whom a getter's failure blames, and what it says to look at."""

from datetime import timedelta

import pytest
from checks_made import NOW, finding, step, workflow

from QMSLibrary.checks import asked
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step, StepStatus
from QMSLibrary.contract.workflows import ComponentState, WorkflowState
from QMSLibrary.history.entries import Act, Outcome

DOR = Step.DOR_VALIDATION
MISSING = finding("missing_tests", agent="qms-dor-validator")
FAILED_STEP = step(DOR, StepStatus.FAILED, failure_reasons=["missing_tests"], findings=[MISSING])
FAILED = workflow(WorkflowState.DOR_FAILED, DOR, [FAILED_STEP])


@pytest.mark.parametrize(
    ("field", "what", "blame", "look"),
    [
        ("state", "state of workflow wf-1", Service.ORCHESTRATION, "the step dor_validation: failed"),
        ("result.quality_score", "result.quality_score of workflow wf-1", Service.DECISION, "missing_tests"),
        ("steps.0.status", "status of dor_validation of workflow wf-1", Service.DECISION, "its findings: missing_"),
        ("steps", "steps of workflow wf-1", Service.ORCHESTRATION, "the step dor_validation"),
    ],
)
def test_a_workflow(field, what, blame, look):
    told = asked.of_workflow(FAILED, field)
    assert (told.what, told.blame) == (what, blame)
    assert look in told.look_at
    assert "correlation id corr-1" in told.look_at


@pytest.mark.parametrize(
    ("status", "more", "blame", "look"),
    [
        (StepStatus.PENDING, {}, Service.ORCHESTRATION, "`Wait For Step    dor_validation` comes before"),
        (StepStatus.IN_PROGRESS, {"waiting_for": ["qms-dor-validator"]}, Service.DECISION, "qms-dor-validator"),
        (StepStatus.WAITING, {"agents": ["a"], "waiting_for": ["progress"]}, Service.ORCHESTRATION, "progress"),
        (StepStatus.PASSED, {}, Service.DECISION, "the step has no findings"),
    ],
)
def test_a_step(status, more, blame, look):
    told = asked.of_step(workflow(WorkflowState.DOR_PENDING, DOR, [step(DOR, status, **more)]), DOR, "status")
    assert told.blame is blame
    assert look in told.look_at


@pytest.mark.parametrize("field", ["failure_reasons", "findings", "checks.tests_covered", "measures", "status"])
@pytest.mark.parametrize("status", list(StepStatus))
def test_what_agents_judge_is_not_there_before_they_have(field, status):
    told = asked.of_step(workflow(WorkflowState.DOR_PENDING, DOR, [step(DOR, status)]), DOR, field)
    pending = status in (StepStatus.PENDING, StepStatus.IN_PROGRESS) and field != "status"
    assert bool(told.not_yet) is pending
    assert bool(asked.of_workflow(workflow(steps=[step(DOR, status)]), f"steps.0.{field}").not_yet) is pending


def test_a_services_copy():
    state = ComponentState(service="dashboard", workflow_id="wf-1", step=DOR, state="DOR_PENDING", status="in_progress",
                           progress=0, revision=3, correlation_id="corr-1", updated_at=NOW)  # fmt: skip
    told = asked.of_component(state, Service.DASHBOARD, "state")
    assert (told.what, told.blame) == ("state of workflow wf-1 in dashboard", Service.DASHBOARD)
    assert "Get Dead Letters    dashboard" in told.look_at
    assert "correlation id corr-1" in told.look_at


def act(service, ms, outcome=Outcome.DONE, **more):
    return Act(action="start_workflow", service=service, actor="q", role="qa_lead", sent=NOW,
               answered=NOW + timedelta(milliseconds=ms), duration_ms=ms, outcome=outcome, **more)  # fmt: skip


def test_response_times_name_the_slowest_request_and_errors_the_first_that_failed():
    acts = [
        act("orchestration", 10, correlation_id="c1"),
        act("dashboard", 900, correlation_id="c2"),
        act("escalation", 5, Outcome.FAILED, detail="no answer", correlation_id="c3"),
    ]
    told = asked.of_times(acts, "mean", "mean response time")
    assert told.blame is Service.DASHBOARD
    assert told.look_at == "the slowest request: start_workflow took 900.0 ms; correlation id c2"
    told = asked.of_times(acts, "error_rate", "share of errors")
    assert told.blame is Service.ESCALATION
    assert told.look_at == "the first that failed: start_workflow took 5.0 ms (no answer); correlation id c3"
    assert asked.of_times(acts, "count", "number").blame is None
