"""Chapter verdicts: what a workflow and its steps came to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from robot.api.deco import keyword

from QMSLibrary.checks import asked, steps, workflows
from QMSLibrary.checks.steps import ExpectedFinding
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.steps import STEP_CHECKS, Step
from QMSLibrary.contract.workflows import Workflow, WorkflowState
from QMSLibrary.formats.counts import counted

from .assertions import Operator
from .chapter import Chapter
from .errors import KeywordError
from .types import Share

W = Workflow | str | None


class Verdicts(Chapter):
    """Keywords that look at workflows and judge them."""

    @keyword
    def get_workflow(
        self,
        field: str | None = None,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        workflow: W = None,
    ) -> Any:
        """Returns a workflow as it is now, or one field of it, and can check the value.

        Fields are written with dots: ``result.quality_score``, ``pull_request.author``. The current workflow unless
        ``workflow`` is given.

        Example:
        | Get Workflow    state    ==    COMPLETED
        | Get Workflow    result.quality_score    >=    85
        | ${workflow} =    Get Workflow

        """
        found = self.fetch(workflow)
        return self.got(
            found,
            field,
            assertion_operator,
            assertion_expected,
            message,
            lambda name: asked.of_workflow(found, name),
            f"workflow {found.id}",
        )

    @keyword
    def get_step(
        self,
        step: Step,
        field: str | None = None,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        workflow: W = None,
    ) -> Any:
        """Returns a step's result as it is now, or one field of it, and can check the value.

        Example:
        | Get Step    dor_validation    status    ==    passed
        | Get Step    dod_validation    measures.coverage    >=    80
        | ${step} =    Get Step    progress_reviews

        """
        found = self.fetch(workflow)
        result = found.step_result(step)
        return self.got(
            result,
            field,
            assertion_operator,
            assertion_expected,
            message,
            lambda name: asked.of_step(found, step, name, self._told(found)),
            f"{step} of workflow {found.id}",
        )

    @keyword
    def get_workflows(
        self,
        *,
        repository: str | None = None,
        state: WorkflowState | None = None,
        pull_request: str | None = None,
        as_role: Role = Role.DEVELOPER,
    ) -> list[Workflow]:
        """Returns the workflows of a repository, in a state, or of the pull request with an id; the newest first.

        Example:
        | ${workflows} =    Get Workflows    repository=${pr.repository}
        | ${completed} =    Get Workflows    state=COMPLETED

        """
        found = self.qms.orchestration.workflows(
            repository=repository, state=state, pull_request=pull_request, role=as_role
        )
        self.say(f"{counted(len(found), 'workflow')}.", "\n".join(f"{one.id} {one.state}" for one in found))
        return found

    @keyword
    def step_should_have_passed(self, step: Step, *checks: str, workflow: W = None) -> None:
        """Fails unless the step has passed, and each of these checks of it is true; all of its checks without any.

        Example:
        | Step Should Have Passed    dor_validation
        | Step Should Have Passed    dor_validation    requirements_covered    tests_covered

        """
        unknown = [name for name in checks if name not in STEP_CHECKS[step]]
        if unknown:
            raise KeywordError(
                f"The step {step} has no check {', '.join(unknown)}. It has: {', '.join(STEP_CHECKS[step])}."
            )
        self.require(steps.passed(self.fetch(workflow), step, checks))

    @keyword
    def step_should_have_failed(self, step: Step, *reasons: str, workflow: W = None) -> None:
        """Fails unless the step has failed, with all of these among its reasons.

        Example:
        | Step Should Have Failed    dor_validation    missing_tests    missing_documentation

        """
        found = self.fetch(workflow)
        self.require(steps.failed(found, step, reasons, self._told(found)))

    @keyword
    def security_scan_should_have_found(self, *findings: ExpectedFinding, workflow: W = None) -> None:
        """Fails unless the security findings are of exactly these types and severities; without any, none at all.

        The same weakness in several places counts once. The scan must have been done, which is a part of
        progress_reviews: of code that was not scanned nothing is known.

        Example:
        | Wait For Step    progress_reviews
        | Security Scan Should Have Found    sql_injection:high    xss:medium

        """
        found = self.fetch(workflow)
        self.require(steps.found_exactly(found, findings, self._told(found)))

    @keyword
    def workflow_should_meet(
        self,
        *,
        max_duration: timedelta | None = None,
        min_quality_score: float | None = None,
        min_satisfaction: float | None = None,
        compliance: bool | None = None,
        workflow: W = None,
    ) -> None:
        """Fails unless the workflow is completed and its result keeps its limits: those that are named here and no
        other; without any, all four targets of the environment.

        | =Limit= | =Target, unless the environment has its own= |
        | max_duration | 4 hours |
        | min_quality_score | 85 of 100 |
        | min_satisfaction | 4.0 of 5.0, the mean of the feedback; `Give Feedback` gives some |
        | compliance | True: every gate passed without an override |

        Example:
        | Workflow Should Meet    max_duration=4 hours    min_quality_score=85
        | Give Feedback    4.5
        | Workflow Should Meet

        """
        found = self.fetch(workflow)
        if max_duration is None and min_quality_score is None and min_satisfaction is None and compliance is None:
            targets = self.session.attached.environment.targets
            max_duration, min_quality_score = targets.workflow_duration, targets.quality_score
            min_satisfaction, compliance = targets.stakeholder_satisfaction, True
        self.require(
            workflows.meets(
                found,
                max_duration=max_duration,
                min_quality_score=min_quality_score,
                min_satisfaction=min_satisfaction,
                compliance=compliance,
            )
        )

    @keyword
    def completion_rate_should_be(self, workflows_to_judge: list[Workflow], *, at_least: Share | None = None) -> float:
        """Fails unless at least this share of the workflows is completed. Returns the share, 0 to 1.

        The workflows are judged as they are given: `Wait For Workflows` returns them. 95 % unless the environment's
        targets say otherwise.

        Example:
        | ${workflows} =    Wait For Workflows    ${workflows}
        | Completion Rate Should Be    ${workflows}    at_least=95 %

        """
        least = self.session.attached.environment.targets.completion_rate if at_least is None else at_least
        self.require(workflows.completion_rate(workflows_to_judge, least))
        return sum(one.status == "completed" for one in workflows_to_judge) / len(workflows_to_judge)

    def _told(self, workflow: Workflow) -> list[Event]:
        """What the services have told of a workflow, as far as anybody listens to them."""
        return [one.event for one in self.qms.events.events(workflow.id)]
