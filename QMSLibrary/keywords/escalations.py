"""Chapter escalations: who had to be told, and who took charge."""

from __future__ import annotations

from datetime import timedelta

from robot.api.deco import keyword

from QMSLibrary.checks import alerts, escalations
from QMSLibrary.client.errors import NotFound
from QMSLibrary.contract.dashboard import Alert
from QMSLibrary.contract.escalations import Escalation, EscalationLevel, EscalationState, Notification
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.formats.counts import counted

from .chapter import ONCE, Chapter
from .types import Count

W = Workflow | str | None
E = Escalation | str


class Escalations(Chapter):
    """Keywords about escalations and notifications."""

    @keyword
    def get_escalations(
        self,
        *,
        workflow: W = None,
        level: EscalationLevel | None = None,
        state: EscalationState | None = None,
        as_role: Role = Role.DEVELOPER,
    ) -> list[Escalation]:
        """Returns the escalations of a workflow as they are now, the newest first.

        Example:
        | ${escalations} =    Get Escalations
        | ${active} =    Get Escalations    level=L1_IMMEDIATE    state=active

        """
        wanted = self.session.workflow_id(workflow)
        found = self.qms.escalation.escalations(
            workflow_id=wanted,
            level=level,
            state=state,
            role=as_role,
        )
        self.say(
            f"{counted(len(found), 'escalation')} of {wanted}.",
            "\n".join(f"{one.id} {one.level} {one.type} {one.state}: {one.reason}" for one in found),
        )
        return found

    @keyword
    def escalation_should_exist(
        self,
        level: EscalationLevel,
        *,
        reason: str | None = None,
        count: Count | None = None,
        workflow: W = None,
        timeout: timedelta = timedelta(seconds=5),
        as_role: Role = Role.DEVELOPER,
    ) -> Escalation | None:
        """Waits until the workflow has an escalation of this level, and returns the newest one.

        ``reason`` must be contained in its reason or its type, in any case; with ``count`` there must be exactly so
        many of them. ``count=0`` looks once, and returns nothing.

        Example:
        | Escalation Should Exist    L3_STANDARD    reason=DoR validation failed    count=1
        | ${escalation} =    Escalation Should Exist    L1_IMMEDIATE    reason=high_severity_security

        """
        wanted = self.session.workflow_id(workflow)
        found: list[Escalation] = []

        def look() -> bool:
            found[:] = self.qms.escalation.escalations(workflow_id=wanted, role=as_role)
            return escalations.exists(found, level, reason, count, wanted).passed

        # A workflow that does not exist has no escalation either.
        at = self.standing(wanted) if count == 0 else ""
        if not self.eventually(look, ONCE if count == 0 else timeout, Service.ESCALATION, wanted) and not at:
            at = self.standing(wanted)
        if count != 0 and (other := escalations.of_another_level(found, level, reason)) is not None:
            self.require(escalations.of_alert(other, level, *self._behind(other, wanted)))
        self.require(escalations.exists(found, level, reason, count, f"workflow {wanted}", at))
        matching = escalations.matching(found, level, reason)
        return matching[0] if matching else None

    @keyword
    def acknowledge_escalation(self, escalation: E, *, comment: str = "", as_role: Role = Role.QA_LEAD) -> Escalation:
        """Takes charge of an escalation. Returns it. Doing so twice is refused.

        Example:
        | ${escalation} =    Escalation Should Exist    L3_STANDARD
        | Acknowledge Escalation    ${escalation}    comment=On it

        """
        changed = self.qms.escalation.acknowledge(_id(escalation), comment=comment, role=as_role)
        return self._told("Acknowledged", changed)

    @keyword
    def resolve_escalation(self, escalation: E, *, comment: str = "", as_role: Role = Role.QA_LEAD) -> Escalation:
        """Says that the matter of an escalation is settled. Returns it.

        Example:
        | Resolve Escalation    ${escalation}    comment=Tests were added

        """
        changed = self.qms.escalation.resolve(_id(escalation), comment=comment, role=as_role)
        return self._told("Resolved", changed)

    @keyword
    def close_escalation(self, escalation: E, *, as_role: Role = Role.MANAGER) -> Escalation:
        """Puts a resolved escalation away. Returns it.

        Example:
        | Resolve Escalation    ${escalation}
        | Close Escalation    ${escalation}

        """
        return self._told("Closed", self.qms.escalation.close_escalation(_id(escalation), role=as_role))

    @keyword
    def escalation_should_be(
        self,
        escalation: E,
        state: EscalationState,
        *,
        tier: int | None = None,
        acknowledged_by: str | None = None,
        timeout: timedelta = timedelta(seconds=5),
        as_role: Role = Role.DEVELOPER,
    ) -> Escalation:
        """Waits until an escalation is in a state, and returns it as it is then.

        With ``tier`` this tier of stakeholders must have been told last; with ``acknowledged_by`` this person must have
        taken charge. One that the service does not know yet is waited for as well.

        Example:
        | Escalation Should Be    ${escalation}    resolved
        | ${alert} =    Raise Alert    Payments are slow    high    repository=acme/payments
        | Escalation Should Be    ${alert.escalation_id}    active    tier=1

        """
        wanted = _id(escalation)
        about = escalation.workflow_id if isinstance(escalation, Escalation) else None
        found: list[Escalation] = []

        def look() -> bool:
            try:
                found[:] = [self.qms.escalation.escalation(wanted, role=as_role)]
            except NotFound:
                return False
            return alerts.stands(found[0], state, tier, acknowledged_by).passed

        self.eventually(look, timeout, Service.ESCALATION, about)
        if not found:
            self.require(alerts.unknown(wanted, timeout))
        self.require(alerts.stands(found[0], state, tier, acknowledged_by))
        return found[0]

    @keyword
    def get_notifications(self, escalation: E, *, as_role: Role = Role.QA_LEAD) -> list[Notification]:
        """Returns the messages that were sent, or were to be sent, for an escalation; the newest first.

        Example:
        | ${notifications} =    Get Notifications    ${escalation}
        | Log    ${notifications}[0].channel

        """
        found = self.qms.escalation.notifications(escalation_id=_id(escalation), role=as_role)
        self.say(
            f"{counted(len(found), 'notification')}.",
            "\n".join(
                f"{one.channel} to tier {one.tier}: {one.state} after {counted(one.attempts, 'attempt')}"
                for one in found
            ),
        )
        return found

    def _behind(self, escalation: Escalation, workflow_id: str) -> tuple[Alert | None, EscalationLevel | None]:
        """The alert that asked for an escalation, and the level that the dashboard was heard to ask for."""
        every = self.qms.dashboard.alerts(workflow_id=workflow_id, role=Role.DEVELOPER)
        alert = next((one for one in every if one.escalation_id == escalation.id), None)
        asked = [
            str(one.event.payload.get("level"))
            for one in self.qms.events.events(workflow_id, services=[Service.DASHBOARD])
            if one.event.type == EventType.ALERT_RAISED and one.event.payload.get("escalation_id") == escalation.id
        ]
        return alert, EscalationLevel(asked[-1]) if asked and asked[-1] in list(EscalationLevel) else None

    def _told(self, what: str, escalation: Escalation) -> Escalation:
        self.say(f"{what} {escalation.id} ({escalation.level}, {escalation.type}): {escalation.state}.", escalation)
        return escalation


def _id(escalation: E) -> str:
    return escalation if isinstance(escalation, str) else escalation.id
