"""The state machine: steps begin, agents answer, gates pass or fail (docs/decisions/0004)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.routing import RoutingDecision
from QMSLibrary.contract.steps import STEP_CHECKS, STEP_TIME_LIMITS, AgentResult, Step, StepStatus
from QMSLibrary.contract.workflows import FAILED_STATE, PENDING_STATE, WorkflowState

from .act import Act
from .line import next_in_line
from .review import APPROVAL, PROGRESS, Slot, StepRecord, new_steps, result_of

STUCK_AFTER: Final = timedelta(hours=2)
FIRST_ASSIGNMENT_WAITS: Final = timedelta(seconds=1)
"""How long the first assignment waits for the dashboard's entry (docs/decisions/0001)."""
STEP_LIMIT: Final = "step_limit"
STUCK: Final = "stuck"
APPROVAL_LIMIT: Final = "approval_limit"
FIRST_ASSIGNMENT: Final = "first_assignment"
ROUTE_AGAIN: Final = "route_again"
_NOT_PERFORMED: Final = "check_not_performed"


def begin_step(act: Act, cause: str) -> None:
    """Begin the current step's attempt: its slot is held, its routing is asked for.

    ``cause`` says why in the event: ``started``, ``slot_granted``, ``retry``, ``commit``, ``transition``, ….
    """
    review, step = act.review, act.review.current
    first_time = review.state is WorkflowState.INITIALIZED
    if first_time:
        act.enter(WorkflowState.DOR_PENDING)
        step.attempt = 1
    step.status = StepStatus.IN_PROGRESS
    step.started_at = act.now
    act.timer(STUCK, STUCK_AFTER)
    type_ = EventType.WORKFLOW_STARTED if first_time else EventType.PR_UPDATED
    act.tell(type_, step=review.step.value, cause=cause, routing=routing_wish(act))


def routing_wish(act: Act) -> dict[str, Any]:
    """What decision needs to know to find agents for the current step."""
    review, pull_request = act.review, act.pull_request()
    return {
        "step": review.step.value,
        "run": review.run,
        "attempt": review.current.attempt,
        "instead_of": review.current.overdue,
        "pull_request": {
            **review.pull_request.model_dump(mode="json"),
            "paths": [file.path for file in pull_request.files],
        },
    }


def take_decision(act: Act, decision: RoutingDecision) -> None:
    """Agents were found. What is about an attempt that is over is ignored."""
    review, step = act.review, act.review.current
    if not decision.assignments:
        raise ValueError(f"The routing decision {decision.decision_id} assigns nobody.")
    asked = (decision.step, decision.run, decision.attempt) == (review.step, review.run, step.attempt)
    if not asked or step.status is not StepStatus.IN_PROGRESS:
        return
    if step.decision is not None and decision.decided_at < step.decision.decided_at:
        return
    step.decision = decision
    if step.routing_failures:
        step.routing_failures = 0
        act.no_timers(ROUTE_AGAIN)
    if review.dashboard_seen:
        assign(act)
    else:
        act.timer(FIRST_ASSIGNMENT, FIRST_ASSIGNMENT_WAITS)


def assign(act: Act) -> None:
    """Give the step to the agents of its decision; those that have answered already are not asked again."""
    review, step = act.review, act.review.current
    assert step.decision is not None
    act.no_timers(FIRST_ASSIGNMENT)
    step.agents = [assignment.agent_id for assignment in step.decision.assignments]
    step.results = [result for result in step.results if result.agent_id in step.agents]
    answered = {result.agent_id for result in step.results}
    step.waiting_for = [agent for agent in step.agents if agent not in answered]
    if not step.waiting_for:
        _decide(act)
        return
    step.assigned_at = act.now
    act.timer(STEP_LIMIT, STEP_TIME_LIMITS[review.step], run=review.run, attempt=step.attempt)
    act.tell(
        EventType.STEP_ASSIGNED,
        step=review.step.value,
        run=review.run,
        attempt=step.attempt,
        agents=step.waiting_for,
        assignments=[one.model_dump(mode="json") for one in step.decision.assignments],
        decision_id=step.decision.decision_id,
        requested_by=review.requested_by,
        approval_required=review.approval_required,
    )


def take_result(act: Act, result: AgentResult) -> None:
    """An agent that was assigned has answered."""
    step = act.review.current
    if not act.actor.is_service:
        # Of those that live in its own process decision tells it itself.
        _tell_of_task(act, result)
    step.results.append(result)
    step.waiting_for = [agent for agent in step.waiting_for if agent != result.agent_id]
    if not step.waiting_for:
        _decide(act)


def _tell_of_task(act: Act, result: AgentResult) -> None:
    step = act.review.current
    roles = {one.agent_id: one.role for one in step.decision.assignments} if step.decision is not None else {}
    act.mention(
        EventType.TASK_COMPLETED,
        agent_id=result.agent_id,
        role=roles.get(result.agent_id, ""),
        step=step.step.value,
        run=act.review.run,
        attempt=step.attempt,
        passed=all(result.checks.values()),
        seconds=round((act.now - (step.assigned_at or act.now)).total_seconds(), 3),
    )


def _decide(act: Act) -> None:
    """All agents have answered: the verdict is known, and the gate opens or waits for a person."""
    review, step = act.review, act.review.current
    _merge(step)
    review.quality_score = step.measures.get("quality_score", review.quality_score)
    step.timeouts = 0
    passed = all(step.checks.values())
    wants_approval = passed and step.step is Step.FINAL_REVIEW and review.approval_required and not review.approved_by
    step.waiting_for = [PROGRESS] * review.step_by_step + [APPROVAL] * wants_approval
    if wants_approval:
        step.checks["merge_approved"] = False
        act.timer(APPROVAL_LIMIT, STEP_TIME_LIMITS[Step.FINAL_REVIEW])
    step.completed_at = act.now
    step.duration = act.now - (step.started_at or act.now)
    act.record(
        AuditAction.STEP_DECIDED,
        after={"step": step.step, "run": review.run, "attempt": step.attempt, "checks": dict(step.checks)},
        reason=", ".join(step.failure_reasons) or None,
    )
    if step.waiting_for:
        step.status = StepStatus.WAITING
        act.no_timers(STEP_LIMIT)
        _release(act)
    else:
        step.status = StepStatus.PASSED if passed else StepStatus.FAILED
    act.tell(EventType.STEP_COMPLETED if passed else EventType.STEP_FAILED, **_verdict(act))
    if not step.waiting_for:
        decide_gate(act)


def _merge(step: StepRecord) -> None:
    """The agents' answers as one: a check passes when every agent that answers for it says so."""
    results = sorted(step.results, key=lambda result: step.agents.index(result.agent_id))
    checks: dict[str, bool] = {}
    for check in STEP_CHECKS[step.step]:
        answers = [result.checks[check] for result in results if check in result.checks]
        checks[check] = bool(answers) and all(answers)
    reasons = [reason for result in results for reason in result.failure_reasons]
    if not all(any(check in result.checks for result in results) for check in checks):
        reasons.append(_NOT_PERFORMED)
    step.checks = checks
    step.failure_reasons = list(dict.fromkeys(reasons))
    step.findings = [finding for result in results for finding in result.findings]
    step.measures = {name: value for result in results for name, value in result.measures.items()}


def decide_gate(act: Act) -> None:
    """Nothing and nobody is awaited any more: the gate passes or fails as its checks say."""
    if all(act.review.current.checks.values()):
        pass_gate(act, StepStatus.PASSED)
    else:
        fail_gate(act)


def pass_gate(act: Act, status: StepStatus, reason: str | None = None, **payload: Any) -> None:
    """Go through the gate, on merit (PASSED) or on somebody's word (OVERRIDDEN), and on to what follows."""
    review, step = act.review, act.review.current
    _close_step(act, status)
    overridden = status is StepStatus.OVERRIDDEN
    following = review.step.next
    told = {**_verdict(act), "overridden": overridden, **payload}
    if following is None:
        review.completed_at = act.now
        act.enter(WorkflowState.COMPLETED, reason)
        _release(act)
        act.no_timers(STUCK)
        act.tell(EventType.GATE_PASSED, **told)
        result = result_of(review, act.now).model_dump(mode="json")
        act.tell(EventType.WORKFLOW_COMPLETED, step=step.step.value, run=review.run, result=result)
        return
    act.enter(PENDING_STATE[following], reason)
    review.step = following
    review.current.attempt = 1
    if review.slot is Slot.WORKING:
        review.current.status = StepStatus.IN_PROGRESS
        review.current.started_at = act.now
        told["routing"] = routing_wish(act)
        act.tell(EventType.GATE_PASSED, **told)
    else:
        act.tell(EventType.GATE_PASSED, **told)
        wait_for_slot(act)


def fail_gate(act: Act, reason: str | None = None) -> None:
    """Stop at the gate until somebody mends it."""
    _close_step(act, StepStatus.FAILED)
    act.enter(FAILED_STATE[act.review.step], reason or ", ".join(act.review.current.failure_reasons) or None)
    _release(act)
    act.no_timers(STUCK)
    act.tell(EventType.GATE_FAILED, **_verdict(act))


def break_down(act: Act, error: str, reason: str) -> None:
    """Give the run up: a new commit, or somebody by hand, begins it again."""
    _close_step(act, StepStatus.FAILED)
    act.review.current.failure_reasons = [error]
    act.enter(WorkflowState.ERROR, reason)
    _release(act)
    act.no_timers(STUCK)
    act.tell(EventType.ERROR_OCCURRED, error=error, reason=reason, step=act.review.step.value, run=act.review.run)


def begin_again(act: Act, cause: str, reason: str | None = None) -> None:
    """A new run from the first gate."""
    review = act.review
    act.no_timers(STEP_LIMIT, APPROVAL_LIMIT, FIRST_ASSIGNMENT, ROUTE_AGAIN)
    if review.state is not WorkflowState.DOR_PENDING:
        act.enter(WorkflowState.DOR_PENDING, reason)
    review.updated_at = review.run_started_at = act.now
    review.run += 1
    review.step = Step.DOR_VALIDATION
    review.steps = new_steps()
    review.overrides = []
    review.completed_at = review.approved_by = review.quality_score = None
    _begin_attempt(act, cause, 1)


def try_again(act: Act, cause: str, reason: str | None = None) -> None:
    """Another attempt at the failed gate."""
    act.enter(PENDING_STATE[act.review.step], reason)
    _begin_attempt(act, cause, act.review.current.attempt + 1)


def _begin_attempt(act: Act, cause: str, attempt: int) -> None:
    review = act.review
    review.steps[review.step.number - 1] = StepRecord(
        step=review.step, attempt=attempt, timeouts=review.current.timeouts
    )
    if review.slot is Slot.WORKING:
        begin_step(act, cause)
        return
    act.tell(EventType.PR_UPDATED, step=review.step.value, cause=cause)
    wait_for_slot(act)


def attempt_timed_out(act: Act, pause: timedelta) -> None:
    """The agents did not answer in time: another attempt after ``pause``."""
    review, step = act.review, act.review.current
    missing = ", ".join(step.waiting_for)
    act.record(
        AuditAction.STEP_RETRIED,
        before={"step": step.step, "attempt": step.attempt},
        after={"step": step.step, "attempt": step.attempt + 1},
        reason=f"no answer in time from {missing}",
    )
    act.tell(
        EventType.ERROR_OCCURRED,
        error="step_time_limit",
        reason=f"{review.step} had no answer in time from {missing}",
        step=review.step.value,
        run=review.run,
        attempt=step.attempt,
        waiting_for=step.waiting_for,
    )
    review.steps[step.step.number - 1] = StepRecord(
        step=step.step,
        status=StepStatus.IN_PROGRESS,
        attempt=step.attempt + 1,
        timeouts=step.timeouts + 1,
        overdue=list(dict.fromkeys([*step.overdue, *step.waiting_for])),
        started_at=step.started_at,
    )
    act.timer(ROUTE_AGAIN, pause, run=review.run, attempt=step.attempt + 1)


def wait_for_slot(act: Act) -> None:
    """Get in line for one of the places; ``slots`` hands them out when the act is finished."""
    act.review.slot = Slot.QUEUED
    act.review.queue_number = next_in_line(act.connection)


def _release(act: Act) -> None:
    act.review.slot = None
    act.review.queue_number = None


def _close_step(act: Act, status: StepStatus) -> None:
    step = act.review.current
    act.no_timers(STEP_LIMIT, APPROVAL_LIMIT, FIRST_ASSIGNMENT, ROUTE_AGAIN)
    step.status = status
    step.waiting_for = []
    step.completed_at = act.now
    step.duration = act.now - (step.started_at or act.now)


def _verdict(act: Act) -> dict[str, Any]:
    step = act.review.current
    shown = step.model_dump(mode="json", include=_SHOWN)
    return {**shown, "run": act.review.run}


_SHOWN: Final = {
    "step", "status", "attempt", "checks", "failure_reasons", "findings", "measures", "waiting_for", "duration",
}  # fmt: skip
