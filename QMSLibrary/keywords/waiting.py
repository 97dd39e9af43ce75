"""Chapter waiting: until a step or a workflow has come to something."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final

from robot.api import logger
from robot.api.deco import keyword

from QMSLibrary.checks import timeouts
from QMSLibrary.checks.holders import Holder
from QMSLibrary.client import agent_health
from QMSLibrary.client.errors import QMSError
from QMSLibrary.client.waiting import WaitFor, is_verdict, reaches
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step, StepResult, StepStatus
from QMSLibrary.contract.workflows import Workflow, WorkflowState, WorkflowStatus
from QMSLibrary.formats.counts import counted

from .chapter import Chapter
from .errors import CheckFailed, KeywordError

if TYPE_CHECKING:
    from QMSLibrary.contract.health import Health

DECIDED: Final = frozenset({StepStatus.PASSED, StepStatus.FAILED, StepStatus.OVERRIDDEN, StepStatus.WAITING})
STOPPED: Final = frozenset({WorkflowStatus.COMPLETED, WorkflowStatus.FAILED, WorkflowStatus.ERROR})
_STOPPED_STATES: Final = (
    WorkflowState.COMPLETED,
    WorkflowState.ERROR,
    WorkflowState.DOR_FAILED,
    WorkflowState.PROGRESS_BLOCKED,
    WorkflowState.DOD_FAILED,
    WorkflowState.FINAL_REJECTED,
)
W = Workflow | str | None


class Waiting(Chapter):
    """Keywords that wait. They are woken by the QMS's events and do not ask in between."""

    @keyword
    def wait_for_step(
        self, step: Step, *, workflow: W = None, timeout: timedelta = timedelta(seconds=30)
    ) -> StepResult:
        """Waits until a step has passed, failed, was overridden, or waits for a person. Returns the step's result.

        Fails at once when an earlier gate has failed, because then the step cannot come; after ``timeout`` it says
        which step it is, since when, who is waited for, and how that service is.

        Example:
        | Wait For Step    dor_validation
        | ${step} =    Wait For Step    progress_reviews    timeout=1 minute
        | Log    ${step.checks}

        """

        def decided(one: Workflow) -> bool:
            if one.step_result(step).status in DECIDED:
                return True
            return one.status in STOPPED

        found = self._wait(self.session.workflow_id(workflow), decided, timeout, is_verdict, f"The step {step}", step)
        result = found.step_result(step)
        if result.status not in DECIDED:
            raise CheckFailed(self._stopped(found, f"the step {step}"))
        self.say(f"{found.id}: the step {step} is {result.status}.", result)
        return result

    @keyword
    def wait_for_workflow(
        self,
        *,
        workflow: W = None,
        state: WorkflowState | None = None,
        timeout: timedelta = timedelta(seconds=60),
    ) -> Workflow:
        """Waits until a workflow is completed, has a failed gate or an error; or is in ``state``. Returns the workflow.

        With a ``state`` it fails at once when the workflow has stopped in another one.

        Example:
        | Wait For Workflow    state=COMPLETED
        | ${workflow} =    Wait For Workflow    timeout=2 minutes

        """
        found = self._until(self.session.workflow_id(workflow), state, timeout)
        self.say(f"{found.id} is {found.state} at {found.step}, {found.progress} %.", found)
        return found

    @keyword
    def wait_for_workflows(
        self, workflows: list[Workflow], *, timeout: timedelta = timedelta(seconds=120)
    ) -> list[Workflow]:
        """Waits until each workflow is completed, has a failed gate or an error. Returns them as they are then.

        ``timeout`` is for all of them together. An empty list is refused: there is nothing to wait for, and nothing
        would be shown by it.

        Example:
        | ${workflows} =    Trigger Workflows    ${prs}
        | ${workflows} =    Wait For Workflows    ${workflows}    timeout=2 minutes
        | Completion Rate Should Be    ${workflows}    at_least=95 %

        """
        if not workflows:
            raise KeywordError("There are no workflows to wait for. Give those that `Trigger Workflows` returns.")
        deadline = monotonic() + timeout.total_seconds()
        found = [
            self._until(self.session.workflow_id(one), None, timedelta(seconds=max(deadline - monotonic(), 0)))
            for one in workflows
        ]
        states: dict[str, int] = {}
        for one in found:
            states[one.state] = states.get(one.state, 0) + 1
        self.say(
            f"{counted(len(found), 'workflow')}: " + ", ".join(f"{count} {state}" for state, count in states.items())
        )
        return found

    def _until(self, workflow_id: str, state: WorkflowState | None, timeout: timedelta) -> Workflow:
        def reached(one: Workflow) -> bool:
            return one.status in STOPPED or one.state is state

        wanted = _STOPPED_STATES if state is None else (*_STOPPED_STATES, state)
        awaited = "The end of the review" if state is None else f"The state {state}"
        found = self._wait(workflow_id, reached, timeout, reaches(*wanted), awaited, None)
        if state is not None and found.state is not state:
            raise CheckFailed(self._stopped(found, f"the state {state}"))
        return found

    def _wait(
        self,
        workflow_id: str,
        satisfied: Callable[[Workflow], bool],
        timeout: timedelta,
        relevant: Callable[[Event], bool],
        awaited: str,
        step: Step | None,
    ) -> Workflow:
        qms = self.qms
        wait = WaitFor(qms, workflow_id)
        came = wait.run(satisfied, timeout.total_seconds(), relevant)
        trouble = qms.events.trouble(Service.ORCHESTRATION)
        if wait.polls:
            self.say(
                f"Polled {counted(wait.polls, 'time')}, because there is no event stream: {trouble or 'it is up again'}"
            )
        if wait.untold:
            logger.warn(
                f"{awaited} of {workflow_id} came, but no event has said so. It was seen by asking when the time was "
                "up. Look at the orchestration service's event stream."
            )
        if came and wait.latest is not None:
            return wait.latest
        current = step or (wait.latest.step if wait.latest else Step.DOR_VALIDATION)
        asked = dict.fromkeys((timeouts.awaited_service(wait.latest, current), Service.ORCHESTRATION))
        raise CheckFailed(
            timeouts.describe(
                awaited=awaited,
                timeout=timeout,
                workflow_id=workflow_id,
                workflow=wait.latest,
                step=step,
                health={service: self._health(service) for service in asked},
                events=qms.events.events(workflow_id),
                trouble=str(wait.trouble) if wait.trouble else None,
                stream_trouble=trouble if wait.polls else None,
                holders=self._holders(wait.latest) if wait.latest is not None and wait.trouble is None else (),
            )
        )

    def _holders(self, workflow: Workflow) -> list[Holder]:
        """The agents that the step which is going on waits for, as they are now."""
        result = workflow.step_result(workflow.step)
        awaited = [one for one in result.waiting_for if one not in timeouts.PEOPLE]
        if result.status is not StepStatus.IN_PROGRESS or not awaited:
            return []
        try:
            known = {one.agent_id: one for one in self.qms.decision.agents(role=Role.DEVELOPER)}
            decisions = self.qms.decision.routing(role=Role.DEVELOPER, workflow_id=workflow.id)
        except QMSError:
            return []  # how that service is stands in the message anyway
        attempt = (workflow.step, workflow.run, result.attempt)
        latest = next((one for one in decisions if (one.step, one.run, one.attempt) == attempt), None)
        decided = tuple(one.agent_id for one in latest.assignments) if latest is not None else ()
        holders = []
        for agent_id in awaited:
            agent = known.get(agent_id)
            endpoint = agent.health_endpoint if agent is not None else None
            holders.append(
                Holder(
                    agent_id=agent_id,
                    health=agent.health if agent is not None else None,
                    trouble=agent_health.ask(endpoint) if endpoint else None,
                    decided=decided,
                )
            )
        return holders

    def _health(self, service: Service) -> Health | str:
        try:
            return self.qms.service(service).health()
        except QMSError as error:
            return str(error)

    def _stopped(self, workflow: Workflow, wanted: str) -> str:
        return timeouts.stopped(workflow, wanted)
