"""Chapter routing: who was decided to review what, why, and whether that is what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from robot.api.deco import keyword

from QMSLibrary.checks import events, routing
from QMSLibrary.client.events import Seen
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routing import Agent, RoutingDecision
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import Workflow

from .assertions import Operator
from .chapter import Chapter
from .errors import CheckFailed, KeywordError
from .session import Recording
from .types import Share

W = Workflow | str | None


class Routing(Chapter):
    """Keywords about routing decisions."""

    @keyword
    def get_routing_decision(
        self,
        field: str | None = None,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        step: Step | None = None,
        workflow: W = None,
        timeout: timedelta = timedelta(seconds=5),
        as_role: Role = Role.DEVELOPER,
    ) -> Any:
        """Returns the newest routing decision of a workflow, or one field of it, and can check the value.

        With ``step`` it is the newest one for this step. It is waited for when there is none yet. A decision has
        ``assignments`` (each with ``agent_id``, ``role``, ``reason``, ``confidence_score`` from 0 to 1 and
        ``estimated_duration``), ``fallback`` (the rules decided, because the confidence was too low) and
        ``security_sensitive``.

        Example:
        | Get Routing Decision    assignments.0.reason    contains    places taken    step=dor_validation
        | Get Routing Decision    fallback    ==    False
        | ${decision} =    Get Routing Decision    step=progress_reviews

        """
        wanted = self.session.workflow_id(workflow)
        found: list[RoutingDecision] = []

        def look() -> bool:
            every = self.qms.decision.routing(role=as_role, workflow_id=wanted)
            found[:] = [one for one in every if step is None or one.step == step]
            return bool(found)

        if not self.eventually(look, timeout, Service.DECISION, wanted):
            raise CheckFailed(
                f"The routing of workflow {wanted}: not as expected.\n"
                f"Expected: a decision{f' for {step}' if step else ''} within {timeout.total_seconds():g} s\n"
                f"Seen: none\nService to blame: {Service.DECISION}\n"
                f"Look at: whether it knows the workflow: `Get Component State    {Service.DECISION}`; whether it "
                "found nobody: the event routing.failed"
            )
        decision = found[0]
        return self.got(
            decision,
            field,
            assertion_operator,
            assertion_expected,
            message,
            lambda name: routing.of_decision(decision, name),
            f"the decision {routing.line(decision)}",
        )

    @keyword
    def get_routing_history(self, *, workflow: W = None, as_role: Role = Role.DEVELOPER) -> list[RoutingDecision]:
        """Returns all routing decisions of a workflow, the newest first.

        There is one for each attempt at a step, and another one each time an agent broke down that it had named.

        Example:
        | ${decisions} =    Get Routing History
        | Log    ${decisions}[0].assignments[0].reason

        """
        wanted = self.session.workflow_id(workflow)
        found = self.qms.decision.routing(role=as_role, workflow_id=wanted)
        self.say(f"{len(found)} routing decisions of {wanted}.", "\n".join(map(routing.line, found)))
        return found

    @keyword
    def load_should_be_balanced(self, agents: list[Agent], *, within: Share = Share(0.1)) -> None:  # noqa: B008
        """Fails unless these agents were given equal shares of the work, and none ever had more than its capacity.

        Counted are the assignments that were announced since `Start Recording Events`, not what the QMS says of its
        own load. An agent's share is its assignments for each place that it has; the largest and the smallest may
        differ by ``within`` of the mean.

        Example:
        | Start Recording Events    orchestration    decision
        | ${agents} =    Start Agents    3    qms-dor-validator    repository=acme/shop
        | Trigger Workflows    ${prs}
        | Wait For Workflows
        | Load Should Be Balanced    ${agents}    within=10 %

        """
        if not agents:
            raise KeywordError("There are no agents to compare. Give those that `Start Agents` returned.")
        shares = routing.given(self._events(self._recording()), agents)
        if not any(one.count for one in shares):
            raise KeywordError(
                "There is nothing to judge: since `Start Recording Events` no task was assigned to any of "
                f"{', '.join(one.agent_id for one in shares)}."
            )
        self.require(routing.balanced(shares, within))

    @keyword
    def routing_should_have_been_carried_out(
        self,
        *,
        workflow: W = None,
        timeout: timedelta = timedelta(seconds=5),
        as_role: Role = Role.DEVELOPER,
    ) -> None:
        """Fails unless each step was assigned to just those agents that were decided on, and answered by just these.

        The decisions are those that decision tells of; what became of them is read from the recorded events, so
        `Start Recording Events` comes before the review is triggered. Answers that are still to be announced are
        waited for.

        Example:
        | Start Recording Events
        | Trigger Workflow    ${pr}
        | Wait For Workflow
        | Routing Should Have Been Carried Out

        """
        wanted = self.session.workflow_id(workflow)
        recording = self._recording()
        decisions = self.qms.decision.routing(role=as_role, workflow_id=wanted)[::-1]

        def passed() -> bool:
            return routing.carried_out(decisions, self._events(recording, wanted), wanted).passed

        recording.attached.qms.events.wait(passed, timeout.total_seconds())
        seen = self._events(recording, wanted)
        verdict = routing.carried_out(decisions, seen, wanted)
        if verdict.passed:
            events.require_beginning([one.type for one in seen], routing.NEEDED, wanted)
        self.require(verdict)

    def _recording(self) -> Recording:
        recording = self.session.recording
        if blind := set(routing.NEEDED) - set(recording.services):
            raise KeywordError(
                f"The events of {', '.join(sorted(blind))} are not being recorded. "
                "Name it in `Start Recording Events`, or name none there."
            )
        return recording

    def _events(self, recording: Recording, workflow_id: str | None = None) -> list[Event]:
        """What was announced, in the order of the times: what two services say arrives in any order."""
        hub = recording.attached.qms.events
        if workflow_id is not None:
            hub.claim(workflow_id)
        seen = hub.events(workflow_id, after=recording.mark, services=routing.NEEDED)
        return [one.event for one in sorted(seen, key=_time)]


def _time(seen: Seen) -> tuple[Any, int]:
    return seen.event.timestamp, seen.number
