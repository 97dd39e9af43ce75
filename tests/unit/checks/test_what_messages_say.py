"""What a tester who never saw the code reads when a check has failed: what was seen, whose it is, where to look."""

from datetime import timedelta

import pytest
from checks_made import NOW, finding, seen, step, workflow

from QMSLibrary.checks import agreement, audit, escalations, events, timeouts, workflows
from QMSLibrary.contract.audit import AuditRecord
from QMSLibrary.contract.escalations import EscalationLevel
from QMSLibrary.contract.events import START_SEQUENCE
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step, StepStatus
from QMSLibrary.contract.workflows import ComponentState, WorkflowState

DOR = Step.DOR_VALIDATION
FAILED_STEP = step(DOR, StepStatus.FAILED, failure_reasons=["missing_tests"],
                   findings=[finding("missing_tests", agent="qms-dor-validator")])  # fmt: skip
FAILED = workflow(WorkflowState.DOR_FAILED, DOR, [FAILED_STEP])


def start(*delays, only=START_SEQUENCE):
    sources = ["orchestration", "decision", "dashboard", "orchestration"]
    return [
        seen(type, source, ms, number)
        for number, (type, source, ms) in enumerate(zip(START_SEQUENCE, sources, delays, strict=True), 1)
        if type in only
    ]


@pytest.mark.parametrize(
    ("came", "said", "look", "blame"),
    [
        ([], "Seen: no event of this workflow at all", "`Start Recording Events` came before", Service.ORCHESTRATION),
        (start(0, 9, 20, 30, only=START_SEQUENCE[2:]), "Seen: without workflow.started, decision.routing_requested",
         "`Start Recording Events` came before", Service.ORCHESTRATION),
        (start(0, 9, 20, 30, only=START_SEQUENCE[:2]), "Seen: without dashboard.workflow_created",
         "decision.routing_requested reached dashboard, and whether dashboard could", Service.DASHBOARD),
        (start(0, 30, 20, 40), "Seen: dashboard.workflow_created came before decision.routing_requested",
         "decision.routing_requested reached dashboard", Service.DASHBOARD),
        (start(0, 9, 7000, 7010), "Seen: all of them in this order, and 7.010 s from the first to the last",
         "what dashboard did before dashboard.workflow_created", Service.DASHBOARD),
    ],
)  # fmt: skip
def test_a_sequence_that_did_not_come(came, said, look, blame):
    judged = events.sequence(came, START_SEQUENCE, timedelta(seconds=5), "wf-1")
    assert not judged.passed
    assert said in judged.message
    assert look in judged.look_at
    assert judged.blame is blame


def test_a_sequence_shows_what_was_wanted_and_names_the_rest():
    other = [seen("gate.passed", ms=ms, number=50 + ms) for ms in range(30)]
    judged = events.sequence([*start(0, 30, 20, 40), *other], START_SEQUENCE, timedelta(seconds=5), "wf-1")
    assert judged.message.count("gate.passed") == 1
    assert "\n  beside: gate.passed\n" in judged.message


def state(**more):
    same = {"service": "x", "workflow_id": "wf-1", "step": DOR, "state": "DOR_PENDING", "status": "in_progress"}
    return ComponentState(**{**same, "progress": 0, "revision": 3, "correlation_id": "c", "updated_at": NOW, **more})


def test_services_that_all_lack_a_workflow_are_not_blamed_for_a_wrong_id():
    judged = agreement.agree(dict.fromkeys(Service, agreement.UNKNOWN), timedelta(seconds=1), "wf-9")
    assert judged.blame is None
    assert "\n  orchestration, decision, dashboard, escalation: does not know the workflow" in judged.message
    assert judged.look_at.startswith("the id")


def test_one_service_that_lacks_a_workflow_or_does_not_answer_is_blamed():
    states = dict.fromkeys(Service, state())
    judged = agreement.agree({**states, Service.DASHBOARD: agreement.UNKNOWN}, timedelta(seconds=1), "wf-1")
    assert judged.blame is Service.DASHBOARD
    assert "`Get Dead Letters    dashboard`" in judged.look_at
    judged = agreement.agree({**states, Service.DASHBOARD: "cannot be reached"}, timedelta(seconds=1), "wf-1")
    assert judged.blame is Service.DASHBOARD
    assert judged.look_at == "whether dashboard runs, and its log"
    states[Service.ORCHESTRATION] = state(progress=25)
    judged = agreement.agree(states, timedelta(seconds=1), "wf-1")
    assert judged.blame is Service.ORCHESTRATION
    assert "gets orchestration's events" not in judged.look_at


def test_an_escalation_that_is_not_there_says_where_the_workflow_stands():
    at = workflows.stands(FAILED)
    assert at == "DOR_FAILED; dor_validation is failed (attempt 1), reasons: missing_tests"
    judged = escalations.exists([], EscalationLevel.L1_IMMEDIATE, None, None, "workflow wf-1", at)
    assert judged.blame is Service.ESCALATION
    assert "something to escalate: DOR_FAILED; dor_validation is failed" in judged.look_at


def test_a_completion_rate_blames_the_gates_when_it_is_them():
    judged = workflows.completion_rate([FAILED], 0.95)
    assert judged.blame is Service.DECISION
    assert "wf-1 is DOR_FAILED; dor_validation is failed (attempt 1), reasons: missing_tests" in judged.look_at
    stuck = workflow(WorkflowState.DOR_PENDING, DOR)
    assert workflows.completion_rate([FAILED, stuck], 0.95).blame is Service.ORCHESTRATION


def test_a_wait_that_is_useless_says_whom_and_what_lets_it_go_on():
    message = timeouts.stopped(FAILED, "the state COMPLETED")
    lines = message.splitlines()
    assert lines[:2] == [
        "Workflow wf-1 does not come to the state COMPLETED any more.",
        "Expected: the state COMPLETED",
    ]
    assert "Service to blame: decision" in lines
    assert "its findings: missing_tests" in message
    assert "`Retry Step    dor_validation`" in message
    assert "correlation id corr-1" in message
    message = timeouts.stopped(workflow(WorkflowState.ERROR, DOR), "the state COMPLETED")
    assert "Service to blame: orchestration" in message
    assert "Retry Step" not in message


def waited(one, **more):
    return timeouts.describe(awaited="The end of the review", timeout=timedelta(seconds=1), workflow_id="wf-1",
                             workflow=one, step=None, events=[], **{"health": {}, **more})  # fmt: skip


def test_a_time_out_blames_who_has_to_act_next_and_nobody_when_it_is_the_test():
    agents = step(DOR, StepStatus.IN_PROGRESS, waiting_for=["qms-dor-validator"])
    message = waited(workflow(WorkflowState.DOR_PENDING, DOR, [agents]))
    assert "\nService to blame: decision\nLook at: the log of that service; correlation id corr-1\n" in message
    held = step(DOR, StepStatus.WAITING, waiting_for=["progress"])
    message = waited(workflow(WorkflowState.DOR_PENDING, DOR, [held]))
    assert "to blame" not in message
    assert "\nLook at: the test itself: it was triggered step by step, and `Progress Workflow` lets" in message


def test_a_time_out_of_a_qms_that_is_down_says_so_once():
    why = "cannot be reached at http://x"
    message = waited(None, trouble=why, stream_trouble=why, health={Service.ORCHESTRATION: "cannot be reached, health"})
    assert message.count("cannot be reached") == 1
    assert "Service to blame: orchestration" in message


def test_streams_that_fail_for_one_reason_say_it_once():
    message = events.unheard(
        {Service.DECISION: "no answer", Service.DASHBOARD: "no answer", Service.ESCALATION: "closed"}
    )
    assert "\n  decision, dashboard: no answer\n  escalation: closed\n" in message
    assert "Service to blame: decision\nLook at: whether decision runs" in message


def test_records_without_a_reason_have_none():
    record = AuditRecord(
        sequence=1, entry_id="1", time=NOW, actor="ada", role="manager", action="gate.overridden",
        object="workflow:wf-1", correlation_id="c", previous_hash="0" * 64, hash="0" * 64,
    )  # fmt: skip
    verdict, _ = audit.contains([record], "gate.overridden", actor="quinn")
    assert "workflow:wf-1 by ada (manager)\n" in verdict.message
    assert "None" not in verdict.message
