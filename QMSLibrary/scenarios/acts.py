"""What somebody does. Each class is one kind of step: what may be said of it, and the keyword that does it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from QMSLibrary.environments import Capability

from .calls import Call, Subject, call, variable
from .parts import Act, Observed, kind
from .values import CURRENT, Level, Name, Names, RoleName, StateName, StepName, StepOrCurrent, Text, Time
from .where import Where

Rating = Annotated[float, Field(ge=1.0, le=5.0)]
_REFERENCE = frozenset({"pull_request", "files_of"})


@kind("trigger")
class Trigger(Act):
    """Starts the review of the pull request."""

    step_by_step: bool | None = None
    """It stops before each gate until `progress`."""
    approval_required: bool | None = None
    """The final review waits for `approve`."""
    as_role: RoleName | None = None

    def calls(self, subject: Subject) -> list[Call]:
        options = {"step_by_step": self.step_by_step, "approval_required": self.approval_required}
        return [
            call(
                "Trigger Workflow",
                subject.pull_request,
                assign=subject.workflow_variable,
                **options,
                as_role=self.as_role,
            )
        ]

    def after(self, run: Any, at: Where, subject: Subject, value: Any) -> None:
        run.workflows[subject.name] = value


@kind("create")
class Create(Act):
    """Makes the pull request anew, with another id and another branch: for a `repeat`."""

    short = "pull_request"

    def calls(self, subject: Subject) -> list[Call]:
        return []

    def after(self, run: Any, at: Where, subject: Subject, value: Any) -> None:
        run.create(subject.name)


@kind("wait_for_step")
class WaitForStep(Observed):
    """Waits until a step has passed, failed, was overridden, or waits for a person."""

    short = "step"
    step: StepOrCurrent
    timeout: Time | None = None

    def calls(self, subject: Subject) -> list[Call]:
        if self.step != CURRENT:
            return [call("Wait For Step", self.step, workflow=subject.workflow, timeout=self.timeout)]
        step = variable("current step")
        return [
            call("Get Workflow", "step", workflow=subject.workflow, assign=step),
            call("Wait For Step", step, workflow=subject.workflow, timeout=self.timeout),
        ]


@kind("wait_for_workflow")
class WaitForWorkflow(Observed):
    """Waits until the review is completed, has a failed gate or an error; or is in a state."""

    short = "state"
    state: StateName | None = None
    timeout: Time | None = None

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Wait For Workflow", workflow=subject.workflow, state=self.state, timeout=self.timeout)]


@kind("progress")
class Progress(Observed):
    """Lets a review that was triggered step by step through its next gate."""

    short = "reason"
    reason: Text | None = None
    as_role: RoleName | None = None

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Progress Workflow", reason=self.reason, workflow=subject.workflow, as_role=self.as_role)]


@kind("fix")
class Fix(Act):
    """Mends the pull request: with tests and documentation, clean and safe. `retry` or `push_commit` hand it in."""

    short = "pull_request"

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Fix Pull Request", subject.pull_request, assign=subject.pull_request)]

    def after(self, run: Any, at: Where, subject: Subject, value: Any) -> None:
        run.pull_requests[subject.name] = value


class _Files(Observed):
    fixed: ClassVar[frozenset[str]] = _REFERENCE
    files_of: Name | None = None
    """Another pull request whose files are handed in; its own unless given."""

    def names(self) -> Any:
        yield from super().names()
        if self.files_of is not None:
            yield ("files_of",), self.files_of

    def handed(self, subject: Subject) -> Any:
        return variable(self.files_of) if self.files_of else subject.pull_request


@kind("retry")
class Retry(_Files):
    """Tries a failed gate again, at that same gate, with the files of the pull request as it is now."""

    short = "step"
    step: StepName
    as_role: RoleName | None = None

    def calls(self, subject: Subject) -> list[Call]:
        files = self.handed(subject)
        return [call("Retry Step", self.step, pull_request=files, workflow=subject.workflow, as_role=self.as_role)]


@kind("push_commit")
class PushCommit(_Files):
    """Pushes a commit with the pull request's files: the review starts again from the definition of ready."""

    as_role: RoleName | None = None

    def calls(self, subject: Subject) -> list[Call]:
        files = self.handed(subject)
        return [call("Push Commit", pull_request=files, workflow=subject.workflow, as_role=self.as_role)]


@kind("override")
class Override(Observed):
    """A manager passes a gate in spite of its verdict; in an emergency also one that is not decided."""

    step: StepName
    reason: Text
    checks: Names = []
    emergency: bool | None = None
    valid_for: Time | None = None
    as_role: RoleName | None = None

    def calls(self, subject: Subject) -> list[Call]:
        return [
            call(
                "Override Gate",
                self.step,
                self.reason,
                checks=self.checks,
                emergency=self.emergency,
                valid_for=self.valid_for,
                workflow=subject.workflow,
                as_role=self.as_role,
            )
        ]


@kind("approve")
class Approve(Observed):
    """Approves the final review of a workflow that waits for a person."""

    short = "comment"
    comment: Text | None = None
    as_role: RoleName | None = None

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Approve Workflow", comment=self.comment, workflow=subject.workflow, as_role=self.as_role)]


@kind("give_feedback")
class GiveFeedback(Observed):
    """Says how satisfied one is with the review, from 1.0 to 5.0."""

    short = "rating"
    rating: Rating
    comment: Text | None = None
    as_role: RoleName | None = None

    def calls(self, subject: Subject) -> list[Call]:
        options = {"comment": self.comment, "workflow": subject.workflow, "as_role": self.as_role}
        return [call("Give Feedback", self.rating, **options)]


class _Escalated(Observed):
    short = "level"
    level: Level
    reason: Text | None = None
    """Contained in the reason or the type of the one that is meant."""
    comment: Text | None = None
    as_role: RoleName | None = None

    def found(self, subject: Subject) -> Call:
        return call(
            "Escalation Should Exist",
            self.level,
            reason=self.reason,
            workflow=subject.workflow,
            assign=variable("escalation"),
        )


@kind("acknowledge_escalation")
class AcknowledgeEscalation(_Escalated):
    """Takes charge of the newest escalation of a level."""

    def calls(self, subject: Subject) -> list[Call]:
        options = {"comment": self.comment, "as_role": self.as_role}
        return [self.found(subject), call("Acknowledge Escalation", variable("escalation"), **options)]


@kind("resolve_escalation")
class ResolveEscalation(_Escalated):
    """Says that the matter of the newest escalation of a level is settled."""

    def calls(self, subject: Subject) -> list[Call]:
        options = {"comment": self.comment, "as_role": self.as_role}
        return [self.found(subject), call("Resolve Escalation", variable("escalation"), **options)]


@kind("advance_clock")
class AdvanceClock(Act):
    """Moves the clock of the whole environment, which is one of the scenario's own then."""

    short = "by"
    needs = frozenset({Capability.CLOCK})
    disturbs = True
    by: Time

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Advance Clock", self.by)]


@kind("log")
class Log(Act):
    """Writes a sentence into the log, for whoever reads it later."""

    short = "text"
    text: Text

    def calls(self, subject: Subject) -> list[Call]:
        return [call("BuiltIn.Log", self.text)]
