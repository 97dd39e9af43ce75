"""Every route of every service: the one place where a path, a role or a body is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from . import audit, clock, dashboard, escalations, events, health, identity, routing, webhooks, workflows
from .model import Model, Request
from .pull_requests import PullRequest
from .roles import SERVICE_ROLE, Role
from .services import Service
from .workflows import ResultRequest

Method = Literal["GET", "POST", "PUT", "DELETE"]
ALL: Final = tuple(Service)
PUBLIC: Final = "public"
Access = Role | Literal["public", "service"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query or header parameter."""

    name: str
    description: str
    type: type = str
    place: Literal["query", "header"] = "query"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One route. ``access`` is the lowest role that may use it, ``public``, or ``service``: no person at all."""

    name: str
    method: Method
    path: str
    services: tuple[Service, ...]
    summary: str
    access: Access
    answer: type[Model] | None = None
    """None: the answer is not JSON; ``media_type`` says what it is."""
    body: type[Request] | None = None
    status: int = 200
    query: tuple[Parameter, ...] = ()
    refusals: tuple[int, ...] = ()
    """Statuses beside 400, 401, 403 and 422 that it answers with."""
    media_type: str = "application/json"
    services_too: bool = False
    """Services may use it as well, although it has a person's role."""
    agents_too: bool = False
    """So may an agent that is a process of its own."""
    signed: tuple[type[Model], ...] = ()
    """Instead of ``body``: what is read of a body that is taken as it came, because a signature is over its bytes."""
    repeat_status: int | None = None
    """The status when the very same was had before; the answer is of the same kind."""
    socket: bool = False
    """A WebSocket; OpenAPI does not know such a thing, so it is described in docs/live.md."""

    def url(self, **parts: str) -> str:
        """The path with its parts filled in, each one percent-encoded."""
        from urllib.parse import quote

        return self.path.format(**{name: quote(str(part), safe="") for name, part in parts.items()})


_PAGE = (
    Parameter("limit", "Items on a page, 1 to 500; 100 unless told.", int),
    Parameter("cursor", "Where to go on: next_cursor of the page before."),
)
_O, _D, _B, _E = ((service,) for service in Service)

# --- every service
HEALTH = Route("health", "GET", "/health", ALL, "Whether the service can work", PUBLIC, health.Health)
METRICS = Route("metrics", "GET", "/metrics", ALL, "Figures for Prometheus", Role.DEVELOPER, media_type="text/plain")
OPENAPI = Route("openapi", "GET", "/openapi.json", ALL, "This document", Role.DEVELOPER, media_type="application/json")
EVENT_STREAM = Route(
    "event_stream", "GET", "/api/events", ALL, "The service's own events as they happen (server-sent events)",
    Role.DEVELOPER, media_type="text/event-stream",
    query=(
        Parameter("workflow_id", "Only this workflow's events."),
        Parameter("Last-Event-ID", "Resume after this position; without it the stream begins now.", place="header"),
    ),
)  # fmt: skip
DELIVER_EVENTS = Route(
    "deliver_events", "POST", "/api/events", ALL, "Take events from another service", Role.ADMIN,
    events.DeliveryReport, body=events.EventBatch, services_too=True,
)  # fmt: skip
DEAD_LETTERS = Route(
    "dead_letters", "GET", "/api/dead-letters", ALL, "Events that could not be handled", Role.QA_LEAD,
    events.DeadLetterPage, query=_PAGE,
)  # fmt: skip
REPLAY_DEAD_LETTER = Route(
    "replay_dead_letter", "POST", "/api/dead-letters/{event_id}/replay", ALL, "Handle a dead letter again", Role.ADMIN,
    events.DeadLetter, refusals=(404, 409),
)  # fmt: skip
COMPONENT_STATE = Route(
    "component_state", "GET", "/api/workflows/{workflow_id}/state", ALL, "This service's copy of a workflow's state",
    Role.DEVELOPER, workflows.ComponentState, refusals=(404,),
)  # fmt: skip
GET_CLOCK = Route("get_clock", "GET", "/api/clock", ALL, "The service's clock", Role.DEVELOPER, clock.Clock)
SET_CLOCK = Route(
    "set_clock", "PUT", "/api/clock", ALL, "Move the clock forward (test environments only)", Role.ADMIN, clock.Clock,
    body=clock.ClockRequest, refusals=(409,),
)  # fmt: skip

# --- orchestration
LOG_IN = Route(
    "log_in", "POST", "/api/auth/token", _O, "Log in", PUBLIC, identity.Token, body=identity.LogInRequest,
)  # fmt: skip
USERS = Route("users", "GET", "/api/admin/users", _O, "All accounts", Role.ADMIN, identity.UserPage, query=_PAGE)
START_WORKFLOW = Route(
    "start_workflow", "POST", "/api/workflows", _O, "Start a review", Role.QA_LEAD, workflows.Workflow,
    body=workflows.WorkflowRequest, status=201, refusals=(409, 413),
)  # fmt: skip
WORKFLOWS = Route(
    "workflows", "GET", "/api/workflows", _O, "Workflows, newest first", Role.DEVELOPER, workflows.WorkflowPage,
    query=(
        Parameter("repository", "Only this repository's."),
        Parameter("state", "Only those in this state.", workflows.WorkflowState),
        Parameter("pull_request", "Only those of the pull request with this id."),
        *_PAGE,
    ),
)  # fmt: skip
WORKFLOW = Route(
    "workflow", "GET", "/api/workflows/{workflow_id}", _O, "One workflow", Role.DEVELOPER, workflows.Workflow,
    refusals=(404,),
)  # fmt: skip
PULL_REQUEST = Route(
    "pull_request", "GET", "/api/workflows/{workflow_id}/pull-request", _O, "Its pull request with all files",
    Role.DEVELOPER, PullRequest, refusals=(404,),
)  # fmt: skip
PROGRESS_WORKFLOW = Route(
    "progress_workflow", "POST", "/api/workflows/{workflow_id}/progress", _O, "Let it through its next gate",
    Role.QA_LEAD, workflows.Workflow, body=workflows.ProgressRequest, refusals=(404, 409),
)  # fmt: skip
RETRY_STEP = Route(
    "retry_step", "POST", "/api/workflows/{workflow_id}/retry", _O, "Try the failed gate again", Role.QA_LEAD,
    workflows.Workflow, body=workflows.RetryRequest, refusals=(404, 409, 413),
)  # fmt: skip
PUSH_COMMIT = Route(
    "push_commit", "POST", "/api/workflows/{workflow_id}/commits", _O, "A new commit: start from the first gate",
    Role.DEVELOPER, workflows.Workflow, body=workflows.CommitRequest, refusals=(404, 409, 413),
)  # fmt: skip
CHANGE_STATE = Route(
    "change_state", "POST", "/api/workflows/{workflow_id}/transitions", _O, "Ask for a state", Role.MANAGER,
    workflows.Workflow, body=workflows.TransitionRequest, refusals=(404, 409),
)  # fmt: skip
OVERRIDE_GATE = Route(
    "override_gate", "POST", "/api/workflows/{workflow_id}/overrides", _O, "Pass a gate in spite of its verdict",
    Role.MANAGER, workflows.Workflow, body=workflows.OverrideRequest, refusals=(404, 409),
)  # fmt: skip
APPROVE = Route(
    "approve", "POST", "/api/workflows/{workflow_id}/approvals", _O, "Approve the final review", Role.MANAGER,
    workflows.Workflow, body=workflows.ApprovalRequest, refusals=(404, 409),
)  # fmt: skip
GIVE_FEEDBACK = Route(
    "give_feedback", "POST", "/api/workflows/{workflow_id}/feedback", _O, "Say how satisfied one is", Role.DEVELOPER,
    workflows.Workflow, body=workflows.FeedbackRequest, refusals=(404,),
)  # fmt: skip
SUBMIT_RESULT = Route(
    "submit_result", "POST", "/api/workflows/{workflow_id}/steps/{step}/results", _O, "An agent answers", Role.ADMIN,
    workflows.Workflow, body=ResultRequest, services_too=True, agents_too=True, refusals=(404, 409),
)  # fmt: skip
AUDIT_TRAIL = Route(
    "audit_trail", "GET", "/api/audit", _O, "The audit trail (reading it is recorded too)", Role.MANAGER,
    audit.AuditPage,
    query=(
        Parameter("workflow_id", "Only records about this workflow or its escalations."),
        Parameter("correlation_id", "Only records of this act."),
        Parameter("actor", "Only this actor's."),
        *_PAGE,
    ),
)  # fmt: skip
AUDIT_HEAD = Route("audit_head", "GET", "/api/audit/head", _O, "Its signed end", Role.MANAGER, audit.AuditHead)
RECORD_AUDIT = Route(
    "record_audit", "POST", "/api/audit", _O, "Take audit entries of another service", SERVICE_ROLE,
    events.DeliveryReport, body=audit.AuditEntryBatch,
)  # fmt: skip
GITHUB_WEBHOOK = Route(
    "github_webhook", "POST", "/api/webhooks/github", _O,
    "GitHub tells what happened to a pull request (signed with the shared secret)", PUBLIC, webhooks.HookReceipt,
    status=202, repeat_status=200, signed=(webhooks.PullRequestHook, webhooks.PingHook, webhooks.Hook),
    refusals=(400, 401, 413, 415),
    query=(
        Parameter(webhooks.EVENT_HEADER, "What happened: pull_request, ping, ….", place="header", required=True),
        Parameter(
            webhooks.DELIVERY_HEADER, "The delivery's own id; each is taken once.", place="header", required=True
        ),
        Parameter(
            webhooks.SIGNATURE_HEADER, "sha256= and HMAC-SHA256 of the body, hexadecimal.", place="header",
            required=True,
        ),
    ),
)  # fmt: skip
WEBHOOK_DELIVERIES = Route(
    "webhook_deliveries", "GET", "/api/webhooks/deliveries", _O, "What GitHub told and what became of it, newest first",
    Role.QA_LEAD, webhooks.HookDeliveryPage,
    query=(
        Parameter("delivery_id", "Only this delivery."),
        Parameter("repository", "Only this repository's."),
        Parameter("state", "Only those in this state.", webhooks.DeliveryState),
        *_PAGE,
    ),
)  # fmt: skip

# --- decision
AGENTS = Route("agents", "GET", "/api/agents", _D, "All agents", Role.DEVELOPER, routing.AgentPage, query=_PAGE)
REGISTER_AGENT = Route(
    "register_agent", "POST", "/api/agents", _D, "Register an agent, or change its registration", Role.ADMIN,
    routing.Agent, body=routing.AgentRegistration, status=201,
)  # fmt: skip
RETIRE_AGENT = Route(
    "retire_agent", "POST", "/api/agents/{agent_id}/retire", _D,
    "Give an agent no more work, and move on what it has; registering it again brings it back", Role.ADMIN,
    routing.Agent, refusals=(404, 409),
)  # fmt: skip
ROUTING = Route(
    "routing", "GET", "/api/routing", _D, "Routing decisions, newest first", Role.DEVELOPER, routing.RoutingPage,
    query=(Parameter("workflow_id", "Only this workflow's."), *_PAGE),
)  # fmt: skip

# --- dashboard
VIEW = Route(
    "view", "GET", "/api/dashboard/{view}", _B, "A view with its widgets", Role.DEVELOPER, dashboard.DashboardView,
    refusals=(404,),
)  # fmt: skip
WIDGET_DATA = Route(
    "widget_data", "GET", "/api/widgets/{widget}/data", _B, "What a widget shows", Role.DEVELOPER, dashboard.WidgetData,
    refusals=(404,),
    query=(
        Parameter("repository", "Only what belongs to this repository."),
        Parameter("period", "What history is counted by; as configured unless told.", dashboard.Period),
    ),
)  # fmt: skip
CONFIGURE_WIDGET = Route(
    "configure_widget", "PUT", "/api/widgets/{widget}/config", _B, "Change how a widget is shown", Role.QA_LEAD,
    dashboard.WidgetConfig, body=dashboard.WidgetConfig, refusals=(404,),
)  # fmt: skip
ALERTS = Route(
    "alerts", "GET", "/api/alerts", _B, "Alerts, newest first", Role.DEVELOPER, dashboard.AlertPage,
    query=(
        Parameter("workflow_id", "Only this workflow's."),
        Parameter("repository", "Only this repository's."),
        Parameter("state", "Only those in this state.", dashboard.AlertState),
        *_PAGE,
    ),
)  # fmt: skip
ACKNOWLEDGE_ALERT = Route(
    "acknowledge_alert", "POST", "/api/alerts/{alert_id}/acknowledge", _B, "Take charge of an alert", Role.QA_LEAD,
    dashboard.Alert, refusals=(404, 409),
)  # fmt: skip
LIVE = Route("live", "GET", "/api/live", _B, "Changes as they happen", Role.DEVELOPER, socket=True)
RAISE_ALERT = Route(
    "raise_alert", "POST", "/api/alerts", _B,
    "Raise an alert, and the escalation that goes with it; said again within 15 minutes it is the same alert",
    Role.QA_LEAD, dashboard.Alert, body=dashboard.AlertRequest, status=201, repeat_status=200, refusals=(404,),
)  # fmt: skip
RESOLVE_ALERT = Route(
    "resolve_alert", "POST", "/api/alerts/{alert_id}/resolve", _B, "Say that it is settled", Role.QA_LEAD,
    dashboard.Alert, refusals=(404, 409),
)  # fmt: skip
ALERT_RULES = Route(
    "alert_rules", "GET", "/api/alerts/rules", _B, "When the dashboard raises alerts by itself", Role.DEVELOPER,
    dashboard.AlertRulePage, query=_PAGE,
)  # fmt: skip
ALERT_RULE = Route(
    "alert_rule", "GET", "/api/alerts/rules/{name}", _B, "One rule", Role.DEVELOPER, dashboard.AlertRule,
    refusals=(404,),
)  # fmt: skip
SET_ALERT_RULE = Route(
    "set_alert_rule", "PUT", "/api/alerts/rules/{name}", _B, "Set a rule, or change it", Role.QA_LEAD,
    dashboard.AlertRule, body=dashboard.AlertRuleRequest,
)  # fmt: skip
REMOVE_ALERT_RULE = Route(
    "remove_alert_rule", "DELETE", "/api/alerts/rules/{name}", _B, "Take a rule back; answers what it was",
    Role.QA_LEAD, dashboard.AlertRule, refusals=(404,),
)  # fmt: skip

# --- escalation
ESCALATIONS = Route(
    "escalations", "GET", "/api/escalations", _E, "Escalations, newest first", Role.DEVELOPER,
    escalations.EscalationPage,
    query=(
        Parameter("workflow_id", "Only this workflow's."),
        Parameter("repository", "Only this repository's."),
        Parameter("state", "Only those in this state.", escalations.EscalationState),
        Parameter("level", "Only those of this level.", escalations.EscalationLevel),
        *_PAGE,
    ),
)  # fmt: skip
ESCALATION = Route(
    "escalation", "GET", "/api/escalations/{escalation_id}", _E, "One escalation", Role.DEVELOPER,
    escalations.Escalation, refusals=(404,),
)  # fmt: skip
ACKNOWLEDGE_ESCALATION = Route(
    "acknowledge_escalation", "POST", "/api/escalations/acknowledge", _E, "Take charge of an escalation", Role.QA_LEAD,
    escalations.Escalation, body=escalations.AcknowledgeRequest, refusals=(404, 409),
)  # fmt: skip
RESOLVE_ESCALATION = Route(
    "resolve_escalation", "POST", "/api/escalations/{escalation_id}/resolve", _E, "Say that it is settled",
    Role.QA_LEAD, escalations.Escalation, body=escalations.ResolveRequest, refusals=(404, 409),
)  # fmt: skip
CLOSE_ESCALATION = Route(
    "close_escalation", "POST", "/api/escalations/{escalation_id}/close", _E, "Put it away", Role.MANAGER,
    escalations.Escalation, refusals=(404, 409),
)  # fmt: skip
NOTIFICATIONS = Route(
    "notifications", "GET", "/api/notifications", _E, "Notifications, newest first", Role.QA_LEAD,
    escalations.NotificationPage, query=(Parameter("escalation_id", "Only this escalation's."), *_PAGE),
)  # fmt: skip
STAKEHOLDERS = Route(
    "stakeholders", "GET", "/api/stakeholders", _E, "Who is told", Role.QA_LEAD, escalations.StakeholderPage,
    query=_PAGE,
)  # fmt: skip

_EVERY: Final = tuple(value for value in list(globals().values()) if isinstance(value, Route))
ROUTES: Final[tuple[Route, ...]] = tuple(route for route in _EVERY if not route.socket)
SOCKETS: Final[tuple[Route, ...]] = tuple(route for route in _EVERY if route.socket)


def routes_of(service: Service) -> tuple[Route, ...]:
    """The routes that ``service`` answers."""
    return tuple(route for route in ROUTES if service in route.services)
