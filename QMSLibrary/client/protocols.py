"""What the keywords ask of a QMS: one small protocol per service, speaking only the contract's models.

Whoever can answer these questions can be tested, whatever paths, field names or log-in it has. Every method takes the
role it acts in; every one may raise a QMSError. An adapter leaves out what its QMS cannot do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self

from QMSLibrary.contract.audit import AuditHead, AuditRecord
from QMSLibrary.contract.clock import Clock
from QMSLibrary.contract.dashboard import (
    Alert,
    AlertRequest,
    AlertRule,
    AlertRuleRequest,
    AlertState,
    DashboardView,
    Period,
    View,
    Widget,
    WidgetConfig,
    WidgetData,
)
from QMSLibrary.contract.escalations import Escalation, EscalationLevel, EscalationState, Notification, Stakeholder
from QMSLibrary.contract.events import DeadLetter, DeliveryReport, Event
from QMSLibrary.contract.health import Health
from QMSLibrary.contract.identity import User
from QMSLibrary.contract.live import LiveGone, LiveReady, LiveUpdate, Subscribe
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routing import Agent, AgentRegistration, RoutingDecision
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
    WorkflowRequest,
    WorkflowState,
)


@dataclass(frozen=True, slots=True)
class Streamed:
    """Something that came through a stream. ``event`` None: only a sign of life, or an entry that is no event."""

    position: str | None
    event: Event | None = None
    note: str | None = None
    """Why an entry is no event, in words."""


class EventStream(Protocol):
    """A subscription. Entered, it is connected; the first thing that comes through it says that it is live."""

    def __enter__(self) -> Self:
        """Connect. Raises QMSError when it cannot."""

    def __exit__(self, *exception: object) -> None:
        """End it."""

    def __iter__(self) -> Iterator[Streamed]:
        """What comes, until the other side ends it. Raises QMSError when the connection breaks."""

    def interrupt(self) -> None:
        """Called from another thread: make a read that is going on end soon."""


class LiveStream(Protocol):
    """One connection that tells what changes on the dashboard. Entered, it is connected and subscribed."""

    def __enter__(self) -> Self:
        """Connect and subscribe. Raises QMSError when it cannot."""

    def __exit__(self, *exception: object) -> None:
        """End it."""

    def __iter__(self) -> Iterator[LiveReady | LiveUpdate | LiveGone]:
        """What comes, until the other side ends it. Raises QMSError when the connection breaks."""

    def interrupt(self) -> None:
        """Called from another thread: break the connection, as a network would."""


class AnyService(Protocol):
    """What all four services answer."""

    def health(self) -> Health:
        """Whether the service can work; asked without a log-in."""

    def component_state(self, workflow_id: str, *, role: Role) -> ComponentState:
        """The service's own copy of where a workflow stands."""

    def clock(self, *, role: Role) -> Clock:
        """The service's clock."""

    def set_clock(self, offset_seconds: float, *, role: Role) -> Clock:
        """Move the clock so that it is this far ahead of the machine's."""

    def deliver(self, event: Event, *, role: Role) -> DeliveryReport:
        """Hand it an event, as another service would."""

    def dead_letters(self, *, role: Role) -> list[DeadLetter]:
        """Events that it could not handle, oldest first."""

    def replay_dead_letter(self, event_id: str, *, role: Role) -> DeadLetter:
        """Handle a dead letter again."""

    def event_stream(self, after: str | None = None) -> EventStream:
        """The service's events from now on, or those after the position ``after``."""


class Orchestration(AnyService, Protocol):
    """Workflows, steps, gates, the audit trail, users."""

    def start_workflow(self, request: WorkflowRequest, *, role: Role) -> Workflow:
        """Start a review."""

    def workflow(self, workflow_id: str, *, role: Role) -> Workflow:
        """One workflow."""

    def workflows(
        self,
        *,
        role: Role,
        repository: str | None = None,
        state: WorkflowState | None = None,
        pull_request: str | None = None,
    ) -> list[Workflow]:
        """Workflows, newest first."""

    def pull_request(self, workflow_id: str, *, role: Role) -> PullRequest:
        """A workflow's pull request with all files."""

    def progress(self, workflow_id: str, request: ProgressRequest, *, role: Role) -> Workflow:
        """Let a step-by-step workflow through its next gate."""

    def retry(self, workflow_id: str, request: RetryRequest, *, role: Role) -> Workflow:
        """Try the failed gate again."""

    def push_commit(self, workflow_id: str, request: CommitRequest, *, role: Role) -> Workflow:
        """A new commit on the head branch."""

    def override(self, workflow_id: str, request: OverrideRequest, *, role: Role) -> Workflow:
        """Pass a gate in spite of its verdict."""

    def approve(self, workflow_id: str, request: ApprovalRequest, *, role: Role) -> Workflow:
        """Approve the final review."""

    def give_feedback(self, workflow_id: str, request: FeedbackRequest, *, role: Role) -> Workflow:
        """Say how satisfied one is."""

    def change_state(self, workflow_id: str, request: TransitionRequest, *, role: Role) -> Workflow:
        """Ask for a state."""

    def submit_result(self, workflow_id: str, step: Step, request: ResultRequest, *, role: Role) -> Workflow:
        """Answer for an agent."""

    def audit_trail(self, *, role: Role, workflow_id: str | None = None, actor: str | None = None) -> list[AuditRecord]:
        """Audit records, by sequence; all of them without a workflow and an actor."""

    def audit_head(self, *, role: Role) -> AuditHead:
        """The signed end of the trail."""

    def users(self, *, role: Role) -> list[User]:
        """All accounts."""


class Decision(AnyService, Protocol):
    """Agents and routing."""

    def agents(self, *, role: Role) -> list[Agent]:
        """All registered agents."""

    def register_agent(self, registration: AgentRegistration, *, role: Role) -> Agent:
        """Register an agent, or change its registration."""

    def retire_agent(self, agent_id: str, *, role: Role) -> Agent:
        """Give an agent nothing more, and move on what it has."""

    def routing(self, *, role: Role, workflow_id: str | None = None) -> list[RoutingDecision]:
        """Routing decisions, newest first."""


class Dashboard(AnyService, Protocol):
    """Views, widgets, alerts."""

    def view(self, view: View, *, role: Role) -> DashboardView:
        """A view with its widgets."""

    def widget_data(
        self, widget: Widget, *, role: Role, repository: str | None = None, period: Period | None = None
    ) -> WidgetData:
        """What a widget shows now."""

    def configure_widget(self, widget: Widget, config: WidgetConfig, *, role: Role) -> WidgetConfig:
        """Change how a widget is shown."""

    def live_stream(self, wanted: Subscribe, *, role: Role) -> LiveStream:
        """What changes from now on, or after the sequence number that ``wanted`` names."""

    def alerts(
        self,
        *,
        role: Role,
        workflow_id: str | None = None,
        repository: str | None = None,
        state: AlertState | None = None,
    ) -> list[Alert]:
        """Alerts, newest first."""

    def raise_alert(self, request: AlertRequest, *, role: Role) -> Alert:
        """Raise an alert by hand."""

    def acknowledge_alert(self, alert_id: str, *, role: Role) -> Alert:
        """Take charge of an alert."""

    def resolve_alert(self, alert_id: str, *, role: Role) -> Alert:
        """Say that what an alert is about is settled."""

    def alert_rules(self, *, role: Role) -> list[AlertRule]:
        """The rules by which alerts are raised, by name."""

    def set_alert_rule(self, name: str, request: AlertRuleRequest, *, role: Role) -> AlertRule:
        """Put a rule in force, or change it."""

    def remove_alert_rule(self, name: str, *, role: Role) -> AlertRule:
        """Take a rule back."""


class EscalationService(AnyService, Protocol):
    """Escalations, notifications, stakeholders."""

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

    def escalation(self, escalation_id: str, *, role: Role) -> Escalation:
        """One escalation."""

    def acknowledge(self, escalation_id: str, *, role: Role, comment: str = "") -> Escalation:
        """Take charge of an escalation."""

    def resolve(self, escalation_id: str, *, role: Role, comment: str = "") -> Escalation:
        """Say that the matter is settled."""

    def close_escalation(self, escalation_id: str, *, role: Role) -> Escalation:
        """Put it away."""

    def notifications(self, *, role: Role, escalation_id: str | None = None) -> list[Notification]:
        """Notifications, newest first."""

    def stakeholders(self, *, role: Role) -> list[Stakeholder]:
        """Who is told, first tier first."""


@dataclass(frozen=True, slots=True)
class Services:
    """The four services of one QMS, as an adapter's factory gives them."""

    orchestration: Orchestration
    decision: Decision
    dashboard: Dashboard
    escalation: EscalationService
    close: Callable[[], None] = lambda: None
    """Gives back connections and whatever else was taken."""
