"""Chapter alerts: what the dashboard draws attention to, and who took charge of it."""

from __future__ import annotations

from datetime import timedelta

from robot.api.deco import keyword

from QMSLibrary.checks import alerts
from QMSLibrary.client.errors import NotFound
from QMSLibrary.contract.dashboard import Alert, AlertRequest, AlertRule, AlertRuleRequest, AlertState
from QMSLibrary.contract.escalations import Escalation
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.formats.counts import counted

from .chapter import ONCE, Chapter
from .errors import KeywordError
from .types import Count

W = Workflow | str | None
A = Alert | str


class Alerts(Chapter):
    """Keywords about the dashboard's alerts and the rules that raise them."""

    @keyword
    def raise_alert(
        self,
        title: str,
        severity: Severity,
        *,
        repository: str | None = None,
        workflow: W = None,
        as_role: Role = Role.QA_LEAD,
    ) -> Alert:
        """Raises an alert on the dashboard by hand. Returns it.

        It is about ``repository``, or about a workflow: ``workflow``, else the current one. The escalation that goes
        with it has the level of its severity: critical L0_CRITICAL, high L1_IMMEDIATE, medium L2_URGENT, low
        L3_STANDARD. The same alert raised again within 15 minutes is the same alert.

        Example:
        | ${alert} =    Raise Alert    Payments are slow    high    repository=acme/payments
        | Escalation Should Be    ${alert.escalation_id}    active

        """
        about = None if repository is not None and workflow is None else self.session.workflow_id(workflow)
        request = AlertRequest(title=title, severity=severity, repository=repository, workflow_id=about)
        return self._told("Raised", self.qms.dashboard.raise_alert(request, role=as_role))

    @keyword
    def get_alerts(
        self,
        *,
        repository: str | None = None,
        workflow: W = None,
        state: AlertState | None = None,
        as_role: Role = Role.DEVELOPER,
    ) -> list[Alert]:
        """Returns the alerts of a repository, or else of a workflow, as they are now, the newest first.

        Example:
        | ${alerts} =    Get Alerts
        | ${active} =    Get Alerts    repository=acme/payments    state=active

        """
        about = None if repository is not None and workflow is None else self.session.workflow_id(workflow)
        found = self.qms.dashboard.alerts(workflow_id=about, repository=repository, state=state, role=as_role)
        self.say(
            f"{counted(len(found), 'alert')} of {about or repository}.",
            "\n".join(f"{one.id} {one.severity} {one.state}: {one.title}" for one in found),
        )
        return found

    @keyword
    def alert_should_exist(
        self,
        severity: Severity,
        *,
        title: str | None = None,
        state: AlertState | None = None,
        escalation: Escalation | str | None = None,
        count: Count | None = None,
        repository: str | None = None,
        workflow: W = None,
        timeout: timedelta = timedelta(seconds=5),
        as_role: Role = Role.DEVELOPER,
    ) -> Alert | None:
        """Waits until a repository, or else a workflow, has an alert of this severity, and returns the newest one.

        ``title`` must be contained in its title, in any case; ``escalation`` is the one that it must belong to. With
        ``count`` there must be exactly so many of them. ``count=0`` looks once, and returns nothing.

        Example:
        | Alert Should Exist    low    title=DoR validation failed    count=1
        | Alert Should Exist    high    escalation=${escalation}    state=resolved

        """
        about = None if repository is not None and workflow is None else self.session.workflow_id(workflow)
        of = escalation.id if isinstance(escalation, Escalation) else escalation
        told = {"title": repr(title) if title else "", "state": state, "escalation": of}
        wanted = ", ".join([f"severity {severity}", *(f"{name} {value}" for name, value in told.items() if value)])
        every: list[Alert] = []

        def found() -> list[Alert]:
            return alerts.matching(every, severity=severity, title=title, state=state, escalation=of)

        def look() -> bool:
            every[:] = self.qms.dashboard.alerts(workflow_id=about, repository=repository, role=as_role)
            return alerts.exists(every, found(), wanted, count, "").passed

        if count == 0 and about is not None:
            self.standing(about)  # a workflow that does not exist has no alert either
        self.eventually(look, ONCE if count == 0 else timeout, Service.DASHBOARD, about)
        self.require(alerts.exists(every, found(), wanted, count, f"workflow {about}" if about else str(repository)))
        return next(iter(found()), None)

    @keyword
    def acknowledge_alert(self, alert: A, *, as_role: Role = Role.QA_LEAD) -> Alert:
        """Takes charge of an alert, and so of the escalation behind it. Returns it. Doing so twice is refused.

        Example:
        | ${alert} =    Alert Should Exist    low
        | Acknowledge Alert    ${alert}

        """
        return self._told("Acknowledged", self.qms.dashboard.acknowledge_alert(_id(alert), role=as_role))

    @keyword
    def resolve_alert(self, alert: A, *, as_role: Role = Role.QA_LEAD) -> Alert:
        """Says that what an alert is about is settled, and so the escalation behind it. Returns it.

        Example:
        | Resolve Alert    ${alert}

        """
        return self._told("Resolved", self.qms.dashboard.resolve_alert(_id(alert), role=as_role))

    @keyword
    def set_alert_rule(
        self,
        name: str,
        expression: str,
        *,
        severity: Severity = Severity.MEDIUM,
        repository: str | None = None,
        as_role: Role = Role.QA_LEAD,
    ) -> AlertRule:
        """Has the dashboard raise an alert by itself whenever what a review tells is as ``expression`` says.

        An expression compares figures with numbers (``<``, ``<=``, ``>``, ``>=``, ``==``, ``!=``); several are joined
        by ``and`` and ``or``. The figures are quality_score, compliance_score, coverage, vulnerabilities,
        style_findings, highest_complexity, lines_changed, untested_files and total_duration (seconds). The figures
        that one ``and`` joins must be told by the same step, or all by the result. One that no longer holds settles
        its alert. In a shared environment a rule is for one repository.

        Example:
        | Set Alert Rule    poor quality    quality_score < 95    severity=high    repository=${REPOSITORY}
        | Set Alert Rule    weak    coverage < 85 or vulnerabilities > 0    repository=${REPOSITORY}

        """
        if repository is None:
            self.require_own("and a rule for all repositories is for everybody's reviews", "repository=owner/name")
        if "/" in name:
            raise KeywordError(f"A rule's name is part of an address and can have no slash, as {name!r} has.")
        request = AlertRuleRequest(expression=expression, severity=severity, repository=repository)
        rule = self.qms.dashboard.set_alert_rule(name, request, role=as_role)
        self.say(f"The rule {rule.name!r}: {rule.severity} when {rule.expression}.", rule)
        return rule

    @keyword
    def remove_alert_rule(self, rule: AlertRule | str, *, as_role: Role = Role.QA_LEAD) -> None:
        """Takes an alert rule back; the alerts that it raised stay. It may be gone already.

        Example:
        | Remove Alert Rule    poor quality

        """
        name = rule if isinstance(rule, str) else rule.name
        try:
            self.qms.dashboard.remove_alert_rule(name, role=as_role)
        except NotFound:
            self.say(f"There is no rule {name!r} any more.")
        else:
            self.say(f"Took the rule {name!r} back.")

    def _told(self, what: str, alert: Alert) -> Alert:
        self.say(f"{what} {alert.id} ({alert.severity}): {alert.state}.", alert)
        return alert


def _id(alert: A) -> str:
    return alert if isinstance(alert, str) else alert.id
