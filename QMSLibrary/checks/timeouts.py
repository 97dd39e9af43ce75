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
from .verdict import listed
from .workflows import duration_text

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
) -> str:
    """The whole message. ``health`` was asked after the time-out; a text there says why a service did not answer.

    ``trouble`` is the last question about the workflow that failed, ``stream_trouble`` why there is no event stream.
    """
    lines = [f"{awaited} did not come within {duration_text(timeout)}."]
    lines.append(f"Workflow {workflow_id}: {_whole(workflow)}")
    if workflow is not None:
        current = workflow.step_result(step or workflow.step)
        lines.append(f"Step {current.step}: {_step(current, events)}")
        if step is not None and step is not workflow.step:
            running = workflow.step_result(workflow.step)
            lines.append(f"It is at step {running.step}: {_step(running, events)}")
        hint = _hint(workflow, step or workflow.step)
        if hint:
            lines.append(hint)
    if trouble is not None:
        lines.append(f"Asking for it fails: {trouble}")
    for service, answer in health.items():
        lines.append(f"The {service} service, asked now: {_health(answer)}")
    if stream_trouble is not None:
        lines.append(f"There was no event stream, so it was polled: {stream_trouble}")
    last = list(events)[-8:]
    lines.append("Last events:" + ("".join(f"\n  {line(one)}" for one in last) or " none"))
    return "\n".join(lines)


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
        return "It was triggered step by step: Progress Workflow lets it through the gate."
    if result.waiting_for == ["approval"]:
        return "It waits for a person's approval: Approve Workflow gives it."
    if workflow.status is WorkflowStatus.FAILED and step.number >= workflow.step.number:
        return f"The gate of {workflow.step} failed, so nothing comes after it until Retry Step or Override Gate."
    if workflow.status is WorkflowStatus.QUEUED:
        return "It is queued: all slots for concurrent workflows are taken."
    return None


def _health(answer: Health | str) -> str:
    if isinstance(answer, str):
        return f"not answering ({answer})"
    bad = [
        f"{one.name} {one.status}{f' ({one.detail})' if one.detail else ''}"
        for one in answer.dependencies
        if one.status != "healthy"
    ]
    return answer.status + (f": {listed(bad)}" if bad else "")
