"""What the agents answered, and what orchestration shows of it: whether something was lost on the way.

An answer leaves traces in several places: its reasons, its measures, and the word of whoever saw it that the agent's
part had passed or failed. Orchestration puts the answers together; where one trace is there and another is not, it is
orchestration that has lost it, and not the agents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.steps import Step, StepResult, StepStatus
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.formats.counts import counted

_COUNTED: Final = "vulnerabilities"
"""The measure with which a scanner says how many findings it has."""


def lost(
    workflow: Workflow,
    step: Step,
    answers: Iterable[Event] = (),
    *,
    types: Sequence[str] = (),
    weaknesses: int | None = None,
) -> str:
    """What the agents of a decided step answered and the step does not show, in words; empty when all is there.

    ``answers`` are events of the workflow, of which those count that say how an agent's part ended; ``types`` are
    findings that must be there when the agents gave them as a reason; ``weaknesses`` is how many findings about
    security the step shows, None when that does not matter.
    """
    result = workflow.step_result(step)
    faults = []
    shown = {one.type for one in result.findings}
    if named := [one for one in types if one in result.failure_reasons and one not in shown]:
        faults.append(f"the agents gave {', '.join(named)} as a reason, and the step shows no finding of it")
    said = int(result.measures.get(_COUNTED, 0))
    if weaknesses is not None and said > weaknesses:
        faults.append(f"the scanner counted {counted(said, 'weakness', 'weaknesses')}, and the step shows {weaknesses}")
    failed = [
        str(one.payload["agent_id"])
        for one in answers
        if one.type == EventType.TASK_COMPLETED and _of(one) == (step, workflow.run, result.attempt)
        if one.payload.get("passed") is False and one.payload.get("agent_id") in result.agents
    ]
    if failed and _all_passed(result):
        them = ", ".join(dict.fromkeys(failed))
        faults.append(f"{them} answered that the change had failed, and the step shows that all of its checks passed")
    return "; ".join(faults)


def where(lost: str, workflow: Workflow) -> str:
    """The place to look at when something was lost."""
    return (
        f"what orchestration did with the agents' answers: {lost}. Its log, and `Get Audit Records`; correlation id "
        f"{workflow.correlation_id}"
    )


def _all_passed(result: StepResult) -> bool:
    decided = result.status in (StepStatus.PASSED, StepStatus.WAITING)
    return decided and all(passed for check, passed in result.checks.items() if check != "merge_approved")


def _of(event: Event) -> tuple[object, object, object]:
    return event.payload.get("step"), event.payload.get("run"), event.payload.get("attempt")
