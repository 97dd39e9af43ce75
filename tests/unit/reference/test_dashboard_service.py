"""Entries, alerts, widgets and views, in the real service with its database and timers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard_escalation_bench import Bench, bench, event

from QMSLibrary.contract.dashboard import View, Widget, WidgetConfig
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import WorkflowState as S
from QMSLibrary.reference.kernel.refusals import Refusal

CREATED, UPDATED = "dashboard.workflow_created", "dashboard.workflow_updated"


@pytest.fixture
def qms(tmp_path: Path) -> Iterator[Bench]:
    with bench(Service.DASHBOARD, tmp_path) as made:
        yield made


def started(state: S = S.DOR_PENDING, **more: Any) -> Event:
    return event("workflow.started", state, 1, **more)


def requested(**more: Any) -> Event:
    return event("decision.routing_requested", source="decision", step="dor_validation", **more)


def completed(number: int, *, quality: float, compliant: bool = True, **more: Any) -> Event:
    result = {
        "quality_score": quality, "compliance_score": 100.0, "compliance_adhered": compliant, "total_duration": 2.5,
    }  # fmt: skip
    return event("workflow.completed", S.COMPLETED, number, result=result, **more)


def escalation(kind: str, state: str, **changes: Any) -> Event:
    snapshot = {
        "id": "esc-1", "level": "L1_IMMEDIATE", "type": "high_severity_security", "reason": "high_severity_security: x",
        "state": state, "workflow_id": "wf-1", "repository": "acme/shop", "correlation_id": "c-wf-1",
        "triggered_at": "2026-01-01T00:00:00.000000Z", "acknowledged_by": None, "resolved_at": None, **changes,
    }  # fmt: skip
    return event(f"escalation.{kind}", source="escalation", escalation=snapshot)


TRIGGERED = escalation("triggered", "active")
ACKNOWLEDGED = escalation("acknowledged", "acknowledged", acknowledged_by="lea")
RESOLVED = escalation("resolved", "resolved", acknowledged_by="lea", resolved_at="2026-01-01T01:00:00.000000Z")


def widget(qms: Bench, which: Widget, **query: str) -> dict[str, Any]:
    return qms.call("widget_data", widget=which, **query).data


# --- entries


def test_an_entry_is_announced_once_the_routing_is_requested(qms: Bench) -> None:
    qms.deliver(started())
    assert qms.said() == []
    qms.deliver(requested())
    assert qms.said() == [CREATED]
    (said,) = qms.log(CREATED)
    assert (said["workflow_id"], said["correlation_id"]) == ("wf-1", "c-wf-1")
    assert said["payload"]["workflow"]["state"] == "DOR_PENDING"


def test_it_does_not_matter_which_of_the_two_is_heard_first(qms: Bench) -> None:
    qms.deliver(requested(), started())
    assert qms.said() == [CREATED]


def test_without_the_request_it_is_announced_after_a_second(qms: Bench) -> None:
    qms.deliver(started())
    qms.move(seconds=0.9)
    assert qms.said() == []
    qms.move(seconds=0.2)
    assert qms.said() == [CREATED]
    qms.deliver(requested())
    assert qms.said() == [CREATED]


def test_later_steps_requests_announce_nothing_anew(qms: Bench) -> None:
    qms.deliver(started(), requested(), requested(), requested())
    qms.move(minutes=1)
    assert qms.said() == [CREATED]


def test_a_queued_workflow_is_shown_and_waits_for_its_turn_to_be_announced(qms: Bench) -> None:
    qms.deliver(started(S.INITIALIZED))
    qms.move(seconds=5)
    assert qms.said() == []
    assert qms.call("component_state", workflow_id="wf-1").status == "queued"
    qms.deliver(event("pr.updated", S.DOR_PENDING, 2), requested())
    assert qms.said() == [CREATED]


def test_changes_are_announced_and_old_news_is_not(qms: Bench) -> None:
    qms.deliver(started(), requested())
    qms.deliver(event("step.completed", S.PROGRESS_PENDING, 4), event("step.completed", S.DOR_PENDING, 3))
    assert qms.said() == [CREATED, UPDATED]
    assert qms.call("component_state", workflow_id="wf-1").state == "PROGRESS_PENDING"


def test_only_orchestration_needs_to_know_of_the_entry(qms: Bench) -> None:
    qms.deliver(started(), requested(), event("step.completed", S.PROGRESS_PENDING, 4))
    from sqlalchemy import select

    from QMSLibrary.reference.kernel.log import event_log

    query = select(event_log.c.type, event_log.c.destinations)
    sent_to = qms.write(lambda connection: [tuple(row) for row in connection.execute(query)])
    assert sent_to == [(CREATED, "orchestration"), (UPDATED, "")]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_order_and_however_often_the_end_is_the_same(qms: Bench, seed: int) -> None:
    story = [
        started(), requested(), event("step.completed", S.PROGRESS_PENDING, 4), completed(9, quality=90),
        TRIGGERED, ACKNOWLEDGED, RESOLVED,
    ]  # fmt: skip
    told = story * 3
    random.Random(seed).shuffle(told)
    for one in told:
        qms.deliver(one)
    state = qms.call("component_state", workflow_id="wf-1")
    assert (state.state, state.revision, state.progress) == ("COMPLETED", 9, 75)
    assert qms.said().count(CREATED) == 1
    (alert,) = qms.call("alerts").items
    assert (alert.state, alert.acknowledged_by) == ("resolved", "lea")
    assert widget(qms, Widget.QUALITY_TREND)["completed"] == 1


def test_an_unknown_workflow_is_not_found(qms: Bench) -> None:
    with pytest.raises(Refusal, match="no workflow 'wf-9'"):
        qms.call("component_state", workflow_id="wf-9")


def test_the_wait_for_the_request_survives_a_restart(tmp_path: Path) -> None:
    with bench(Service.DASHBOARD, tmp_path) as qms:
        qms.deliver(started())
    with bench(Service.DASHBOARD, tmp_path) as qms:
        qms.move(seconds=2)
        assert qms.said() == [CREATED]


# --- alerts


def test_an_escalation_raises_an_alert_and_its_resolution_clears_it(qms: Bench) -> None:
    qms.deliver(started(), TRIGGERED)
    (alert,) = qms.call("alerts").items
    assert (alert.state, alert.severity, alert.workflow_id) == ("active", "high", "wf-1")
    assert alert.escalation_id == "esc-1"
    assert qms.call("component_state", workflow_id="wf-1").details == {"open_alerts": 1}
    qms.deliver(RESOLVED)
    (alert,) = qms.call("alerts").items
    assert alert.state == "resolved"
    assert alert.resolved_at is not None
    assert qms.call("alerts", state="active").items == []
    assert qms.call("component_state", workflow_id="wf-1").details == {"open_alerts": 0}


@pytest.mark.parametrize(
    ("level", "severity"),
    [("L0_CRITICAL", "critical"), ("L1_IMMEDIATE", "high"), ("L2_URGENT", "medium"), ("L3_STANDARD", "low")],
)
def test_an_alert_is_as_grave_as_its_escalation(qms: Bench, level: str, severity: str) -> None:
    qms.deliver(escalation("triggered", "active", level=level))
    assert qms.call("alerts").items[0].severity == severity


def test_acknowledged_at_the_escalation_the_alert_is_too(qms: Bench) -> None:
    qms.deliver(TRIGGERED, ACKNOWLEDGED)
    (alert,) = qms.call("alerts").items
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", "lea")


def test_acknowledging_an_alert_hands_on_to_the_escalation_once(qms: Bench) -> None:
    qms.deliver(TRIGGERED)
    (alert,) = qms.call("alerts").items
    done = qms.call("acknowledge_alert", alert_id=alert.id)
    assert (done.state, done.acknowledged_by) == ("acknowledged", "lead")
    (handed_on,) = qms.log("dashboard.alert_acknowledged")
    assert handed_on["payload"]["escalation_id"] == "esc-1"
    assert (handed_on["payload"]["actor"], handed_on["payload"]["role"]) == ("lead", "qa_lead")
    (audited,) = qms.log("alert.acknowledged")
    assert (audited["actor"], audited["correlation_id"]) == ("lead", "act-1")
    with pytest.raises(Refusal) as refused:
        qms.call("acknowledge_alert", alert_id=alert.id)
    assert (refused.value.status, refused.value.code) == (409, "already_acknowledged")
    assert len(qms.log("dashboard.alert_acknowledged")) == 1


def test_the_escalation_knows_best_who_was_first(qms: Bench) -> None:
    qms.deliver(TRIGGERED)
    qms.call("acknowledge_alert", alert_id="alert-esc-1")
    qms.deliver(ACKNOWLEDGED)
    assert qms.call("alerts").items[0].acknowledged_by == "lea"


def test_an_alert_that_is_cleared_or_unknown_cannot_be_acknowledged(qms: Bench) -> None:
    qms.deliver(escalation("resolved", "resolved"))
    with pytest.raises(Refusal) as refused:
        qms.call("acknowledge_alert", alert_id="alert-esc-1")
    assert (refused.value.status, refused.value.code) == (409, "illegal_transition")
    with pytest.raises(Refusal) as refused:
        qms.call("acknowledge_alert", alert_id="alert-esc-2")
    assert refused.value.status == 404


# --- widgets and views


def test_the_pipeline_counts_what_the_events_said(qms: Bench) -> None:
    qms.deliver(
        started(), started(workflow="wf-2"), event("gate.failed", S.DOR_FAILED, 2, workflow="wf-2"),
        started(workflow="wf-3", repository="acme/blog"),
    )  # fmt: skip
    data = widget(qms, Widget.WORKFLOW_PIPELINE)
    assert data["total"] == 3
    assert (data["by_state"]["DOR_PENDING"], data["by_state"]["DOR_FAILED"], data["by_state"]["COMPLETED"]) == (2, 1, 0)
    assert data["in_progress_by_step"]["dor_validation"] == 2
    assert {one["workflow_id"] for one in data["workflows"]} == {"wf-1", "wf-2", "wf-3"}
    only = widget(qms, Widget.WORKFLOW_PIPELINE, repository="acme/blog")
    assert [one["workflow_id"] for one in only["workflows"]] == ["wf-3"]


def test_the_quality_trend_is_that_of_the_newest_completions(qms: Bench) -> None:
    qms.deliver(
        completed(5, quality=80), completed(5, quality=90, workflow="wf-2", compliant=False),
        completed(9, quality=100), completed(7, quality=10),
    )  # fmt: skip
    data = widget(qms, Widget.QUALITY_TREND)
    assert [(one["workflow_id"], one["quality_score"]) for one in data["points"]] == [("wf-2", 90), ("wf-1", 100)]
    assert (data["completed"], data["mean_quality_score"], data["share_compliant"]) == (2, 95, 0.5)


def test_the_trend_of_nothing_is_no_number(qms: Bench) -> None:
    assert widget(qms, Widget.QUALITY_TREND) == {
        "completed": 0, "points": [], "mean_quality_score": None, "share_compliant": None, "history": [],
    }  # fmt: skip


def test_the_alerts_and_escalations_widgets(qms: Bench) -> None:
    qms.deliver(
        TRIGGERED, escalation("triggered", "active", id="esc-2", level="L3_STANDARD", type="dor_failed"),
        escalation("triggered", "active", id="esc-3", level="L0_CRITICAL", type="leaked_secret"),
        escalation("acknowledged", "acknowledged", id="esc-2", level="L3_STANDARD", acknowledged_by="lea"),
    )  # fmt: skip
    data = widget(qms, Widget.ACTIVE_ALERTS)
    assert (data["total"], data["by_severity"]) == (2, {"low": 0, "medium": 0, "high": 1, "critical": 1})
    data = widget(qms, Widget.ESCALATIONS)
    assert (data["open"], data["by_state"]) == (3, {"active": 2, "acknowledged": 1, "resolved": 0})
    assert [one["escalation_id"] for one in data["escalations"]] == ["esc-3", "esc-1", "esc-2"]
    assert data["open_by_level"] == {"L0_CRITICAL": 1, "L1_IMMEDIATE": 1, "L2_URGENT": 0, "L3_STANDARD": 1}


def test_a_widgets_configuration_is_kept_obeyed_and_audited(qms: Bench) -> None:
    qms.deliver(*(started(workflow=f"wf-{number}") for number in range(5)))
    wanted = WidgetConfig(title="Mine", limit=2)
    assert qms.call("configure_widget", widget="workflow_pipeline", body=wanted) == wanted
    qms.call("configure_widget", widget="workflow_pipeline", body=wanted)
    shown = qms.call("widget_data", widget="workflow_pipeline")
    assert (shown.config.title, len(shown.data["workflows"]), shown.data["total"]) == ("Mine", 2, 5)
    first, second = qms.log("configuration.changed")
    assert (first["actor"], first["object"], first["before"]["limit"], first["after"]["limit"]) == (
        "lead", "widget:workflow_pipeline", 100, 2,
    )  # fmt: skip
    assert second["before"]["title"] == "Mine"


def test_every_view_has_widgets_and_every_widget_a_view(qms: Bench) -> None:
    qms.deliver(started(), TRIGGERED, completed(5, quality=80))
    shown = {view: [one.widget for one in qms.call("view", view=view).widgets] for view in View}
    assert all(shown.values())
    assert {one for widgets in shown.values() for one in widgets} == set(Widget)


@pytest.mark.parametrize(("route", "what"), [("view", "view"), ("widget_data", "widget")])
def test_an_unknown_view_or_widget_lists_what_there_is(qms: Bench, route: str, what: str) -> None:
    with pytest.raises(Refusal, match=f"no {what} 'cockpit'") as refused:
        qms.call(route, **{what: "cockpit"})
    assert refused.value.status == 404
    assert "executive" in refused.value.detail or "quality_trend" in refused.value.detail


def test_pages_of_alerts(qms: Bench) -> None:
    qms.deliver(*(escalation("triggered", "active", id=f"esc-{number}") for number in range(5)))
    page = qms.call("alerts", limit=2)
    assert (page.total, [one.escalation_id for one in page.items]) == (5, ["esc-4", "esc-3"])
    page = qms.call("alerts", limit=5, cursor=page.next_cursor)
    assert ([one.escalation_id for one in page.items], page.next_cursor) == (["esc-2", "esc-1", "esc-0"], None)
