"""Verdicts about whole workflows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow, WorkflowStatus

from .steps import describe
from .verdict import Verdict, listed, worst


def duration_text(duration: timedelta) -> str:
    """A duration for people: ``1 h 5 min``, ``3.2 s``, ``12 ms``."""
    seconds = duration.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value)


def stands(workflow: Workflow) -> str:
    """Where a workflow is, and why: ``DOR_FAILED; dor_validation is failed (attempt 1), reasons: missing_tests``."""
    return f"{workflow.state}; {workflow.step} is {describe(workflow.step_result(workflow.step))}"


def meets(
    workflow: Workflow,
    *,
    max_duration: timedelta | None,
    min_quality_score: float | None,
    min_satisfaction: float | None,
    compliance: bool | None,
) -> Verdict:
    """The completed workflow keeps its limits; None leaves one out."""
    title = f"The result of workflow {workflow.id}"
    result = workflow.result
    if workflow.status is not WorkflowStatus.COMPLETED:
        return Verdict(
            title=title,
            passed=False,
            expected="a completed workflow",
            actual=f"{workflow.state} at {workflow.step}, {workflow.progress} %",
            blame=Service.ORCHESTRATION,
            look_at=f"the step {workflow.step}: {workflow.step_result(workflow.step).status}; "
            "Wait For Workflow comes before this keyword",
        )
    verdicts = []
    if max_duration is not None:
        verdicts.append(
            Verdict(
                title=title,
                passed=result.total_duration <= max_duration,
                expected=f"a duration of at most {duration_text(max_duration)}",
                actual=f"duration {duration_text(result.total_duration)}",
                blame=Service.ORCHESTRATION,
                look_at="the steps' durations: "
                + listed(f"{one.step} {duration_text(one.duration)}" for one in workflow.steps if one.duration),
            )
        )
    if min_quality_score is not None:
        verdicts.append(_at_least(title, "quality score", result.quality_score, min_quality_score, Service.DECISION,
                                  "the measures of final_review: " + _measures(workflow)))  # fmt: skip
    if min_satisfaction is not None:
        verdicts.append(_satisfied(title, result.stakeholder_satisfaction, min_satisfaction))
    if compliance is not None:
        overridden = [f"{one.step} by {one.actor}" for one in workflow.overrides]
        verdicts.append(
            Verdict(
                title=title,
                passed=result.compliance_adhered is compliance,
                expected=f"compliance_adhered {compliance}",
                actual=f"compliance_adhered {result.compliance_adhered} (score {result.compliance_score})",
                blame=Service.ORCHESTRATION,
                look_at=f"overrides: {listed(overridden, 'none')}; requested by {workflow.requested_by}, author "
                f"{workflow.pull_request.author}",
            )
        )
    verdict = worst(verdicts)
    if not verdict.passed:
        return verdict
    return Verdict(title=title, passed=True, expected=listed(one.expected for one in verdicts),
                   actual=listed(one.actual for one in verdicts))  # fmt: skip


def completion_rate(workflows: Sequence[Workflow], at_least: float) -> Verdict:
    """At least this share (0..1) of the workflows is completed. Raises ValueError for no workflows."""
    if not workflows:
        raise ValueError("There are no workflows to judge. `Wait For Workflows` returns some.")
    completed = [one for one in workflows if one.status is WorkflowStatus.COMPLETED]
    others = [one for one in workflows if one.status is not WorkflowStatus.COMPLETED]
    rate = len(completed) / len(workflows)
    states: dict[str, int] = {}
    for one in others:
        states[one.state] = states.get(one.state, 0) + 1
    first = "; ".join(f"{one.id} is {stands(one)}" for one in others[:3])
    gates = all(one.status is WorkflowStatus.FAILED for one in others)
    return Verdict(
        title=f"The completion rate of {len(workflows)} workflow{'s' if len(workflows) > 1 else ''}",
        passed=rate >= at_least,
        expected=f"at least {at_least:.1%}",
        actual=f"{rate:.1%} ({len(completed)} completed"
        + "".join(f", {count} {state}" for state, count in states.items())
        + ")",
        blame=None if rate >= at_least else Service.DECISION if gates else Service.ORCHESTRATION,
        look_at="" if rate >= at_least else f"the first that did not complete: {first}",
    )


def _at_least(title: str, name: str, value: float | None, least: float, blame: Service, look_at: str) -> Verdict:
    return Verdict(
        title=title,
        passed=value is not None and value >= least,
        expected=f"a {name} of at least {least:g}",
        actual=f"{name} {'not known' if value is None else f'{value:g}'}",
        blame=blame,
        look_at=look_at,
    )


def _satisfied(title: str, value: float | None, least: float) -> Verdict:
    """Nobody's fault when nobody was asked: only a person can give feedback."""
    if value is not None:
        return _at_least(title, "stakeholder satisfaction", value, least, Service.ORCHESTRATION,
                         "the feedback that was given (Give Feedback)")  # fmt: skip
    return Verdict(
        title=title,
        passed=False,
        expected=f"a stakeholder satisfaction of at least {least:g}",
        actual="nobody has given feedback yet",
        look_at="the test itself: `Give Feedback    4.5` gives some, before this keyword",
    )


def _measures(workflow: Workflow) -> str:
    measures = workflow.steps[-1].measures
    return listed((f"{name} {value:g}" for name, value in measures.items()), "none")
