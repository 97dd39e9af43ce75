"""Says why a wait was in vain: which step, since when, who is waited for, how that service is, and what came last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from QMSLibrary.client.events import Seen
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step, StepResult, StepStatus
from QMSLibrary.contract.workflows import Workflow, WorkflowStatus

from .events import line
from .holders import Held, Holder, held
from .steps import told
from .verdict import Verdict, listed
from .workflows import duration_text, stands

if TYPE_CHECKING:
    from QMSLibrary.contract.health import Health

PEOPLE = frozenset({"progress", "approval"})


def awaited_service(workflow: Workflow | None, step: Step) -> Service:
    """The service that has to act next: decision routes and hosts the agents, orchestration does the rest."""
    if workflow is None:
        return Service.ORCHESTRATION
    result = workflow.step_result(step)
    if result.status is StepStatus.IN_PROGRESS and (not result.agents or set(result.waiting_for) - PEOPLE):
        return Service.DECISION
    return Service.ORCHESTRATION


def describe(
    *,
    awaited: str,
    timeout: timedelta,
    workflow_id: str,
    workflow: Workflow | None,
    step: Step | None,
    health: Mapping[Service, Health | str],
    events: Sequence[Seen],
    trouble: str | None = None,
    stream_trouble: str | None = None,
    holders: Sequence[Holder] = (),
) -> str:
    """The whole message. ``health`` was asked after the time-out; a text there says why a service did not answer.

    ``holders`` are the agents that the step which is going on waits for, as they were found then.
    ``trouble`` is the last question about the workflow that failed, ``stream_trouble`` why there is no event stream.
    """
    lines = [f"{awaited} did not come within {duration_text(timeout)}."]
    lines.append(f"Seen: workflow {workflow_id}: {_whole(workflow)}")
    hint, hands = None, Held([], None)
    if workflow is not None:
        current = workflow.step_result(step or workflow.step)
        lines.append(f"  step {current.step}: {_step(current, events)}")
        if step is not None and step is not workflow.step:
            running = workflow.step_result(workflow.step)
            lines.append(f"  it is at step {running.step}: {_step(running, events)}")
        hint = _hint(workflow, step or workflow.step)
        hands = held(holders, workflow.step_result(workflow.step), workflow.run, events, _now(health))
        lines += hands.lines
    if trouble is not None:
        lines.append(f"  asking for it fails: {trouble}")
    if hint is None:  # else it is the test that has to do something
        awaited_of = awaited_service(workflow, workflow.step if workflow else Step.DOR_VALIDATION)
        lines.append(f"Service to blame: {hands.blame or awaited_of}")
    trace = f"; correlation id {workflow.correlation_id}" if workflow is not None else ""
    lines.append(f"Look at: {hint or hands.look_at or 'the log of that service'}{trace}")
    for service, answer in health.items():
        # When asking for the workflow has failed, the reason stands above.
        said = "not answering, either" if isinstance(answer, str) and trouble is not None else _health(answer)
        lines.append(f"The {service} service, asked now: {said}")
    if stream_trouble is not None:
        why = "for the same reason" if stream_trouble == trouble else stream_trouble
        lines.append(f"There was no event stream, so it was polled: {why}")
    last = list(events)[-8:]
    lines.append("Last events:" + ("".join(f"\n  {line(one)}" for one in last) or " none"))
    return "\n".join(lines)


def stopped(workflow: Workflow, wanted: str) -> str:
    """Why it is useless to wait: the workflow has come to an end, or to a gate that failed."""
    result = workflow.step_result(workflow.step)
    failed = workflow.status is WorkflowStatus.FAILED
    verdict = Verdict(
        title=f"Workflow {workflow.id} does not come to {wanted} any more",
        passed=False,
        expected=wanted,
        actual=stands(workflow),
        blame=Service.DECISION if failed else Service.ORCHESTRATION,
        look_at=(told(result) if failed else "the log of orchestration")
        + (f"; `Retry Step    {workflow.step}` or `Override Gate    {workflow.step}` lets it go on" if failed else "")
        + f"; correlation id {workflow.correlation_id}",
    )
    return verdict.message.replace(": not as expected.", ".", 1)


def _whole(workflow: Workflow | None) -> str:
    if workflow is None:
        return "nothing is known of it"
    return (
        f"{workflow.state} ({workflow.status}), {workflow.progress} %, since {workflow.updated_at:%H:%M:%S.%f}, "
        f"run {workflow.run}"
    )


def _step(result: StepResult, events: Sequence[Seen]) -> str:
    text = f"{result.status}, attempt {result.attempt}"
    since: datetime | None = result.completed_at or result.started_at
    if since is not None:
        text += f", since {since:%H:%M:%S.%f}"
    if result.waiting_for:
        people = [one for one in result.waiting_for if one in PEOPLE]
        agents = [one for one in result.waiting_for if one not in PEOPLE]
        if agents:
            text += f", waiting for the agents {listed(agents)} (decision service)"
        if people:
            text += f", waiting for a person: {listed(people)}"
    elif result.status is StepStatus.IN_PROGRESS and not result.agents:
        text += ", waiting for the decision service to route it"
    if result.failure_reasons:
        text += f", failed: {listed(result.failure_reasons)}"
    return text


def _hint(workflow: Workflow, step: Step) -> str | None:
    """What the tester may have forgotten."""
    result = workflow.step_result(workflow.step)
    if result.waiting_for == ["progress"]:
        return "the test itself: it was triggered step by step, and `Progress Workflow` lets it through the gate"
    if result.waiting_for == ["approval"]:
        return "the test itself: it waits for a person's approval, and `Approve Workflow` gives it"
    if workflow.status is WorkflowStatus.FAILED and step.number >= workflow.step.number:
        return (
            f"the gate of {workflow.step}: it failed, and nothing comes after it until `Retry Step` or `Override Gate`"
        )
    if workflow.status is WorkflowStatus.QUEUED:
        return "the load: it is queued, because all slots for concurrent workflows are taken"
    return None


def _now(health: Mapping[Service, Health | str]) -> datetime | None:
    """The time by orchestration's clock, which may have been moved; None when it did not answer."""
    answer = health.get(Service.ORCHESTRATION)
    return None if answer is None or isinstance(answer, str) else answer.time


def _health(answer: Health | str) -> str:
    if isinstance(answer, str):
        return f"not answering ({answer})"
    bad = [
        f"{one.name} {one.status}{f' ({one.detail})' if one.detail else ''}"
        for one in answer.dependencies
        if one.status != "healthy"
    ]
    return answer.status + (f": {listed(bad)}" if bad else "")
