"""Views, widgets and alerts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

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
    acknowledged_by: str | None = None
    resolved_at: Moment | None = None


class AlertPage(Page):
    """Alerts, newest first."""

    items: list[Alert]
