"""Entries, alerts, widgets and views, in the real service with its database and timers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard_escalation_bench import Bench, bench, event

from QMSLibrary.contract.dashboard import Alert, AlertRequest, AlertRuleRequest, View, Widget, WidgetConfig
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


# --- alerts that are raised here


def alert_request(**more: Any) -> AlertRequest:
    return AlertRequest(**{"title": "Payments are slow", "severity": "high", "repository": "acme/shop", **more})


def raised(qms: Bench, **more: Any) -> Alert:
    return Alert.model_validate_json(qms.call("raise_alert", body=alert_request(**more)).body)


def test_an_alert_that_is_raised_asks_for_its_escalation(qms: Bench) -> None:
    alert = raised(qms)
    (said,) = qms.log("dashboard.alert_raised")
    assert said["payload"]["escalation_id"] == alert.escalation_id
    assert said["payload"]["level"] == "L1_IMMEDIATE"
    assert (alert.state, alert.raised_by, alert.rule) == ("active", "lead", None)
    (audited,) = qms.log("alert.raised")
    assert (audited["object"], audited["actor"]) == (f"alert:{alert.id}", "lead")


def test_the_escalation_that_comes_with_it_belongs_to_it(qms: Bench) -> None:
    alert = raised(qms)
    qms.deliver(escalation("triggered", "active", id=alert.escalation_id))
    assert qms.call("alerts").total == 1
    qms.deliver(escalation("resolved", "resolved", id=alert.escalation_id, resolved_at="2026-01-01T01:00:00.000000Z"))
    assert qms.call("alerts").items[0].state == "resolved"


def test_the_same_alert_is_raised_once_in_fifteen_minutes(qms: Bench) -> None:
    first = raised(qms)
    assert qms.call("raise_alert", body=alert_request()).status_code == 200
    assert raised(qms).id == first.id
    assert raised(qms, severity="low").id != first.id
    assert raised(qms, repository="acme/other").id != first.id
    qms.move(minutes=16)
    assert raised(qms).id != first.id


def test_an_alert_of_a_workflow_knows_its_repository(qms: Bench) -> None:
    qms.deliver(started())
    assert raised(qms, workflow_id="wf-1", repository=None).repository == "acme/shop"
    with pytest.raises(Refusal, match="must be the workflow's, acme/shop"):
        raised(qms, workflow_id="wf-1", repository="acme/other")
    with pytest.raises(Refusal, match="no workflow 'wf-2'"):
        raised(qms, workflow_id="wf-2", repository=None)
    with pytest.raises(Refusal, match="says whose business"):
        raised(qms, repository=None)


def test_it_is_resolved_once_and_the_escalation_service_is_told(qms: Bench) -> None:
    alert = raised(qms)
    assert qms.call("resolve_alert", alert_id=alert.id).state == "resolved"
    (said,) = qms.log("dashboard.alert_resolved")
    assert (said["payload"]["escalation_id"], said["payload"]["actor"]) == (alert.escalation_id, "lead")
    with pytest.raises(Refusal, match="once is enough"):
        qms.call("resolve_alert", alert_id=alert.id)
    with pytest.raises(Refusal, match="no alert"):
        qms.call("resolve_alert", alert_id="alert-x")


# --- rules


def set_rule(qms: Bench, expression: str, name: str = "r", **more: Any) -> Any:
    return qms.call("set_alert_rule", name=name, body=AlertRuleRequest(expression=expression, **more))


def judged(step: str, revision: int, kind: str = "step.failed", **measures: float) -> Event:
    return event(kind, S.DOD_PENDING, revision, step=step, measures=measures)


def test_a_rule_raises_one_alert_and_settles_it(qms: Bench) -> None:
    set_rule(qms, "coverage < 80", severity="high")
    qms.deliver(started(), judged("dod_validation", 2, coverage=60), judged("dod_validation", 3, coverage=61))
    (alert,) = qms.call("alerts").items
    assert (alert.severity, alert.state, alert.rule, alert.raised_by) == ("high", "active", "r", "dashboard")
    assert alert.title == "r: coverage is 60 (coverage < 80)"
    qms.deliver(judged("dod_validation", 4, "step.completed", coverage=90))
    assert [one.state for one in qms.call("alerts").items] == ["resolved"]
    qms.deliver(judged("dod_validation", 5, coverage=10))
    assert [one.state for one in qms.call("alerts").items] == ["active", "resolved"]


def test_the_same_name_in_another_steps_measures_is_another_figure(qms: Bench) -> None:
    set_rule(qms, "coverage < 80")
    qms.deliver(started(), judged("dod_validation", 2, coverage=60), judged("final_review", 3, coverage=100.0))
    assert [one.state for one in qms.call("alerts").items] == ["active"]


def test_late_news_raise_nothing(qms: Bench) -> None:
    set_rule(qms, "coverage < 80")
    qms.deliver(started(), judged("dod_validation", 9, "step.completed", coverage=90))
    qms.deliver(judged("dod_validation", 2, coverage=60))
    assert qms.call("alerts").total == 0


def test_a_rule_of_another_repository_raises_nothing(qms: Bench) -> None:
    set_rule(qms, "coverage < 80", repository="acme/other")
    qms.deliver(started(), judged("dod_validation", 2, coverage=60))
    assert qms.call("alerts").total == 0


def test_a_result_is_judged_too(qms: Bench) -> None:
    set_rule(qms, "quality_score < 70 and total_duration > 2")
    qms.deliver(started(), completed(5, quality=60))
    assert qms.call("alerts").items[0].title == "r: quality_score is 60, total_duration is 2.5 " + (
        "(quality_score < 70 and total_duration > 2)"
    )


def test_rules_are_kept_changed_and_taken_back_with_their_audit(qms: Bench) -> None:
    set_rule(qms, "coverage < 80", "b")
    set_rule(qms, "coverage < 70", "a")
    assert set_rule(qms, "coverage < 60", "a").expression == "coverage < 60"
    assert [(one.name, one.expression) for one in qms.call("alert_rules").items] == [
        ("a", "coverage < 60"), ("b", "coverage < 80"),
    ]  # fmt: skip
    assert qms.call("alert_rules", limit=1).next_cursor == "1"
    assert qms.call("remove_alert_rule", name="a").expression == "coverage < 60"
    with pytest.raises(Refusal, match="no alert rule 'a'"):
        qms.call("alert_rule", name="a")
    before_and_after = [(one["before"] and one["before"]["expression"], one["after"] and one["after"]["expression"])
                        for one in qms.log("configuration.changed")]  # fmt: skip
    assert before_and_after == [
        (None, "coverage < 80"), (None, "coverage < 70"), ("coverage < 70", "coverage < 60"), ("coverage < 60", None),
    ]  # fmt: skip


def test_a_rule_that_cannot_be_read_is_refused_and_nothing_is_stored(qms: Bench) -> None:
    with pytest.raises(Refusal, match="expression: at character 10: expected one of <"):
        set_rule(qms, "coverage below 80")
    with pytest.raises(Refusal, match="name: must have 1 to 64 letters"):
        set_rule(qms, "coverage < 80", "a/b")
    with pytest.raises(Refusal, match="coverage and vulnerabilities are never told together"):
        set_rule(qms, "quality_score < 1 or coverage < 80 and vulnerabilities > 0")
    assert qms.call("alert_rules").total == 0
