"""The widgets: each one a function of the board's tables, and the views that they are put together to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.dashboard import HISTORIES, DashboardView, Period, View, Widget, WidgetConfig, WidgetData
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import field_refused

from . import about_agents, about_reviews
from .tables import widget_configs

Compute = Callable[[Connection, WidgetConfig, str | None], dict[str, Any]]
_W = Widget
VIEWS: Final[dict[View, tuple[Widget, ...]]] = {
    View.EXECUTIVE: (_W.QUALITY_TREND, _W.WORKFLOW_PIPELINE, _W.ESCALATIONS, _W.LOAD_DISTRIBUTION),
    View.OPERATIONAL: (
        _W.WORKFLOW_PIPELINE, _W.QUEUE_DEPTH, _W.AGENT_STATUS, _W.LOAD_DISTRIBUTION, _W.ROUTING_HISTORY,
        _W.ACTIVE_ALERTS, _W.ESCALATIONS,
    ),
    View.DEVELOPER: (_W.WORKFLOW_PIPELINE, _W.QUEUE_DEPTH, _W.QUALITY_TREND, _W.ACTIVE_ALERTS),
    View.QA: (
        _W.WORKFLOW_PIPELINE, _W.QUALITY_TREND, _W.ROUTING_HISTORY, _W.ACTIVE_ALERTS, _W.ESCALATIONS,
    ),
}  # fmt: skip


def view_data(connection: Connection, context: Context, view: View) -> DashboardView:
    """A view with all its widgets, all from one moment."""
    return DashboardView(
        view=view,
        widgets=[widget_data(connection, context, widget, None) for widget in VIEWS[view]],
        as_of=context.now(),
    )


def widget_data(
    connection: Connection, context: Context, widget: Widget, repository: str | None, period: Period | None = None
) -> WidgetData:
    """What a widget shows now; with ``repository`` only of that one. Raises Refusal (422) for a period it has not."""
    config = stored_config(connection, widget)
    if period is not None:
        config.period = period
        _refuse_period(widget, config)
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
    """Show the widget like this from now on, for everybody; who wanted it so is on the audit trail.

    Raises Refusal (422) for what the widget does not have.
    """
    _refuse_period(widget, config)
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


def _refuse_period(widget: Widget, config: WidgetConfig) -> None:
    if config.period is not None and widget not in HISTORIES:
        histories = " and ".join(one.value for one in HISTORIES)
        raise field_refused("period", f"{widget} shows no history, so it is counted by nothing; {histories} are.")


_COMPUTE: Final[dict[Widget, Compute]] = {
    Widget.WORKFLOW_PIPELINE: about_reviews.pipeline,
    Widget.QUEUE_DEPTH: about_reviews.queue_depth,
    Widget.QUALITY_TREND: about_reviews.quality,
    Widget.ACTIVE_ALERTS: about_reviews.active_alerts,
    Widget.ESCALATIONS: about_reviews.open_escalations,
    Widget.AGENT_STATUS: about_agents.agent_status,
    Widget.LOAD_DISTRIBUTION: about_agents.load_distribution,
    Widget.ROUTING_HISTORY: about_agents.routing_history,
}
