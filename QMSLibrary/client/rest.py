"""A QMS that speaks the contract: its routes over HTTP, one class per service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from QMSLibrary.contract import routes
from QMSLibrary.contract.audit import AuditHead, AuditPage, AuditRecord
from QMSLibrary.contract.clock import Clock, ClockRequest
from QMSLibrary.contract.dashboard import (
    Alert,
    AlertPage,
    AlertRequest,
    AlertRule,
    AlertRulePage,
    AlertRuleRequest,
    AlertState,
    DashboardView,
    Period,
    View,
    Widget,
    WidgetConfig,
    WidgetData,
)
from QMSLibrary.contract.escalations import (
    AcknowledgeRequest,
    Escalation,
    EscalationLevel,
    EscalationPage,
    EscalationState,
    Notification,
    NotificationPage,
    ResolveRequest,
    Stakeholder,
    StakeholderPage,
)
from QMSLibrary.contract.events import DeadLetter, DeadLetterPage, DeliveryReport, Event, EventBatch
from QMSLibrary.contract.health import Health
from QMSLibrary.contract.identity import LogInRequest, Token, User, UserPage
from QMSLibrary.contract.live import Subscribe
from QMSLibrary.contract.model import Model, Page, Request
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routes import Route
from QMSLibrary.contract.routing import Agent, AgentPage, AgentRegistration, RoutingDecision, RoutingPage
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import (
    ApprovalRequest,
    CommitRequest,
    ComponentState,
    FeedbackRequest,
    OverrideRequest,
    ProgressRequest,
    ResultRequest,
    RetryRequest,
    TransitionRequest,
    Workflow,
    WorkflowPage,
    WorkflowRequest,
    WorkflowState,
)

from .connection import Account, Connection
from .errors import QMSError
from .http import Authority, HttpService
from .protocols import Services
from .sse import HttpEventStream
from .tokens import NoAuthority, Tokens
from .websocket import WebSocketStream

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Page)
PAGE_SIZE = 500


class RestService:
    """What all four services answer, and how a route is called."""

    def __init__(self, http: HttpService) -> None:
        self._http = http

    def _call(self, route: Route, answer: type[M], role: Role | None, body: Request | None = None, **parts: str) -> M:
        return self._http.call(route.method, route.url(**parts), answer, role, body=body)

    def _pages(self, route: Route, answer: type[P], role: Role, **query: Any) -> list[Any]:
        items: list[Any] = []
        cursor: str | None = None
        while True:
            page = self._http.get(route.url(), answer, role, {**query, "limit": PAGE_SIZE, "cursor": cursor})
            items += cast(Any, page).items
            cursor = page.next_cursor
            if cursor is None:
                return items

    def health(self) -> Health:
        """See AnyService."""
        return self._call(routes.HEALTH, Health, None)

    def component_state(self, workflow_id: str, *, role: Role) -> ComponentState:
        """See AnyService."""
        return self._call(routes.COMPONENT_STATE, ComponentState, role, workflow_id=workflow_id)

    def clock(self, *, role: Role) -> Clock:
        """See AnyService."""
        return self._call(routes.GET_CLOCK, Clock, role)

    def set_clock(self, offset_seconds: float, *, role: Role) -> Clock:
        """See AnyService."""
        return self._call(routes.SET_CLOCK, Clock, role, ClockRequest(offset_seconds=offset_seconds))

    def deliver(self, event: Event, *, role: Role) -> DeliveryReport:
        """See AnyService."""
        return self._call(routes.DELIVER_EVENTS, DeliveryReport, role, EventBatch(events=[event]))

    def dead_letters(self, *, role: Role) -> list[DeadLetter]:
        """See AnyService."""
        return self._pages(routes.DEAD_LETTERS, DeadLetterPage, role)

    def replay_dead_letter(self, event_id: str, *, role: Role) -> DeadLetter:
        """See AnyService."""
        return self._call(routes.REPLAY_DEAD_LETTER, DeadLetter, role, event_id=event_id)

    def event_stream(self, after: str | None = None) -> HttpEventStream:
        """See AnyService."""
        return HttpEventStream(self._http, routes.EVENT_STREAM.url(), Role.DEVELOPER, after)


class RestOrchestration(RestService):
    """See protocols.Orchestration."""

    def start_workflow(self, request: WorkflowRequest, *, role: Role) -> Workflow:
        """Start a review."""
        return self._call(routes.START_WORKFLOW, Workflow, role, request)

    def workflow(self, workflow_id: str, *, role: Role) -> Workflow:
        """One workflow."""
        return self._call(routes.WORKFLOW, Workflow, role, workflow_id=workflow_id)

    def workflows(
        self,
        *,
        role: Role,
        repository: str | None = None,
        state: WorkflowState | None = None,
        pull_request: str | None = None,
    ) -> list[Workflow]:
        """Workflows, newest first."""
        return self._pages(
            routes.WORKFLOWS, WorkflowPage, role, repository=repository, state=state, pull_request=pull_request
        )

    def pull_request(self, workflow_id: str, *, role: Role) -> PullRequest:
        """A workflow's pull request with all files."""
        return self._call(routes.PULL_REQUEST, PullRequest, role, workflow_id=workflow_id)

    def progress(self, workflow_id: str, request: ProgressRequest, *, role: Role) -> Workflow:
        """Let a step-by-step workflow through its next gate."""
        return self._call(routes.PROGRESS_WORKFLOW, Workflow, role, request, workflow_id=workflow_id)

    def retry(self, workflow_id: str, request: RetryRequest, *, role: Role) -> Workflow:
        """Try the failed gate again."""
        return self._call(routes.RETRY_STEP, Workflow, role, request, workflow_id=workflow_id)

    def push_commit(self, workflow_id: str, request: CommitRequest, *, role: Role) -> Workflow:
        """A new commit on the head branch."""
        return self._call(routes.PUSH_COMMIT, Workflow, role, request, workflow_id=workflow_id)

    def override(self, workflow_id: str, request: OverrideRequest, *, role: Role) -> Workflow:
        """Pass a gate in spite of its verdict."""
        return self._call(routes.OVERRIDE_GATE, Workflow, role, request, workflow_id=workflow_id)

    def approve(self, workflow_id: str, request: ApprovalRequest, *, role: Role) -> Workflow:
        """Approve the final review."""
        return self._call(routes.APPROVE, Workflow, role, request, workflow_id=workflow_id)

    def give_feedback(self, workflow_id: str, request: FeedbackRequest, *, role: Role) -> Workflow:
        """Say how satisfied one is."""
        return self._call(routes.GIVE_FEEDBACK, Workflow, role, request, workflow_id=workflow_id)

    def change_state(self, workflow_id: str, request: TransitionRequest, *, role: Role) -> Workflow:
        """Ask for a state."""
        return self._call(routes.CHANGE_STATE, Workflow, role, request, workflow_id=workflow_id)

    def submit_result(self, workflow_id: str, step: Step, request: ResultRequest, *, role: Role) -> Workflow:
        """Answer for an agent."""
        return self._call(routes.SUBMIT_RESULT, Workflow, role, request, workflow_id=workflow_id, step=step)

    def audit_trail(self, *, role: Role, workflow_id: str | None = None, actor: str | None = None) -> list[AuditRecord]:
        """Audit records, by sequence."""
        return self._pages(routes.AUDIT_TRAIL, AuditPage, role, workflow_id=workflow_id, actor=actor)

    def audit_head(self, *, role: Role) -> AuditHead:
        """The signed end of the trail."""
        return self._call(routes.AUDIT_HEAD, AuditHead, role)

    def users(self, *, role: Role) -> list[User]:
        """All accounts."""
        return self._pages(routes.USERS, UserPage, role)


class RestDecision(RestService):
    """See protocols.Decision."""

    def agents(self, *, role: Role) -> list[Agent]:
        """All registered agents."""
        return self._pages(routes.AGENTS, AgentPage, role)

    def register_agent(self, registration: AgentRegistration, *, role: Role) -> Agent:
        """Register an agent, or change its registration."""
        return self._call(routes.REGISTER_AGENT, Agent, role, registration)

    def retire_agent(self, agent_id: str, *, role: Role) -> Agent:
        """Give an agent nothing more, and move on what it has."""
        return self._call(routes.RETIRE_AGENT, Agent, role, agent_id=agent_id)

    def routing(self, *, role: Role, workflow_id: str | None = None) -> list[RoutingDecision]:
        """Routing decisions, newest first."""
        return self._pages(routes.ROUTING, RoutingPage, role, workflow_id=workflow_id)


class RestDashboard(RestService):
    """See protocols.Dashboard."""

    def view(self, view: View, *, role: Role) -> DashboardView:
        """A view with its widgets."""
        return self._call(routes.VIEW, DashboardView, role, view=view)

    def widget_data(
        self, widget: Widget, *, role: Role, repository: str | None = None, period: Period | None = None
    ) -> WidgetData:
        """What a widget shows now."""
        query = {"repository": repository, "period": period}
        return self._http.get(routes.WIDGET_DATA.url(widget=widget), WidgetData, role, query)

    def configure_widget(self, widget: Widget, config: WidgetConfig, *, role: Role) -> WidgetConfig:
        """Change how a widget is shown."""
        return self._call(routes.CONFIGURE_WIDGET, WidgetConfig, role, config, widget=widget)

    def live_stream(self, wanted: Subscribe, *, role: Role) -> WebSocketStream:
        """What changes."""
        return WebSocketStream(self._http, routes.LIVE.url(), role, wanted)

    def alerts(
        self,
        *,
        role: Role,
        workflow_id: str | None = None,
        repository: str | None = None,
        state: AlertState | None = None,
    ) -> list[Alert]:
        """Alerts, newest first."""
        return self._pages(routes.ALERTS, AlertPage, role, workflow_id=workflow_id, repository=repository, state=state)

    def raise_alert(self, request: AlertRequest, *, role: Role) -> Alert:
        """Raise an alert by hand."""
        return self._call(routes.RAISE_ALERT, Alert, role, request)

    def acknowledge_alert(self, alert_id: str, *, role: Role) -> Alert:
        """Take charge of an alert."""
        return self._call(routes.ACKNOWLEDGE_ALERT, Alert, role, alert_id=alert_id)

    def resolve_alert(self, alert_id: str, *, role: Role) -> Alert:
        """Say that what an alert is about is settled."""
        return self._call(routes.RESOLVE_ALERT, Alert, role, alert_id=alert_id)

    def alert_rules(self, *, role: Role) -> list[AlertRule]:
        """The rules by which alerts are raised, by name."""
        return self._pages(routes.ALERT_RULES, AlertRulePage, role)

    def set_alert_rule(self, name: str, request: AlertRuleRequest, *, role: Role) -> AlertRule:
        """Put a rule in force, or change it."""
        return self._call(routes.SET_ALERT_RULE, AlertRule, role, request, name=name)

    def remove_alert_rule(self, name: str, *, role: Role) -> AlertRule:
        """Take a rule back."""
        return self._call(routes.REMOVE_ALERT_RULE, AlertRule, role, name=name)


class RestEscalation(RestService):
    """See protocols.EscalationService."""

    def escalations(
        self,
        *,
        role: Role,
        workflow_id: str | None = None,
        repository: str | None = None,
        state: EscalationState | None = None,
        level: EscalationLevel | None = None,
    ) -> list[Escalation]:
        """Escalations, newest first."""
        return self._pages(
            routes.ESCALATIONS,
            EscalationPage,
            role,
            workflow_id=workflow_id,
            repository=repository,
            state=state,
            level=level,
        )

    def escalation(self, escalation_id: str, *, role: Role) -> Escalation:
        """One escalation."""
        return self._call(routes.ESCALATION, Escalation, role, escalation_id=escalation_id)

    def acknowledge(self, escalation_id: str, *, role: Role, comment: str = "") -> Escalation:
        """Take charge of an escalation."""
        body = AcknowledgeRequest(escalation_id=escalation_id, comment=comment)
        return self._call(routes.ACKNOWLEDGE_ESCALATION, Escalation, role, body)

    def resolve(self, escalation_id: str, *, role: Role, comment: str = "") -> Escalation:
        """Say that the matter is settled."""
        body = ResolveRequest(comment=comment)
        return self._call(routes.RESOLVE_ESCALATION, Escalation, role, body, escalation_id=escalation_id)

    def close_escalation(self, escalation_id: str, *, role: Role) -> Escalation:
        """Put it away."""
        return self._call(routes.CLOSE_ESCALATION, Escalation, role, escalation_id=escalation_id)

    def notifications(self, *, role: Role, escalation_id: str | None = None) -> list[Notification]:
        """Notifications, newest first."""
        return self._pages(routes.NOTIFICATIONS, NotificationPage, role, escalation_id=escalation_id)

    def stakeholders(self, *, role: Role) -> list[Stakeholder]:
        """Who is told, first tier first."""
        return self._pages(routes.STAKEHOLDERS, StakeholderPage, role)


class LogIn:
    """The log-in route, which is asked without a token."""

    def __init__(self, http: HttpService) -> None:
        self._http = http

    def log_in(self, account: Account, *, role: Role) -> Token:
        """A token for an account; ``role`` is for the history."""
        body = LogInRequest(username=account.username, password=account.password)
        return self._http.call("POST", routes.LOG_IN.url(), Token, None, body=body)


def connect(connection: Connection, record: Callable[[Service, object], object]) -> Services:
    """The four services of a QMS that speaks the contract. ``record`` puts the history before the log-in."""

    def http(service: Service, authority: Authority) -> Any:
        try:
            url = connection.url(service)
        except KeyError as error:
            return Unaddressed(service, str(error.args[0]))
        return HttpService(service, url, authority, connection.timeout)

    login_http = http(Service.ORCHESTRATION, NoAuthority())
    login = cast(LogIn, record(Service.ORCHESTRATION, LogIn(login_http)))
    tokens = Tokens(connection, lambda account, role: login.log_in(account, role=role))
    https = {service: http(service, tokens) for service in Service}

    def close() -> None:
        for one in (login_http, *https.values()):
            one.close()

    return Services(
        orchestration=RestOrchestration(https[Service.ORCHESTRATION]),
        decision=RestDecision(https[Service.DECISION]),
        dashboard=RestDashboard(https[Service.DASHBOARD]),
        escalation=RestEscalation(https[Service.ESCALATION]),
        close=close,
    )


class Unaddressed:
    """Stands for a service that the environment gives no address of: a QMS may be tested without all four."""

    def __init__(self, service: Service, reason: str) -> None:
        self.service = service
        self.url = "(no address)"
        self._reason = reason

    def close(self) -> None:
        """There is nothing to close."""

    def __getattr__(self, name: str) -> Any:
        raise QMSError(f"{self._reason} Add it under urls in the environment file.", service=self.service)
