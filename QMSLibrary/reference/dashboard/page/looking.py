"""What is on a view: its cards, each with what its template draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from QMSLibrary.contract.dashboard import AlertState, View, Widget, WidgetConfig
from QMSLibrary.contract.pages import SUMMARY
from QMSLibrary.contract.targets import Targets
from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.reference.dashboard import about_reviews
from QMSLibrary.reference.dashboard.alerts import alert_page
from QMSLibrary.reference.dashboard.widgets import VIEWS, widget_data
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.refusals import not_found

from .pictures import stages, trend
from .words import TITLES, counted, figure

TARGET: Final = Targets().quality_score
_TOPICS: Final[dict[str, frozenset[str]]] = {
    # What has to happen for a card to look different: topics of the live stream, or one state of what they are about.
    SUMMARY: frozenset({"workflow", "alert", "escalation"}),
    Widget.WORKFLOW_PIPELINE: frozenset({"workflow"}),
    Widget.QUALITY_TREND: frozenset({f"workflow={WorkflowState.COMPLETED}"}),
    Widget.ACTIVE_ALERTS: frozenset({"alert"}),
    Widget.ESCALATIONS: frozenset({"escalation"}),
    Widget.AGENT_STATUS: frozenset({"agent", "routing"}),
    Widget.QUEUE_DEPTH: frozenset({"workflow", "routing"}),
    Widget.LOAD_DISTRIBUTION: frozenset({"agent", "routing"}),
    Widget.ROUTING_HISTORY: frozenset({"routing"}),
}


_PLACES: Final[dict[str, str]] = {
    SUMMARY: "full",
    Widget.WORKFLOW_PIPELINE: "full",
    Widget.QUALITY_TREND: "main",
    Widget.AGENT_STATUS: "main",
    Widget.ROUTING_HISTORY: "main",
    Widget.ESCALATIONS: "main",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the top."""

    key: str
    value: str
    name: str
    note: str
    tone: str = "calm"


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the page, as its template needs it."""

    key: str
    title: str
    topics: str
    as_of: datetime
    data: Mapping[str, Any]
    drawn: Any = None
    """What the template draws beside the data: Stages, a Trend, Tiles."""
    config: WidgetConfig | None = None

    @property
    def place(self) -> str:
        """Where it is in a wide window: ``full``, or the ``main`` or the ``side`` column."""
        return _PLACES.get(self.key, "side")

    @property
    def template(self) -> str:
        """The template of its inside."""
        return f"cards/{self.key}.html.j2"


def cards_of(view: View) -> tuple[str, ...]:
    """The keys of a view's cards, in their order."""
    return (SUMMARY, *(widget.value for widget in VIEWS[view]))


def card(connection: Connection, context: Context, view: View, key: str, repository: str | None) -> Card:
    """One card as it is now. Raises Refusal (404) when the view has no such card."""
    if key not in cards_of(view):
        raise not_found(f"card of the view {view}", key)
    if key == SUMMARY:
        return _summary(connection, context, repository)
    found = widget_data(connection, context, Widget(key), repository)
    return Card(
        key=key,
        title=found.config.title or TITLES[key],
        topics=" ".join(sorted(_TOPICS[key])),
        as_of=found.as_of,
        data=found.data,
        drawn=_DRAWN[key](found.data) if key in _DRAWN else _beside(connection, key, repository, found.config.limit),
        config=found.config,
    )


_DRAWN: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    Widget.WORKFLOW_PIPELINE.value: lambda data: stages(data["by_state"]),
    Widget.QUALITY_TREND.value: lambda data: trend(data["points"], TARGET),
}


def _beside(connection: Connection, key: str, repository: str | None, limit: int) -> Any:
    """What a card shows beside its widget: with the open alerts those that somebody works on, to be resolved."""
    if key != Widget.ACTIVE_ALERTS:
        return None
    filters = {"state": AlertState.ACKNOWLEDGED.value, "repository": repository}
    return alert_page(connection, filters, limit, None).items


def _summary(connection: Connection, context: Context, repository: str | None) -> Card:
    # Only their sums are shown, and they do not depend on how many rows there are beside them.
    shortest = WidgetConfig(limit=1)
    pipeline = about_reviews.pipeline(connection, shortest, repository)
    alerts = about_reviews.active_alerts(connection, shortest, repository)
    escalations = about_reviews.open_escalations(connection, shortest, repository)
    quality = about_reviews.quality(connection, shortest, repository)
    states = pipeline["by_state"]
    running = sum(pipeline["in_progress_by_step"].values())
    stopped = sum(count for state, count in states.items() if state.endswith(("_FAILED", "_BLOCKED", "_REJECTED")))
    stopped += states.get("ERROR", 0)
    mean, urgent = quality["mean_quality_score"], alerts["by_severity"]
    grave = urgent.get("critical", 0) + urgent.get("high", 0)
    tiles = [
        Tile("running", str(running), "under way", f"of {counted(pipeline['total'], 'review')}"),
        Tile("stopped", str(stopped), "stopped at a gate",
             "wait for a fix or an override" if stopped else "nothing stands still", "warn" if stopped else "good"),
        Tile("quality", figure(mean), "mean quality", f"target {figure(TARGET)}",
             "calm" if mean is None else "good" if mean >= TARGET else "warn"),
        Tile("alerts", str(alerts["total"]), _plural(alerts["total"], "open alert"), _grave(grave, alerts["total"]),
             "bad" if grave else "warn" if alerts["total"] else "good"),
        Tile("escalations", str(escalations["open"]), _plural(escalations["open"], "open escalation"),
             f"{escalations['by_state'].get('acknowledged', 0)} in somebody’s hands",
             "warn" if escalations["open"] else "good"),
    ]  # fmt: skip
    return Card(SUMMARY, "At a glance", " ".join(sorted(_TOPICS[SUMMARY])), context.now(), {}, tiles)


def _plural(count: int, name: str) -> str:
    return name if count == 1 else f"{name}s"


def _grave(grave: int, total: int) -> str:
    if grave:
        return f"{grave} high or critical"
    return "none of them grave" if total else "all quiet"
