"""What a getter was asked for: its name, who answers for it, and where to look when it is not as expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from QMSLibrary.contract.events import Event
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step, StepStatus
from QMSLibrary.contract.workflows import ComponentState, Workflow
from QMSLibrary.history.entries import Act, Outcome
from QMSLibrary.history.statistics import NOT_COUNTED

from .answers import where
from .steps import UNDECIDED, describe, lost, told
from .timeouts import awaited_service

_JUDGED = frozenset({"checks", "failure_reasons", "findings", "measures"})
"""What of a step is there when its agents have answered."""
_UNDECIDED = frozenset({StepStatus.PENDING, StepStatus.IN_PROGRESS, StepStatus.WAITING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One value that a tester asked for."""

    what: str
    """``state of workflow wf-1``."""
    blame: Service | None
    """Who answers for it; None for what no service does."""
    look_at: str
    not_yet: str = ""
    """Why there is nothing yet that could be judged, in words; empty when there is."""


def of_workflow(workflow: Workflow, field: str) -> Asked:
    """A field of a workflow: orchestration keeps it, but what its agents found is decision's."""
    parts = field.split(".")
    if parts[0] == "steps" and len(parts) > 1 and parts[1] in [str(number) for number in range(len(workflow.steps))]:
        return of_step(workflow, workflow.steps[int(parts[1])].step, ".".join(parts[2:]) or "result")
    where = f"the step {workflow.step}: {describe(workflow.step_result(workflow.step))}"
    return Asked(
        what=f"{field} of workflow {workflow.id}",
        blame=Service.DECISION if parts[-1] == "quality_score" else Service.ORCHESTRATION,
        look_at=f"{where}; {_trace(workflow.correlation_id)}",
    )


def of_step(workflow: Workflow, step: Step, field: str, answers: Iterable[Event] = ()) -> Asked:
    """A field of a step: decision's agents judge it; until they have, whoever has to act next.

    ``answers`` are the workflow's events as far as they are known: what the agents reported and the step does not show
    is orchestration's.
    """
    result = workflow.step_result(step)
    undecided = result.status in _UNDECIDED
    if field.partition(".")[0] in _JUDGED and (gone := lost(workflow, step, answers)):
        return Asked(
            what=f"{field} of {step} of workflow {workflow.id}",
            blame=Service.ORCHESTRATION,
            look_at=where(gone, workflow),
        )
    next_ = f"whether `Wait For Step    {step}` comes before this keyword; it is {describe(result)}"
    return Asked(
        what=f"{field} of {step} of workflow {workflow.id}",
        blame=awaited_service(workflow, step) if undecided else Service.DECISION,
        look_at=f"{next_ if undecided else told(result)}; {_trace(workflow.correlation_id)}",
        not_yet=f"the step is {result.status}, and its agents have not judged it yet"
        if result.status in UNDECIDED and field.partition(".")[0] in _JUDGED
        else "",
    )


def of_component(state: ComponentState, service: Service, field: str) -> Asked:
    """A field of a service's own copy: that service's."""
    return Asked(
        what=f"{field} of workflow {state.workflow_id} in {service}",
        blame=service,
        look_at=f"whether it got the other services' events (`Get Dead Letters    {service}`, its health, its log); "
        f"its copy is of revision {state.revision}; {_trace(state.correlation_id)}",
    )


def of_times(acts: Sequence[Act], statistic: str, what: str) -> Asked:
    """A figure over requests: of the service that failed first, or else was the slowest."""
    counted = [one for one in acts if one.action not in NOT_COUNTED]
    failed = [one for one in counted if one.outcome is Outcome.FAILED]
    if statistic == "count" or not counted:
        return Asked(what=what, blame=None, look_at="the requests in the log: every keyword above shows its own")
    worst = failed[0] if statistic == "error_rate" and failed else max(counted, key=lambda one: one.duration_ms)
    told_ = "the first that failed" if worst in failed and statistic == "error_rate" else "the slowest request"
    detail = f" ({worst.detail})" if worst.outcome is Outcome.FAILED and worst.detail else ""
    return Asked(
        what=what,
        blame=Service(worst.service),
        look_at=f"{told_}: {worst.action} took {worst.duration_ms:.1f} ms{detail}; {_trace(worst.correlation_id)}",
    )


def _trace(correlation_id: str | None) -> str:
    return f"correlation id {correlation_id}" if correlation_id else "there is no correlation id"
