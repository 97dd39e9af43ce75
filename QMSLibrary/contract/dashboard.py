"""Views, widgets and alerts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from .escalations import EscalationLevel
from .model import Model, Moment, Page, Request
from .steps import Severity


class View(StrEnum):
    """A dashboard for one audience."""

    EXECUTIVE = "executive"
    OPERATIONAL = "operational"
    DEVELOPER = "developer"
    QA = "qa"


class Widget(StrEnum):
    """A part of a view."""

    WORKFLOW_PIPELINE = "workflow_pipeline"
    """Reviews by state and step, and the newest of them."""
    AGENT_STATUS = "agent_status"
    """Each agent's health, load, and what its work came to."""
    QUEUE_DEPTH = "queue_depth"
    """Reviews that wait for a slot, for agents, for a person."""
    LOAD_DISTRIBUTION = "load_distribution"
    """How the assignments were shared out among the agents."""
    QUALITY_TREND = "quality_trend"
    """What completed reviews came to, and what happened in each hour or day."""
    ROUTING_HISTORY = "routing_history"
    """Routing decisions with their reasons, and how many in each hour or day."""
    ACTIVE_ALERTS = "active_alerts"
    ESCALATIONS = "escalations"


class Period(StrEnum):
    """What history is counted by, in UTC."""

    HOUR = "hour"
    DAY = "day"


HISTORIES: Final = (Widget.QUALITY_TREND, Widget.ROUTING_HISTORY)
"""The widgets that show what happened in each period."""


class WidgetConfig(Request):
    """How a widget is shown."""

    title: Annotated[str, Field(max_length=120)] | None = None
    refresh_seconds: Annotated[int, Field(ge=1, le=3600)] = 5
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    """Of each list, the newest so many; sums are always over everything."""
    period: Period | None = None
    """What history is counted by, a day unless told; refused for a widget that shows none."""


class WidgetData(Model):
    """What a widget shows now."""

    widget: Widget
    config: WidgetConfig
    data: dict[str, Any]
    as_of: Moment


class DashboardView(Model):
    """A view with all its widgets."""

    view: View
    widgets: list[WidgetData]
    as_of: Moment


class AlertState(StrEnum):
    """Where an alert stands."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


ALERT_LEVELS: Final[dict[Severity, EscalationLevel]] = {
    Severity.CRITICAL: EscalationLevel.L0_CRITICAL,
    Severity.HIGH: EscalationLevel.L1_IMMEDIATE,
    Severity.MEDIUM: EscalationLevel.L2_URGENT,
    Severity.LOW: EscalationLevel.L3_STANDARD,
}
"""The level of the escalation that an alert of a severity asks for, and the severity of one that comes with it."""


class Alert(Model):
    """Something on the dashboard that wants attention."""

    id: str
    severity: Severity
    title: str
    state: AlertState
    workflow_id: str | None = None
    repository: str | None = None
    escalation_id: str | None = None
    correlation_id: str
    raised_at: Moment
    raised_by: str | None = None
    """Who raised it on the dashboard: a person, or the dashboard by a rule. None: it came with an escalation."""
    rule: str | None = None
    """The rule that raised it."""
    acknowledged_by: str | None = None
    resolved_at: Moment | None = None


class AlertPage(Page):
    """Alerts, newest first."""

    items: list[Alert]


Repository = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^/\s]+/[^/\s]+$")]


class AlertRequest(Request):
    """Raise an alert by hand. What a workflow's alert is about the dashboard knows; else name the repository."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"\S")]
    severity: Severity
    repository: Repository | None = None
    workflow_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class Figure(StrEnum):
    """A figure of a review that an alert rule may name."""

    QUALITY_SCORE = "quality_score"
    """0 to 100, known when the final review is done."""
    COMPLIANCE_SCORE = "compliance_score"
    """0 to 100, known when the review is completed."""
    COVERAGE = "coverage"
    """Per cent, known when the Definition of Done is judged."""
    VULNERABILITIES = "vulnerabilities"
    """How many the security scan found."""
    STYLE_FINDINGS = "style_findings"
    HIGHEST_COMPLEXITY = "highest_complexity"
    """Of any function of the change."""
    LINES_CHANGED = "lines_changed"
    UNTESTED_FILES = "untested_files"
    TOTAL_DURATION = "total_duration"
    """Seconds from the start to the completion."""


class AlertRuleRequest(Request):
    """When the dashboard is to raise an alert by itself."""

    expression: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """``quality_score < 70``: a Figure, one of < <= > >= == !=, a number; several joined by ``and`` and ``or``."""
    severity: Severity = Severity.MEDIUM
    repository: Repository | None = None
    """Only reviews of this repository; None: all."""


class AlertRule(Model):
    """A rule as it is in force."""

    name: str
    expression: str
    severity: Severity
    repository: str | None = None
    set_by: str
    set_at: Moment


class AlertRulePage(Page):
    """All rules, by name."""

    items: list[AlertRule]
