"""What must then be true. Each class is one kind of step, and the keyword that looks."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from QMSLibrary.contract.steps import STEP_CHECKS, Step

from .calls import Call, Subject, call
from .conditions import Condition
from .parts import Observed, kind
from .values import Action, EventName, Findings, Level, Names, RoleName, ServiceName, StepName, Text, Time, wrong
from .where import Where

Count = Annotated[int, Field(ge=0)]


@kind("step_passed")
class StepPassed(Observed):
    """The step has passed, and all of these checks of it are true; every check unless some are given."""

    short = "step"
    step: StepName
    checks: Names = []

    @model_validator(mode="after")
    def _known_checks(self) -> StepPassed:
        known = STEP_CHECKS[self.step] if isinstance(self.step, Step) else ()
        for check in self.checks if known and isinstance(self.checks, list) else ():
            if check not in known:
                raise wrong(
                    f"checks of {self.step}: {', '.join(known)}", known, key="checks", got=repr(check), word=check
                )
        return self

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Step Should Have Passed", self.step, *self.checks, workflow=subject.workflow)]


@kind("step_failed")
class StepFailed(Observed):
    """The step has failed, with all of these among its reasons."""

    short = "step"
    step: StepName
    reasons: Names = []

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Step Should Have Failed", self.step, *self.reasons, workflow=subject.workflow)]


@kind("findings")
class FindingsAre(Observed):
    """The security findings are exactly these; an empty list means none at all."""

    short = "are"
    short_mapping = True
    are: Findings

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Security Scan Should Have Found", *self.are, workflow=subject.workflow)]


@kind("workflow_meets")
class WorkflowMeets(Observed):
    """The workflow is completed and keeps these limits; those of the environment unless given."""

    max_duration: Time | None = None
    min_quality_score: float | None = None
    """0 to 100."""
    min_satisfaction: float | None = None
    """1.0 to 5.0, from the feedback that was given."""
    compliance: bool | None = None
    """Every gate passed without an override; true unless given."""

    def calls(self, subject: Subject) -> list[Call]:
        limits = {name: getattr(self, name) for name in ("max_duration", "min_quality_score", "min_satisfaction")}
        return [call("Workflow Should Meet", **limits, compliance=self.compliance, workflow=subject.workflow)]


@kind("escalation_exists")
class EscalationExists(Observed):
    """The workflow has an escalation of this level, or exactly so many."""

    short = "level"
    level: Level
    reason: Text | None = None
    """Contained in its reason or its type."""
    count: Count | None = None
    timeout: Time | None = None

    def calls(self, subject: Subject) -> list[Call]:
        options: dict[str, Any] = {"reason": self.reason, "count": self.count, "timeout": self.timeout}
        return [call("Escalation Should Exist", self.level, **options, workflow=subject.workflow)]


@kind("components_agree")
class ComponentsAgree(Observed):
    """These services, all four unless given, say the same of the workflow."""

    short = "services"
    services: list[ServiceName] = []
    within: Time | None = None

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Components Should Agree", *self.services, within=self.within, workflow=subject.workflow)]


@kind("events_sequence")
class EventsSequence(Observed):
    """The workflow's events contain these types in this order; those of a start unless given."""

    short = "types"
    records = True
    types: list[EventName] = []
    within: Time | None = None

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Wait For Event Sequence", *self.types, within=self.within, workflow=subject.workflow)]


@kind("events_consistent")
class EventsConsistent(Observed):
    """All events of the workflow carry its ids, have times that never go back, and came once each."""

    records = True

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Events Should Be Consistent", workflow=subject.workflow)]


@kind("audit_contains")
class AuditContains(Observed):
    """The audit trail has a record of this action about the workflow, or exactly so many."""

    short = "action"
    action: Action
    actor: Text | None = None
    role: RoleName | None = None
    reason: Text | None = None
    object: Text | None = None
    count: Count | None = None

    def calls(self, subject: Subject) -> list[Call]:
        options = {name: getattr(self, name) for name in ("actor", "role", "reason", "object", "count")}
        return [call("Audit Trail Should Contain", self.action, **options, workflow=subject.workflow)]


@kind("audit_intact")
class AuditIntact(Observed):
    """The whole audit trail is without gaps, unchanged and signed."""

    def calls(self, subject: Subject) -> list[Call]:
        return [call("Verify Audit Trail")]


@kind("expect")
class Expect(Observed):
    """It is so: `state is COMPLETED`, `dor_validation.reasons contains missing_tests`."""

    short = "that"
    short_mapping = True
    fixed: ClassVar[frozenset[str]] = frozenset({"pull_request", "that"})
    that: Condition

    @model_validator(mode="after")
    def _about_the_workflow(self) -> Expect:
        for clause in self.that.clauses:
            if not clause.of_workflow:
                raise wrong("a condition about the workflow, such as `state is COMPLETED`", key="that", got=str(clause))
        return self

    def calls(self, subject: Subject) -> list[Call]:
        return [one for clause in self.that.clauses for one in clause.asserted(subject)]

    def before(self, run: Any, at: Where, subject: Subject) -> None:
        run.require_workflow(subject, at)
