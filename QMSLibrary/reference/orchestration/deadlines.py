"""What happens when nothing happens: time limits, stuck workflows, overdue approvals."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.steps import StepStatus
from QMSLibrary.contract.workflows import WorkflowStatus
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.clock import Timer
from QMSLibrary.reference.kernel.context import Context

from .act import Act, open_act
from .gates import (
    APPROVAL_LIMIT,
    FIRST_ASSIGNMENT,
    ROUTE_AGAIN,
    STEP_LIMIT,
    STUCK,
    STUCK_AFTER,
    assign,
    attempt_timed_out,
    begin_step,
    break_down,
)
from .review import APPROVAL
from .slots import finish

RETRIES: Final = 3
"""How often a step whose agents do not answer in time is tried again before the run is given up."""
_FIRST_PAUSE: Final = timedelta(seconds=5)


def add_to(service: Blueprint) -> None:
    """Handle orchestration's timers."""
    service.timer(STEP_LIMIT)(step_limit)
    service.timer(STUCK)(stuck)
    service.timer(APPROVAL_LIMIT)(approval_overdue)
    service.timer(FIRST_ASSIGNMENT)(assign_first)
    service.timer(ROUTE_AGAIN)(route_again)


def step_limit(connection: Connection, timer: Timer, context: Context) -> None:
    """The agents did not answer in time: try again with exponential back-off, and give up after some tries."""
    act = _act(connection, timer, context)
    step = act.review.current
    if not _is_current(act, timer) or step.status is not StepStatus.IN_PROGRESS:
        return
    if step.timeouts >= RETRIES:
        missing = ", ".join(step.waiting_for)
        break_down(act, "step_gave_up", f"{step.step} had no answer from {missing} after {RETRIES + 1} attempts")
    else:
        attempt_timed_out(act, _FIRST_PAUSE * 2**step.timeouts)
    finish(act)


def route_again(connection: Connection, timer: Timer, context: Context) -> None:
    """The pause is over: ask for routing again."""
    act = _act(connection, timer, context)
    if _is_current(act, timer) and act.review.current.status is StepStatus.IN_PROGRESS:
        failures = act.review.current.routing_failures
        begin_step(act, "routing_failed" if failures else "time_limit")
        finish(act)


def assign_first(connection: Connection, timer: Timer, context: Context) -> None:
    """The dashboard has not answered in time: assign the first step without it."""
    act = _act(connection, timer, context)
    step = act.review.current
    if step.decision is not None and not step.agents and step.status is StepStatus.IN_PROGRESS:
        act.review.dashboard_seen = True
        assign(act)
        finish(act)


def stuck(connection: Connection, timer: Timer, context: Context) -> None:
    """Nothing has moved for two hours, though something should have."""
    act = _act(connection, timer, context)
    review, step = act.review, act.review.current
    if review.status is not WorkflowStatus.IN_PROGRESS:
        return
    remaining = review.updated_at + STUCK_AFTER - act.now
    if remaining > timedelta(0):
        act.timer(STUCK, remaining)
    elif APPROVAL not in step.waiting_for:  # an approval has a limit of its own
        _tell_stuck(act, "no_progress")
    finish(act)


def approval_overdue(connection: Connection, timer: Timer, context: Context) -> None:
    """The final approval is awaited for longer than the final review's time limit."""
    act = _act(connection, timer, context)
    if APPROVAL in act.review.current.waiting_for:
        _tell_stuck(act, "approval_overdue")
        finish(act)


def _tell_stuck(act: Act, cause: str) -> None:
    step = act.review.current
    act.tell(
        EventType.WORKFLOW_STUCK,
        cause=cause,
        step=step.step.value,
        run=act.review.run,
        attempt=step.attempt,
        waiting_for=step.waiting_for or ["routing"],
    )


def _act(connection: Connection, timer: Timer, context: Context) -> Act:
    return open_act(context, connection, timer.key, context.identity)


def _is_current(act: Act, timer: Timer) -> bool:
    wanted = (timer.payload.get("run"), timer.payload.get("attempt"))
    return wanted == (act.review.run, act.review.current.attempt)
