"""The life of escalations, in the real service with its database and timers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dashboard_escalation_bench import LEAD, Bench, bench, event

from QMSLibrary.contract.escalations import AcknowledgeRequest, Escalation, ResolveRequest
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import WorkflowState as S
from QMSLibrary.reference.kernel.refusals import Refusal

SQL = {"type": "sql_injection", "severity": "high", "agent_id": "qms-security-scanner", "cwe": "CWE-89"}


@pytest.fixture
def qms(tmp_path: Path) -> Iterator[Bench]:
    with bench(Service.ESCALATION, tmp_path) as made:
        yield made


def dor_failed(revision: int = 2, **more: Any) -> Event:
    reasons = ["missing_tests", "missing_documentation"]
    return event("gate.failed", S.DOR_FAILED, revision, step="dor_validation", failure_reasons=reasons, **more)


def dor_passed(revision: int = 4, **more: Any) -> Event:
    return event("gate.passed", S.PROGRESS_PENDING, revision, step="dor_validation", **more)


def all_of(qms: Bench, **filters: str) -> list[Escalation]:
    return qms.call("escalations", **filters).items


def one_of(qms: Bench) -> Escalation:
    (only,) = all_of(qms)
    return only


def tell_log(qms: Bench) -> list[tuple[str, int, str]]:
    page = qms.call("notifications")
    return [(one.recipient, one.tier, one.channel) for one in reversed(page.items)]


def acknowledge(qms: Bench, escalation: Escalation) -> Escalation:
    body = AcknowledgeRequest(escalation_id=escalation.id, comment="mine")
    return qms.call("acknowledge_escalation", body=body)


def resolve(qms: Bench, escalation: Escalation) -> Escalation:
    return qms.call("resolve_escalation", body=ResolveRequest(comment="done"), escalation_id=escalation.id)


def test_a_failed_gate_raises_one_escalation_announces_and_audits_it(qms: Bench) -> None:
    qms.deliver(event("workflow.started", S.DOR_PENDING, 1), dor_failed())
    found = one_of(qms)
    assert found.level == "L3_STANDARD"
    assert found.reason == "DoR validation failed: missing_tests, missing_documentation"
    assert (found.component, found.source, found.repository) == ("orchestration", "wf-1", "acme/shop")
    assert found.acknowledge_by - found.triggered_at == timedelta(hours=4)
    assert qms.said() == ["escalation.triggered"]
    announced, audited = qms.log("escalation.triggered")
    assert announced["payload"]["escalation"]["id"] == found.id
    assert announced["correlation_id"] == "c-wf-1"
    assert (audited["actor"], audited["role"], audited["object"]) == ("escalation", "service", f"escalation:{found.id}")


def test_where_nothing_listens_the_notifications_say_so_and_nothing_is_announced_as_sent(qms: Bench) -> None:
    qms.deliver(dor_failed())
    page = qms.call("notifications", escalation_id=one_of(qms).id)
    assert {(one.recipient, one.channel) for one in page.items} == {("qa-lead", "email"), ("review-channel", "slack")}
    assert {one.state for one in page.items} == {"not_configured"}
    assert all("no receiver" in (one.reason or "") for one in page.items)
    assert "notification.sent" not in qms.said()


def test_the_same_event_again_changes_nothing(qms: Bench) -> None:
    failed = dor_failed()
    qms.deliver(failed)
    before = one_of(qms)
    assert qms.deliver(failed, failed).duplicates == 2
    assert one_of(qms) == before


def test_the_same_news_under_another_id_changes_nothing(qms: Bench) -> None:
    qms.deliver(dor_failed(2))
    before = one_of(qms)
    qms.deliver(dor_failed(2))
    assert one_of(qms) == before


def test_failing_again_within_the_window_is_counted_and_after_it_is_another(qms: Bench) -> None:
    qms.deliver(dor_failed(2))
    qms.move(minutes=14)
    qms.deliver(dor_failed(4))
    assert one_of(qms).occurrences == 2
    qms.move(minutes=2)
    qms.deliver(dor_failed(6))
    assert [one.occurrences for one in all_of(qms)] == [1, 2]
    assert qms.said().count("escalation.triggered") == 2


def test_another_workflow_is_another_escalation(qms: Bench) -> None:
    qms.deliver(dor_failed(), dor_failed(workflow="wf-2"))
    assert {one.source for one in all_of(qms)} == {"wf-1", "wf-2"}
    assert [one.source for one in all_of(qms, workflow_id="wf-2")] == ["wf-2"]


def test_passing_the_gate_resolves_it_and_tells_nobody_afterwards(qms: Bench) -> None:
    qms.deliver(dor_failed(2), dor_passed(4))
    found = one_of(qms)
    assert (found.state, found.resolved_by) == ("resolved", "escalation")
    assert qms.said() == ["escalation.triggered", "escalation.resolved"]
    told = tell_log(qms)
    qms.move(days=3)
    assert tell_log(qms) == told


def test_an_override_resolves_it_too(qms: Bench) -> None:
    qms.deliver(dor_failed(2), dor_passed(4, overridden=True))
    assert one_of(qms).state == "resolved"
    assert "overridden" in qms.log("escalation.resolved")[0]["payload"]["comment"]


def test_another_gate_does_not_resolve_it(qms: Bench) -> None:
    qms.deliver(event("step.failed", S.PROGRESS_BLOCKED, 5, step="progress_reviews", findings=[SQL]), dor_passed(7))
    assert one_of(qms).state == "active"
    qms.deliver(event("gate.passed", S.DOD_PENDING, 9, step="progress_reviews"))
    assert one_of(qms).state == "resolved"


def test_a_matter_that_comes_back_after_it_was_settled_is_new(qms: Bench) -> None:
    qms.deliver(dor_failed(2), dor_passed(4), dor_failed(8))
    assert [one.state for one in all_of(qms)] == ["active", "resolved"]


def test_a_late_failure_of_a_gate_that_has_passed_since_raises_nothing(qms: Bench) -> None:
    qms.deliver(dor_passed(4), dor_failed(2))
    assert all_of(qms) == []


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_order_and_however_often_the_end_is_the_same(qms: Bench, seed: int) -> None:
    story = [
        event("workflow.started", S.DOR_PENDING, 1),
        dor_failed(2),
        event("orchestration.step_assigned", S.DOR_PENDING, 3, step="dor_validation"),
        dor_passed(4),
        event("step.failed", S.PROGRESS_BLOCKED, 6, step="progress_reviews", findings=[SQL]),
        event("gate.failed", S.PROGRESS_BLOCKED, 6, step="progress_reviews", findings=[SQL]),
    ]
    told = story * 3
    random.Random(seed).shuffle(told)
    for one in told:
        qms.deliver(one)
    still_open = [one.type for one in all_of(qms) if one.state == "active"]
    assert still_open == ["high_severity_security"]
    assert len(all_of(qms)) <= 2
    assert qms.call("component_state", workflow_id="wf-1").state == "PROGRESS_BLOCKED"


def test_a_grave_finding_is_told_once_and_before_a_held_gate_is_decided(qms: Bench) -> None:
    qms.deliver(event("step.failed", S.PROGRESS_PENDING, 5, step="progress_reviews", findings=[SQL]))
    assert one_of(qms).type == "high_severity_security"
    qms.deliver(event("gate.failed", S.PROGRESS_BLOCKED, 6, step="progress_reviews", findings=[SQL]))
    assert one_of(qms).occurrences == 1


def test_a_late_finding_at_a_gate_that_has_passed_since_raises_nothing(qms: Bench) -> None:
    late = event("step.failed", S.PROGRESS_BLOCKED, 5, step="progress_reviews", findings=[SQL])
    qms.deliver(event("gate.passed", S.DOD_PENDING, 9, step="progress_reviews"), late)
    assert all_of(qms) == []


def test_a_stuck_workflow_is_settled_when_it_moves(qms: Bench) -> None:
    stuck = event("workflow.stuck", S.PROGRESS_PENDING, 5, step="progress_reviews", waiting_for=["qms-code-reviewer"])
    qms.deliver(event("step.completed", S.PROGRESS_PENDING, 5), stuck)
    assert one_of(qms).type == "workflow_stuck"
    qms.deliver(event("gate.passed", S.DOD_PENDING, 6, step="progress_reviews"))
    assert one_of(qms).state == "resolved"


def test_nobody_available_is_settled_when_somebody_is_found(qms: Bench) -> None:
    failed = event("routing.failed", source="decision", step="dor_validation")
    qms.deliver(event("workflow.started", S.DOR_PENDING, 1), failed)
    assert (one_of(qms).component, one_of(qms).state) == ("decision", "active")
    qms.deliver(event("decision.routed", source="decision", step="dor_validation"))
    assert one_of(qms).state == "resolved"


@pytest.mark.parametrize("verdict", ["step.completed", "step.failed"])
def test_nobody_available_is_settled_when_an_agent_that_was_given_up_answers(qms: Bench, verdict: str) -> None:
    failed = event("routing.failed", S.DOR_PENDING, 2, source="decision", step="dor_validation")
    qms.deliver(event("orchestration.step_assigned", S.DOR_PENDING, 2, step="dor_validation"), failed)
    assert one_of(qms).state == "active"
    qms.deliver(event(verdict, S.DOR_PENDING, 3, step="dor_validation"))
    assert (one_of(qms).state, one_of(qms).resolved_by) == ("resolved", "escalation")


@pytest.mark.parametrize(("step", "revision"), [("dor_validation", 3), ("progress_reviews", 5)])
def test_nobody_available_is_not_settled_by_a_late_verdict_or_that_of_another_step(
    qms: Bench, step: str, revision: int
) -> None:
    qms.deliver(event("routing.failed", S.DOR_PENDING, 4, source="decision", step="dor_validation"))
    qms.deliver(event("step.failed", S.DOR_PENDING, revision, step=step))
    assert one_of(qms).state == "active"


def test_acknowledging_is_done_once_by_a_person_on_the_record(qms: Bench) -> None:
    qms.deliver(dor_failed())
    done = acknowledge(qms, one_of(qms))
    assert (done.state, done.acknowledged_by) == ("acknowledged", "lead")
    with pytest.raises(Refusal, match="once is enough") as refused:
        acknowledge(qms, done)
    assert (refused.value.status, refused.value.code) == (409, "already_acknowledged")
    announced, audited = qms.log("escalation.acknowledged")
    assert (announced["correlation_id"], announced["payload"]["comment"]) == ("c-wf-1", "mine")
    assert (audited["actor"], audited["role"], audited["correlation_id"]) == ("lead", "qa_lead", "act-1")


def test_states_only_move_forward(qms: Bench) -> None:
    qms.deliver(dor_failed())
    found = one_of(qms)
    with pytest.raises(Refusal, match="only when it is resolved"):
        qms.call("close_escalation", escalation_id=found.id)
    acknowledge(qms, found)
    resolve(qms, found)
    for act in (acknowledge, resolve):
        with pytest.raises(Refusal) as refused:
            act(qms, found)
        assert refused.value.status == 409
    assert qms.call("close_escalation", escalation_id=found.id).state == "closed"
    with pytest.raises(Refusal) as refused:
        qms.call("close_escalation", escalation_id=found.id)
    assert refused.value.code == "illegal_transition"
    assert [row["action"] for row in qms.log() if "action" in row] == [
        "escalation.triggered", "escalation.acknowledged", "escalation.resolved", "escalation.closed",
    ]  # fmt: skip


def test_an_unknown_escalation_is_not_found(qms: Bench) -> None:
    with pytest.raises(Refusal, match="no escalation 'esc-x'") as refused:
        qms.call("escalation", escalation_id="esc-x")
    assert refused.value.status == 404


def test_unacknowledged_past_its_limit_the_next_tier_is_told_and_then_the_one_after(qms: Bench) -> None:
    qms.deliver(dor_failed())
    first = tell_log(qms)
    assert {tier for _, tier, _ in first} == {1}
    qms.move(hours=4)
    assert one_of(qms).tier == 2
    assert tell_log(qms)[len(first) :] == [("engineering-manager", 2, "email"), ("engineering-manager", 2, "slack")]
    assert one_of(qms).acknowledge_by - one_of(qms).triggered_at == timedelta(hours=8)
    qms.move(hours=4)
    assert one_of(qms).tier == 3
    qms.move(hours=4)
    assert one_of(qms).tier == 3
    assert [row["reason"][:16] for row in qms.log("state.changed")] == ["not acknowledged"] * 2


def test_just_before_the_limit_nobody_else_is_told(qms: Bench) -> None:
    qms.deliver(dor_failed())
    qms.move(hours=3, minutes=59)
    assert one_of(qms).tier == 1


def test_once_acknowledged_no_other_tier_is_told_and_nobody_is_reminded(qms: Bench) -> None:
    qms.deliver(dor_failed())
    acknowledge(qms, one_of(qms))
    told = tell_log(qms)
    qms.move(days=10)
    assert tell_log(qms) == told
    assert one_of(qms).tier == 1


def test_a_move_over_several_limits_does_what_would_have_happened(qms: Bench) -> None:
    qms.deliver(dor_failed())
    qms.move(days=2, hours=1)
    page = qms.call("notifications", limit=500)
    by_mail = [one.recipient for one in reversed(page.items) if one.channel == "email"]
    assert by_mail == [
        "qa-lead", "engineering-manager", "head-of-quality",
        *["qa-lead", "engineering-manager", "head-of-quality"] * 2,
    ]  # fmt: skip


def test_reminders_follow_the_level_and_after_very_many_come_daily(qms: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from QMSLibrary.reference.escalation import lifecycle

    monkeypatch.setattr(lifecycle, "MANY_REMINDERS", 4)
    qms.deliver(event("step.failed", S.PROGRESS_BLOCKED, 5, step="progress_reviews", findings=[SQL]))
    begun = one_of(qms).triggered_at
    qms.move(days=3)
    page = qms.call("notifications", limit=500)
    told = [
        one.created_at - begun for one in reversed(page.items) if (one.recipient, one.channel) == ("qa-lead", "sms")
    ]
    quarters = [round(passed.total_seconds() / 900) for passed in told]
    assert quarters == [0, 1, 2, 3, 4, 5, 101, 197]


def test_acknowledged_on_the_dashboard_it_is_acknowledged_here_by_the_same_person(qms: Bench) -> None:
    qms.deliver(dor_failed())
    payload = {"escalation_id": one_of(qms).id, "actor": "lea", "role": "qa_lead", "correlation_id": "act-9"}
    handed_on = event("dashboard.alert_acknowledged", source="dashboard", **payload)
    assert qms.deliver(handed_on).dead == 0
    assert one_of(qms).acknowledged_by == "lea"
    _, audited = qms.log("escalation.acknowledged")
    assert (audited["actor"], audited["role"], audited["correlation_id"]) == ("lea", "qa_lead", "act-9")
    again = event("dashboard.alert_acknowledged", source="dashboard", **{**payload, "actor": "tom"})
    assert qms.deliver(again).dead == 0
    assert one_of(qms).acknowledged_by == "lea"


def test_it_knows_where_the_workflow_stands(qms: Bench) -> None:
    qms.deliver(event("workflow.started", S.DOR_PENDING, 1), dor_failed(2))
    state = qms.call("component_state", workflow_id="wf-1")
    assert (state.service, state.state, state.revision) == ("escalation", "DOR_FAILED", 2)
    assert state.details["open_escalations"] == 1
    qms.deliver(event("step.completed", S.DOR_PENDING, 1))
    assert qms.call("component_state", workflow_id="wf-1").revision == 2


def test_an_event_that_cannot_be_handled_is_put_aside_and_the_others_go_on(qms: Bench) -> None:
    broken = event("gate.failed")
    broken.payload["workflow"] = {"no": "revision"}
    report = qms.deliver(broken, dor_failed())
    assert (report.dead, report.accepted) == (1, 1)
    assert one_of(qms).type == "dor_failed"


def test_pages_of_escalations(qms: Bench) -> None:
    qms.deliver(*(dor_failed(workflow=f"wf-{number}") for number in range(7)))
    page = qms.call("escalations", limit=3)
    assert (page.total, [one.source for one in page.items]) == (7, ["wf-6", "wf-5", "wf-4"])
    page = qms.call("escalations", limit=3, cursor=page.next_cursor)
    page = qms.call("escalations", limit=3, cursor=page.next_cursor)
    assert ([one.source for one in page.items], page.next_cursor) == (["wf-0"], None)


def test_stakeholders_of_a_file_of_ones_own_are_told(tmp_path: Path) -> None:
    (tmp_path / "stakeholders.yaml").write_text(
        "stakeholders:\n"
        "- {name: ann, tier: 1, addresses: {email: ann@example.org}}\n"
        "- {name: ann again, tier: 1, addresses: {email: ann@example.org}}\n"
        "- {name: pager, tier: 1, addresses: {pagerduty: p1}}\n"
    )
    with bench(Service.ESCALATION, tmp_path) as qms:
        qms.deliver(dor_failed())
        assert tell_log(qms) == [("ann", 1, "email")], "L3 does not page, and one address is told once"
        assert [one.name for one in qms.call("stakeholders").items] == ["ann", "ann again", "pager"]


def test_only_who_answers_for_the_repository_is_told(qms: Bench) -> None:
    qms.deliver(dor_failed(repository="acme/payments-api"))
    told = {name for name, _, _ in tell_log(qms)}
    assert told == {"qa-lead", "review-channel", "payments-lead", "payments-channel"}
    qms.move(hours=4)
    assert {name for name, tier, _ in tell_log(qms) if tier == 2} == {"engineering-manager", "payments-owner"}


def test_a_tier_in_which_nobody_answers_for_the_repository_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "stakeholders.yaml").write_text(
        "stakeholders:\n"
        "- {name: ann, tier: 1, addresses: {email: ann@example.org}, repositories: [acme/other]}\n"
        "- {name: bob, tier: 2, addresses: {email: bob@example.org}}\n"
        "- {name: cyd, tier: 3, addresses: {email: cyd@example.org}, repositories: ['*/other']}\n"
        "- {name: dan, tier: 4, addresses: {email: dan@example.org}, repositories: ['acme/s*']}\n"
        "- {name: bob again, tier: 4, addresses: {email: bob@example.org}}\n"
    )
    with bench(Service.ESCALATION, tmp_path) as qms:
        qms.deliver(dor_failed())
        assert (one_of(qms).tier, tell_log(qms)) == (2, [("bob", 2, "email")])
        qms.move(hours=4)
        assert (one_of(qms).tier, tell_log(qms)[1:]) == (4, [("dan", 4, "email")]), "bob's address was told already"
        qms.move(hours=4)
        assert one_of(qms).tier == 4


def test_somebody_who_cannot_be_reached_at_the_level_keeps_nobody_else_from_being_told(tmp_path: Path) -> None:
    (tmp_path / "stakeholders.yaml").write_text(
        "stakeholders:\n"
        "- {name: desk, tier: 1, addresses: {sms: '+1'}}\n"
        "- {name: ann, tier: 1, addresses: {sms: '+1', email: ann@example.org}}\n"
    )
    with bench(Service.ESCALATION, tmp_path) as qms:
        qms.deliver(dor_failed())
        assert tell_log(qms) == [("ann", 1, "email")]


def test_being_told_further_is_announced_to_the_dashboard(qms: Bench) -> None:
    qms.deliver(dor_failed())
    qms.move(hours=4)
    (said,) = qms.log("escalation.told_further")
    assert said["payload"]["escalation"]["tier"] == 2


# --- alerts of the dashboard


def alert_raised(repository: str | None = "acme/shop") -> Event:
    alert = {"id": "alert-esc-7", "escalation_id": "esc-7", "title": "slow", "repository": repository}
    return event(
        "dashboard.alert_raised", source="dashboard", alert=alert, level="L1_IMMEDIATE", type="alert_raised"
    )  # fmt: skip


def test_an_alert_raises_the_escalation_that_it_names_and_people_are_told(qms: Bench) -> None:
    qms.deliver(alert_raised())
    found = one_of(qms)
    assert (found.id, found.level, found.type, found.source) == ("esc-7", "L1_IMMEDIATE", "alert_raised", "alert-esc-7")
    assert (found.repository, found.workflow_id, found.component) == ("acme/shop", "wf-1", "dashboard")
    assert {name for name, _, _ in tell_log(qms)} == {"qa-lead", "review-channel", "on-call"}


def test_what_the_review_does_leaves_it_alone_and_what_the_dashboard_does_settles_it(qms: Bench) -> None:
    qms.deliver(event("workflow.started", S.DOR_PENDING, 1), alert_raised(), dor_passed())
    assert one_of(qms).state == "active"
    who = {"escalation_id": "esc-7", "actor": "lea", "role": "qa_lead", "correlation_id": "act-9"}
    settled = event("dashboard.alert_resolved", source="dashboard", comment="", **who)
    again = event("dashboard.alert_resolved", source="dashboard", comment="", **who)
    assert qms.deliver(settled, again).dead == 0
    assert (one_of(qms).state, one_of(qms).resolved_by) == ("resolved", "lea")
    assert len([one for one in qms.log("escalation.resolved") if "event_id" in one]) == 1


def test_what_is_stored_survives_a_restart_with_its_timers(tmp_path: Path) -> None:
    with bench(Service.ESCALATION, tmp_path) as qms:
        qms.deliver(dor_failed())
        before = one_of(qms)
    with bench(Service.ESCALATION, tmp_path) as qms:
        assert one_of(qms) == before
        qms.move(hours=4)
        assert one_of(qms).tier == 2


def test_nothing_that_is_announced_holds_an_address(qms: Bench) -> None:
    qms.deliver(dor_failed())
    qms.move(days=2)
    assert "@" not in json.dumps([body for body in qms.log() if "event_id" in body])
    assert LEAD.name not in {one.recipient for one in qms.call("notifications").items}
