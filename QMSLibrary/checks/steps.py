"""Verdicts about one step of a workflow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from QMSLibrary.contract.events import Event
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_CHECKS, Finding, Severity, Step, StepResult, StepStatus
from QMSLibrary.contract.workflows import Workflow, WorkflowStatus
from QMSLibrary.formats.names import did_you_mean

from . import answers as agents_answers
from .verdict import Verdict, listed

NOT_SECURITY = frozenset(
    # Findings about form, tests, documentation and speed: every other type is a weakness. Kept as a list of what is
    # not, so that a new weakness of a newer QMS is never overlooked.
    {
        "title_format", "description_too_short", "branch_name", "missing_tests", "missing_documentation",
        "approval_missing", "syntax_error", "too_complex", "debug_leftover", "merge_conflict", "n_plus_one",
        "quadratic_loop", "unreadable_file", "disabled_test", "test_without_assertion", "coverage_below_threshold",
        "undocumented_function", "broken_manifest", "quality_below_threshold", "duties_not_separated",
    }
)  # fmt: skip
SHOWN = 3
"""Findings that a message names; the rest is counted."""
SECURITY_AGENT = "qms-security-scanner"
SCANNING_STEP = Step.PROGRESS_REVIEWS
SCAN_CHECK = "security_scan_passed"
"""The check with which the scanner says that it has looked."""
UNDECIDED = frozenset({StepStatus.PENDING, StepStatus.IN_PROGRESS})
"""The agents have not all answered: what is not there yet may still come."""


class ExpectedFinding(NamedTuple):
    """A finding as a tester writes it: ``sql_injection:high``; without a severity any will do."""

    type: str
    severity: Severity | None = None

    def __str__(self) -> str:
        return self.type if self.severity is None else f"{self.type}:{self.severity}"


def describe(step: StepResult) -> str:
    """Where a step stands, in one sentence."""
    parts = [f"{step.status} (attempt {step.attempt})"]
    if step.failure_reasons:
        parts.append(f"reasons: {listed(step.failure_reasons)}")
    failed = [name for name, passed in step.checks.items() if not passed]
    if failed:
        parts.append(f"failed checks: {listed(failed)}")
    if step.waiting_for:
        parts.append(f"waiting for {listed(step.waiting_for)}")
    return ", ".join(parts)


def told(step: StepResult) -> str:
    """The findings of a step, for the place to look at next."""
    if not step.findings:
        return f"the answers of {listed(step.agents, 'its agents')}; the step has no findings"
    first = "; ".join(f"{one.type} ({one.severity}) {_place(one)} by {one.agent_id}" for one in step.findings[:SHOWN])
    more = len(step.findings) - SHOWN
    return f"its findings: {first}{f' and {more} more' if more > 0 else ''}"


def passed(workflow: Workflow, step: Step, checks: Sequence[str] = ()) -> Verdict:
    """The step passed on its own merits, and each of ``checks`` (all of the step's when none is named) is true.

    Raises ValueError for a check that the step does not have.
    """
    _known_checks(step, checks)
    result = workflow.step_result(step)
    wanted = tuple(checks) or STEP_CHECKS[step]
    missing = [name for name in wanted if name not in result.checks]
    false = [name for name in wanted if result.checks.get(name) is False]
    good = result.status is StepStatus.PASSED and not missing and not false
    if good:
        actual = f"passed with {listed(wanted)}"
    else:
        actual = describe(result) + (f", without an answer to {listed(missing)}" if missing else "")
    undecided = result.status in (StepStatus.PENDING, StepStatus.IN_PROGRESS, StepStatus.WAITING)
    return Verdict(
        title=f"The step {step} of workflow {workflow.id}",
        passed=good,
        expected=f"passed with {listed(wanted)}",
        actual=actual,
        blame=None if good else Service.ORCHESTRATION if undecided else Service.DECISION,
        look_at="" if good else ("Wait For Step comes before this keyword" if undecided else told(result)),
    )


def failed(workflow: Workflow, step: Step, reasons: Sequence[str] = (), answers: Iterable[Event] = ()) -> Verdict:
    """The step failed, with all of ``reasons`` among its failure reasons.

    ``answers`` are the workflow's events as far as they are known: they may tell who lost what is missing.
    """
    result = workflow.step_result(step)
    missing = [reason for reason in reasons if reason not in result.failure_reasons]
    good = result.status is StepStatus.FAILED and not missing
    # A reason that nobody gives is likelier a slip of the pen than a fault of the QMS.
    known = {*result.failure_reasons, *NOT_SECURITY}
    hints = "".join(did_you_mean(reason, known) for reason in missing if reason not in known)
    gone = "" if good else agents_answers.lost(workflow, step, answers, weaknesses=_weaknesses(result))
    look_at = agents_answers.where(gone, workflow) if gone else f"{told(result)}{hints and '.'}{hints}"
    return Verdict(
        title=f"The step {step} of workflow {workflow.id}",
        passed=good,
        expected="failed" + (f" with the reasons {listed(reasons)}" if reasons else ""),
        actual=describe(result) + (f"; without {listed(missing)}" if missing else ""),
        blame=None if good else Service.ORCHESTRATION if gone else Service.DECISION,
        look_at="" if good else look_at,
    )


def security_findings(workflow: Workflow) -> list[Finding]:
    """Every weakness that was found, in whichever step, each place once."""
    places: dict[tuple[str, str | None, int | None], Finding] = {}
    for one in filter(_is_weakness, workflow.findings()):
        places.setdefault((one.type, one.path, one.line), one)
    return list(places.values())


def lost(workflow: Workflow, step: Step, answers: Iterable[Event] = (), types: Sequence[str] = ()) -> str:
    """What the agents of a step reported and the step does not show, in words; empty when all of it is there."""
    weaknesses = _weaknesses(workflow.step_result(step))
    return agents_answers.lost(workflow, step, answers, types=types, weaknesses=weaknesses)


def found_exactly(workflow: Workflow, expected: Sequence[ExpectedFinding], answers: Iterable[Event] = ()) -> Verdict:
    """The security findings are of exactly the expected types and severities; several places of one count once.

    A review whose code was not scanned has no findings either, so the scan must have been done. ``answers`` are the
    workflow's events as far as they are known: they may tell who lost what is missing.
    """
    actual = security_findings(workflow)
    gone = lost(workflow, SCANNING_STEP, answers, [one.type for one in expected])
    missing = [
        one
        for one in expected
        if not any(one.type == seen.type and one.severity in (None, seen.severity) for seen in actual)
    ]
    # Of code that was not scanned nothing is known, unless an answer that was lost says that it was.
    if (unscanned := _not_scanned(workflow, expected, actual)) is not None and not (gone and missing):
        return unscanned
    extra = [
        seen
        for seen in actual
        if not any(one.type == seen.type and one.severity in (None, seen.severity) for one in expected)
    ]
    names = sorted({f"{seen.type}:{seen.severity}" for seen in actual})
    faults = [f"not found: {listed(missing)}"] if missing else []
    if extra:
        places = listed(sorted({f"{seen.type}:{seen.severity} in {seen.path}:{seen.line}" for seen in extra}))
        faults.append(f"found beside: {places}")
    good = not faults
    blame, look_at = Service.DECISION, f"the answer of {SECURITY_AGENT} in progress_reviews, and the files it was given"
    if gone and missing:
        blame, look_at = Service.ORCHESTRATION, agents_answers.where(gone, workflow)
    return Verdict(
        title=f"The security findings of workflow {workflow.id}",
        passed=good,
        expected=f"exactly {listed(expected)}",
        actual=listed(names) + (f" ({'; '.join(faults)})" if faults else ""),
        blame=None if good else blame,
        look_at="" if good else look_at,
    )


def _is_weakness(one: Finding) -> bool:
    return (one.agent_id.startswith(SECURITY_AGENT) or one.cwe is not None) and one.type not in NOT_SECURITY


def _weaknesses(result: StepResult) -> int:
    return sum(map(_is_weakness, result.findings))


def _not_scanned(workflow: Workflow, expected: Sequence[ExpectedFinding], found: Sequence[Finding]) -> Verdict | None:
    """Why the findings, or that there are none, say nothing; None when the scanner has looked at the code."""
    result = workflow.step_result(SCANNING_STEP)
    undecided = result.status in UNDECIDED
    # An agent that did not answer, or could not work, leaves the check false without a finding that explains it.
    if not undecided and SCAN_CHECK in result.checks and (result.checks[SCAN_CHECK] or found):
        return None
    so_far = f"; found so far: {listed(sorted({f'{one.type}:{one.severity}' for one in found}))}" if found else ""
    return Verdict(
        title=f"The security findings of workflow {workflow.id}",
        passed=False,
        expected=f"exactly {listed(expected)}, after {SCANNING_STEP} has scanned the code",
        actual=f"the code was not scanned: {SCANNING_STEP} is {describe(result)}; the workflow is {workflow.state} at "
        f"{workflow.step}{so_far}",
        blame=None if undecided else Service.DECISION,
        look_at=_why_not_scanned(workflow, result),
    )


def _why_not_scanned(workflow: Workflow, result: StepResult) -> str:
    wait, at = f"`Wait For Step    {SCANNING_STEP}`", workflow.step_result(workflow.step)
    if result.status is StepStatus.OVERRIDDEN:
        return f"who let {SCANNING_STEP} through without {SECURITY_AGENT}: `Get Audit Records`"
    if result.status not in UNDECIDED:
        return f"why {SECURITY_AGENT} could not look at the code: {told(result)}"
    if workflow.status in (WorkflowStatus.FAILED, WorkflowStatus.ERROR):
        return (
            f"{workflow.step}, which is {describe(at)}: nothing is scanned until it goes on "
            f"(`Retry Step    {workflow.step}`, `Override Gate    {workflow.step}`); then {wait}"
        )
    if "progress" in at.waiting_for:
        return f"the test itself: it waits for `Progress Workflow`; after that, {wait}"
    return f"the test itself: {wait} comes before this keyword"


def _place(finding: Finding) -> str:
    return (finding.path or "the pull request") + (f":{finding.line}" if finding.line else "")


def _known_checks(step: Step, checks: Sequence[str]) -> None:
    unknown = [name for name in checks if name not in STEP_CHECKS[step]]
    if unknown:
        raise ValueError(f"The step {step} has no check {listed(unknown)}. It has: {listed(STEP_CHECKS[step])}.")
