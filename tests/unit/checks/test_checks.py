from datetime import timedelta, timezone

import pytest
from checks_made import NOW, finding, seen, step, workflow

from QMSLibrary.checks import agreement, escalations, events, steps, timeouts, workflows
from QMSLibrary.checks.steps import ExpectedFinding
from QMSLibrary.checks.verdict import Verdict, worst
from QMSLibrary.contract.escalations import Escalation, EscalationLevel
from QMSLibrary.contract.events import START_SEQUENCE
from QMSLibrary.contract.health import DependencyHealth, Health, HealthStatus
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity, Step, StepStatus
from QMSLibrary.contract.workflows import ComponentState, WorkflowState

DOR = Step.DOR_VALIDATION
SCAN = Step.PROGRESS_REVIEWS


def verdict(passed, name="x"):
    return Verdict(title=name, passed=passed, expected="e", actual=f"a-{name}", blame=Service.DECISION, look_at="here")


def test_a_failed_verdict_names_expectation_observation_service_and_next_place():
    message = verdict(False).message
    for part in ("Expected: e", "Seen: a-x", "Service to blame: decision", "Look at: here"):
        assert part in message


def test_several_verdicts_are_one_and_nothing_checked_is_none():
    assert worst([verdict(True), verdict(True, "y")]).passed
    both = worst([verdict(True), verdict(False, "y"), verdict(False, "z")])
    assert not both.passed
    assert "a-y" in both.message
    assert "a-z" in both.message
    with pytest.raises(ValueError, match="Nothing"):
        worst([])


# --- steps
def test_a_step_passes_with_all_its_checks():
    assert steps.passed(workflow(), DOR).passed
    assert steps.passed(workflow(), DOR, ["tests_covered"]).passed


@pytest.mark.parametrize("status", [StepStatus.FAILED, StepStatus.OVERRIDDEN, StepStatus.PENDING, StepStatus.WAITING])
def test_only_passed_is_passed(status):
    one = workflow(steps=[step(DOR, status, checks={"tests_covered": True})])
    assert not steps.passed(one, DOR, ["tests_covered"]).passed


def test_a_passed_step_that_does_not_answer_for_a_check_has_not_passed():
    one = workflow(steps=[step(DOR, checks={"tests_covered": True})])
    judged = steps.passed(one, DOR)
    assert not judged.passed
    assert "without an answer to requirements_covered" in judged.message


def test_the_agents_are_to_blame_for_a_wrong_verdict_and_orchestration_for_none():
    wrong = workflow(steps=[step(DOR, StepStatus.FAILED, failure_reasons=["missing_tests"])])
    assert steps.passed(wrong, DOR).blame is Service.DECISION
    none = workflow(steps=[step(DOR, StepStatus.IN_PROGRESS)])
    assert steps.passed(none, DOR).blame is Service.ORCHESTRATION


def test_an_unknown_check_is_listed():
    with pytest.raises(ValueError, match="It has: requirements_covered"):
        steps.passed(workflow(), DOR, ["nonsense"])


def test_a_step_fails_with_all_reasons_named():
    one = workflow(steps=[step(DOR, StepStatus.FAILED, failure_reasons=["missing_tests", "title_format"])])
    assert steps.failed(one, DOR).passed
    assert steps.failed(one, DOR, ["missing_tests"]).passed
    judged = steps.failed(one, DOR, ["missing_documentation"])
    assert not judged.passed
    assert "without missing_documentation" in judged.message
    assert "Did you mean" not in judged.message
    assert "Did you mean 'missing_tests'?" in steps.failed(one, DOR, ["missing_test"]).message
    assert not steps.failed(workflow(), DOR).passed


def test_security_findings_are_exact():
    found = [finding(), finding(line=9), finding("xss", "medium"), finding("missing_tests", agent="qms-dor-validator")]
    one = workflow(steps=[step(SCAN, StepStatus.FAILED, checks={"security_scan_passed": False}, findings=found)])
    both = [ExpectedFinding("sql_injection", Severity.HIGH), ExpectedFinding("xss")]
    assert steps.found_exactly(one, both).passed
    missing = steps.found_exactly(one, [*both, ExpectedFinding("ssrf")])
    assert "not found: ssrf" in missing.message
    extra = steps.found_exactly(one, both[:1])
    assert "found beside: xss:medium in a.ts:3" in extra.message
    wrong = steps.found_exactly(one, [ExpectedFinding("sql_injection", Severity.LOW), both[1]])
    assert not wrong.passed
    assert not steps.found_exactly(one, []).passed
    assert steps.found_exactly(workflow(), []).passed


MISSING = step(DOR, StepStatus.FAILED, failure_reasons=["missing_tests"])
HELD = step(DOR, StepStatus.WAITING, waiting_for=["progress"])


@pytest.mark.parametrize(
    ("state", "at", "some", "seen", "look"),
    [
        ("DOR_FAILED", DOR, [MISSING, step(SCAN, StepStatus.PENDING)], "DOR_FAILED at dor_validation", "Retry Step"),
        ("DOR_PENDING", DOR, [HELD, step(SCAN, StepStatus.PENDING)], "progress_reviews is pending", "Progress Workfl"),
        ("PROGRESS_PENDING", SCAN, [step(SCAN, StepStatus.IN_PROGRESS)], "is in_progress", "Wait For Step    progress"),
        ("DOD_PENDING", Step.DOD_VALIDATION, [step(SCAN, StepStatus.OVERRIDDEN)], "is overridden", "Get Audit Records"),
        ("PROGRESS_BLOCKED", SCAN, [step(SCAN, StepStatus.FAILED, checks={"security_scan_passed": False},
                                         failure_reasons=["check_not_performed"])], "failed", "why qms-security-scan"),
        ("PROGRESS_BLOCKED", SCAN, [step(SCAN, StepStatus.FAILED, failure_reasons=["x"])], "failed", "why qms-securi"),
    ],
)  # fmt: skip
def test_code_that_was_not_scanned_is_not_clean(state, at, some, seen, look):
    judged = steps.found_exactly(workflow(WorkflowState(state), at, some), [])
    assert not judged.passed
    assert "the code was not scanned: progress_reviews is " in judged.actual
    assert seen in judged.actual
    assert look in judged.look_at


def test_findings_of_a_scan_that_goes_on_are_not_all_there_is():
    one = workflow(WorkflowState.PROGRESS_PENDING, SCAN, [step(SCAN, StepStatus.IN_PROGRESS, findings=[finding()])])
    judged = steps.found_exactly(one, [ExpectedFinding("sql_injection", Severity.HIGH)])
    assert not judged.passed
    assert "found so far: sql_injection:high" in judged.actual


# --- workflows
LIMITS = {
    "max_duration": timedelta(hours=4),
    "min_quality_score": 85.0,
    "min_satisfaction": 4.0,
    "compliance": True,
}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"total_duration": timedelta(hours=5)}, "duration 5 h"),
        ({"quality_score": 84.9}, "quality score 84.9"),
        ({"quality_score": None}, "quality score not known"),
        ({"stakeholder_satisfaction": 3.9}, "satisfaction 3.9"),
        ({"compliance_adhered": False}, "compliance_adhered False"),
    ],
)
def test_each_limit_can_fail(result, words):
    assert workflows.meets(workflow(), **LIMITS).passed
    judged = workflows.meets(workflow(result=result), **LIMITS)
    assert not judged.passed
    assert words in judged.message
    assert judged.blame is not None


def test_missing_feedback_is_nobodys_fault():
    judged = workflows.meets(workflow(result={"stakeholder_satisfaction": None}), **LIMITS)
    assert not judged.passed
    assert "nobody has given feedback yet" in judged.message
    assert "`Give Feedback" in judged.message
    assert judged.blame is None
    assert "to blame" not in judged.message


def test_a_workflow_that_is_not_completed_meets_nothing():
    judged = workflows.meets(workflow(WorkflowState.DOD_PENDING, Step.DOD_VALIDATION), **LIMITS)
    assert not judged.passed
    assert "DOD_PENDING" in judged.message


def test_completion_rate():
    many = [workflow(id=f"wf-{number}") for number in range(19)] + [workflow(WorkflowState.DOR_FAILED, DOR, id="bad")]
    assert workflows.completion_rate(many, 0.95).passed
    judged = workflows.completion_rate(many, 0.96)
    assert not judged.passed
    assert "1 DOR_FAILED" in judged.message
    assert "bad" in judged.message
    with pytest.raises(ValueError, match="There are no workflows"):
        workflows.completion_rate([], 0.95)


# --- events
def start(*delays):
    sources = ["orchestration", "decision", "dashboard", "orchestration"]
    return [
        seen(type, source, ms, number + 1)
        for number, (type, source, ms) in enumerate(zip(START_SEQUENCE, sources, delays, strict=True))
    ]


def test_the_sequence_is_by_time_whatever_the_order_of_arrival():
    came = start(0, 10, 20, 30)
    assert events.sequence([came[2], came[0], came[3], came[1]], START_SEQUENCE, timedelta(seconds=5), "wf-1").passed


def test_a_missing_a_late_and_a_misplaced_event_fail_and_name_the_service():
    limit = timedelta(seconds=5)
    without = [one for one in start(0, 10, 20, 30) if one.event.source != "dashboard"]
    judged = events.sequence(without, START_SEQUENCE, limit, "wf-1")
    assert judged.blame is Service.DASHBOARD
    assert "without dashboard.workflow_created" in judged.message
    assert not events.sequence(start(0, 10, 20, 5001), START_SEQUENCE, limit, "wf-1").passed
    misplaced = events.sequence(start(0, 20, 10, 30), START_SEQUENCE, limit, "wf-1")
    assert not misplaced.passed
    assert misplaced.blame is Service.DASHBOARD
    assert events.sequence([], START_SEQUENCE, limit, "wf-1").blame is Service.ORCHESTRATION


def test_a_sequence_that_begins_again_is_found():
    came = [seen("workflow.started", ms=0), *start(9000, 9010, 9020, 9030)]
    assert events.sequence(came, START_SEQUENCE, timedelta(seconds=5), "wf-1").passed


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (seen("x", number=9, ms=50, workflow_id="wf-2"), "workflow id wf-2"),
        (seen("x", number=9, ms=50, correlation_id="other"), "has other"),
        (seen("x", number=9, ms=50, repeated=True), "came again"),
        (seen("x", number=9, ms=-50), "older than the event"),
    ],
)
def test_each_inconsistency_is_found(bad, words):
    good = start(0, 10, 20, 30)
    assert events.consistent(good, "wf-1", "corr-1").passed
    judged = events.consistent([*good, bad], "wf-1", "corr-1")
    assert not judged.passed
    assert words in judged.message
    assert judged.blame is Service.ORCHESTRATION


def test_a_time_that_is_not_utc_is_found():
    bad = seen("x", number=9, ms=50)
    local = bad.event.timestamp.astimezone(timezone(timedelta(hours=2)))
    object.__setattr__(bad, "event", bad.event.model_copy(update={"timestamp": local}))
    assert "times in UTC" in events.consistent([bad], "wf-1", "corr-1").message


def test_no_events_are_not_consistent():
    with pytest.raises(ValueError, match="Start Recording"):
        events.consistent([], "wf-1", "corr-1")


@pytest.mark.parametrize(
    ("services", "types", "enough"),
    [
        (tuple(Service), ["workflow.completed", "dashboard.workflow_updated"], False),
        (tuple(Service), ["decision.routing_requested", "dashboard.workflow_created"], False),
        (tuple(Service), ["workflow.started", "workflow.completed"], True),
        ((Service.ORCHESTRATION,), ["pr.created"], True),
        ((Service.DECISION, Service.DASHBOARD), ["decision.routed"], False),
        ((Service.DASHBOARD,), ["dashboard.workflow_created"], True),
        ((Service.DASHBOARD,), ["dashboard.workflow_updated"], False),
        ((Service.ESCALATION,), ["escalation.triggered"], True),
    ],
)
def test_events_are_consistent_only_from_the_beginning_on(services, types, enough):
    came = [seen(type, number=number, ms=number) for number, type in enumerate(types, 1)]
    if enough:
        assert events.consistent(came, "wf-1", "corr-1", services).passed
    else:
        with pytest.raises(ValueError, match=r"beginning of workflow wf-1 was not recorded, only .* before `Trigger W"):
            events.consistent(came, "wf-1", "corr-1", services)


# --- agreement
def state(service, **more):
    values = {
        "workflow_id": "wf-1", "step": DOR, "state": "DOR_PENDING", "status": "in_progress", "progress": 0,
        "revision": 2, "correlation_id": "corr-1", "updated_at": NOW, **more,
    }  # fmt: skip
    return ComponentState(service=service, **values)


def copies(**changed):
    return {service: state(service, **changed.get(service.value, {})) for service in Service}


def test_agreement_and_the_one_that_differs():
    second = timedelta(seconds=1)
    assert agreement.agree(copies(), second, "wf-1").passed
    judged = agreement.agree(copies(dashboard={"state": "DOR_FAILED"}), second, "wf-1")
    assert judged.blame is Service.DASHBOARD
    assert "they differ in state" in judged.message
    assert agreement.agree(copies(dashboard={"updated_at": NOW + timedelta(seconds=0.9)}), second, "wf-1").passed
    late = agreement.agree(copies(escalation={"updated_at": NOW - timedelta(seconds=1.5)}), second, "wf-1")
    assert late.blame is Service.ESCALATION
    assert agreement.agree(copies(orchestration={"progress": 25}), second, "wf-1").blame is Service.ORCHESTRATION


def test_copies_that_are_behind_are_to_blame_however_many_they_are():
    old = {"state": "DOR_FAILED", "status": "failed", "revision": 1}
    behind = copies(decision=old, dashboard=old, escalation=old)
    assert agreement.agree(behind, timedelta(seconds=1), "wf-1").blame is Service.DECISION


def test_a_service_without_a_copy_disagrees():
    states = {**copies(), Service.DECISION: "does not know the workflow"}
    judged = agreement.agree(states, timedelta(seconds=1), "wf-1")
    assert judged.blame is Service.DECISION
    assert "does not know" in judged.message


# --- escalations
def escalation(level=EscalationLevel.L3_STANDARD, reason="DoR validation failed", type="dor_failed"):
    return Escalation(
        id="esc-1", level=level, type=type, reason=reason, component="orchestration", source="wf-1", state="active",
        tier=1, workflow_id="wf-1", correlation_id="c", triggered_at=NOW, acknowledge_by=NOW,
    )  # fmt: skip


def test_escalations_by_level_reason_and_count():
    one = [escalation()]
    standard = EscalationLevel.L3_STANDARD
    assert escalations.exists(one, standard, "dor VALIDATION failed", 1, "wf-1").passed
    assert escalations.exists(one, standard, "dor_failed", None, "wf-1").passed
    assert not escalations.exists(one, standard, "other", None, "wf-1").passed
    assert not escalations.exists(one * 2, standard, None, 1, "wf-1").passed
    assert escalations.exists(one, EscalationLevel.L0_CRITICAL, None, 0, "wf-1").passed
    judged = escalations.exists([], standard, None, None, "wf-1")
    assert judged.blame is Service.ESCALATION
    assert "0 in all" in judged.message


# --- time-outs
def test_a_time_out_tells_everything():
    waiting = step(Step.PROGRESS_REVIEWS, StepStatus.IN_PROGRESS, agents=["qms-code-reviewer", "qms-security-scanner"],
                   waiting_for=["qms-security-scanner"], started_at=NOW)  # fmt: skip
    one = workflow(WorkflowState.PROGRESS_PENDING, Step.PROGRESS_REVIEWS, steps=[waiting], progress=25)
    assert timeouts.awaited_service(one, Step.PROGRESS_REVIEWS) is Service.DECISION
    sick = Health(service="decision", status=HealthStatus.DEGRADED, version="1", time=NOW, dependencies=[
        DependencyHealth(name="orchestration", status=HealthStatus.UNHEALTHY, detail="no answer")])  # fmt: skip
    text = timeouts.describe(
        awaited="The step progress_reviews",
        timeout=timedelta(seconds=30),
        workflow_id="wf-1",
        workflow=one,
        step=Step.PROGRESS_REVIEWS,
        health={Service.DECISION: sick, Service.ORCHESTRATION: "cannot be reached"},
        events=start(0, 10, 20, 30),
    )
    for part in (
        "The step progress_reviews did not come within 30.0 s",
        "PROGRESS_PENDING",
        "in_progress, attempt 1, since 03:04:05",
        "qms-security-scanner (decision service)",
        "decision service, asked now: degraded: orchestration unhealthy (no answer)",
        "orchestration service, asked now: not answering (cannot be reached)",
        "workflow.started (orchestration)",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("waiting_for", "hint"),
    [(["progress"], "Progress Workflow"), (["approval"], "Approve Workflow")],
)
def test_a_time_out_says_what_may_have_been_forgotten(waiting_for, hint):
    held = step(DOR, StepStatus.WAITING, waiting_for=waiting_for)
    one = workflow(WorkflowState.DOR_PENDING, DOR, steps=[held])
    text = timeouts.describe(awaited="x", timeout=timedelta(seconds=1), workflow_id="wf-1", workflow=one,
                             step=Step.PROGRESS_REVIEWS, health={}, events=[])  # fmt: skip
    assert hint in text
    assert timeouts.awaited_service(one, DOR) is Service.ORCHESTRATION
