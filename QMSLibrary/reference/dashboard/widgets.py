"""The widgets: each one a function of the board's tables, and the views that they are put together to."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, func, insert, select, update

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.dashboard import AlertState, DashboardView, View, Widget, WidgetConfig, WidgetData
from QMSLibrary.contract.escalations import EscalationLevel
from QMSLibrary.contract.steps import Severity, Step
from QMSLibrary.contract.workflows import WorkflowState, WorkflowStatus
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity

from .alerts import alert_of
from .tables import alerts, copies, scores, widget_configs

Compute = Callable[[Connection, WidgetConfig, str | None], dict[str, Any]]
VIEWS: Final[dict[View, tuple[Widget, ...]]] = {
    View.EXECUTIVE: (Widget.QUALITY_TREND, Widget.WORKFLOW_PIPELINE, Widget.ESCALATIONS),
    View.OPERATIONAL: (Widget.WORKFLOW_PIPELINE, Widget.ACTIVE_ALERTS, Widget.ESCALATIONS),
    View.DEVELOPER: (Widget.WORKFLOW_PIPELINE, Widget.QUALITY_TREND, Widget.ACTIVE_ALERTS),
    View.QA: (Widget.WORKFLOW_PIPELINE, Widget.QUALITY_TREND, Widget.ACTIVE_ALERTS, Widget.ESCALATIONS),
}


def view_data(connection: Connection, context: Context, view: View) -> DashboardView:
    """A view with all its widgets, all from one moment."""
    return DashboardView(
        view=view,
        widgets=[widget_data(connection, context, widget, None) for widget in VIEWS[view]],
        as_of=context.now(),
    )


def widget_data(connection: Connection, context: Context, widget: Widget, repository: str | None) -> WidgetData:
    """What a widget shows now; with ``repository`` only of that one."""
    config = stored_config(connection, widget)
    return WidgetData(
        widget=widget, config=config, data=_COMPUTE[widget](connection, config, repository), as_of=context.now()
    )


def stored_config(connection: Connection, widget: Widget) -> WidgetConfig:
    """How the widget is shown: as somebody wanted it, or as the contract has it."""
    text = connection.execute(select(widget_configs.c.config).where(widget_configs.c.widget == widget.value)).scalar()
    return WidgetConfig() if text is None else WidgetConfig.model_validate_json(text)


def configure(
    connection: Connection,
    context: Context,
    widget: Widget,
    config: WidgetConfig,
    actor: Identity,
    correlation_id: str,
) -> WidgetConfig:
    """Show the widget like this from now on, for everybody; who wanted it so is on the audit trail."""
    before = stored_config(connection, widget)
    row = {"config": config.model_dump_json()}
    changed = connection.execute(update(widget_configs).where(widget_configs.c.widget == widget.value), row)
    if changed.rowcount == 0:
        connection.execute(insert(widget_configs), {"widget": widget.value, **row})
    context.audit(
        connection,
        AuditAction.CONFIGURATION_CHANGED,
        f"widget:{widget}",
        correlation_id=correlation_id,
        actor=actor,
        before=before.model_dump(mode="json"),
        after=config.model_dump(mode="json"),
    )
    return config


# --- the widgets


def _pipeline(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    table = copies.table
    of = _of_repository(table, repository)
    states = _count(connection, table.c.state, *of)
    running = _count(connection, table.c.step, table.c.status == WorkflowStatus.IN_PROGRESS.value, *of)
    newest = select(table).where(*of).order_by(table.c.updated_at.desc(), table.c.workflow_id).limit(config.limit)
    return {
        "total": sum(states.values()),
        "by_state": {state.value: states.get(state, 0) for state in WorkflowState},
        "in_progress_by_step": {step.value: running.get(step, 0) for step in Step},
        "workflows": [dict(row) for row in connection.execute(newest).mappings()],
    }


def _quality(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    of = _of_repository(scores, repository)
    total = connection.execute(select(func.count()).select_from(scores).where(*of)).scalar_one()
    newest = select(
        scores.c.workflow_id,
        scores.c.repository,
        scores.c.completed_at,
        scores.c.quality_score,
        scores.c.compliance_score,
        scores.c.compliance_adhered,
        scores.c.total_duration,
    )
    newest = newest.where(*of).order_by(scores.c.completed_at.desc(), scores.c.workflow_id).limit(config.limit)
    points = [dict(row) for row in connection.execute(newest).mappings()][::-1]
    known = [point["quality_score"] for point in points if point["quality_score"] is not None]
    return {
        "completed": total,
        "points": points,
        "mean_quality_score": round(fmean(known), 2) if known else None,
        "share_compliant": sum(point["compliance_adhered"] for point in points) / len(points) if points else None,
    }


def _active_alerts(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    active = (alerts.c.state == AlertState.ACTIVE.value, *_of_repository(alerts, repository))
    severities = _count(connection, alerts.c.severity, *active)
    newest = select(alerts).where(*active).order_by(alerts.c.position.desc()).limit(config.limit)
    return {
        "total": sum(severities.values()),
        "by_severity": {severity.value: severities.get(severity, 0) for severity in Severity},
        "alerts": [alert_of(row).model_dump(mode="json") for row in connection.execute(newest)],
    }


def _escalations(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    of = _of_repository(alerts, repository)
    is_open = alerts.c.state != AlertState.RESOLVED.value
    states = _count(connection, alerts.c.state, *of)
    levels = _count(connection, alerts.c.level, is_open, *of)
    shown = select(
        alerts.c.escalation_id,
        alerts.c.level,
        alerts.c.type,
        alerts.c.title.label("reason"),
        alerts.c.state,
        alerts.c.workflow_id,
        alerts.c.repository,
        alerts.c.raised_at.label("triggered_at"),
        alerts.c.acknowledged_by,
    )
    # L0 sorts before L3: the most urgent first, and of those the oldest.
    shown = shown.where(is_open, *of).order_by(alerts.c.level, alerts.c.position).limit(config.limit)
    return {
        "open": sum(levels.values()),
        "by_state": {state.value: states.get(state, 0) for state in AlertState},
        "open_by_level": {level.value: levels.get(level, 0) for level in EscalationLevel},
        "escalations": [dict(row) for row in connection.execute(shown).mappings()],
    }


_COMPUTE: Final[dict[Widget, Compute]] = {
    Widget.WORKFLOW_PIPELINE: _pipeline,
    Widget.QUALITY_TREND: _quality,
    Widget.ACTIVE_ALERTS: _active_alerts,
    Widget.ESCALATIONS: _escalations,
}


def _of_repository(table: Table, repository: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if repository is None else (table.c.repository == repository,)


def _count(connection: Connection, column: Column[Any], *where: ColumnElement[bool]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column))
    return {row[0]: row[1] for row in rows}
