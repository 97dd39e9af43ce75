"""The sums that the dashboard is held against, and what is said when it shows something else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from QMSLibrary.checks import dashboard, live, tally
from QMSLibrary.client.events import Seen
from QMSLibrary.client.live import LiveWatch, Told
from QMSLibrary.contract.dashboard import Period, Widget, WidgetConfig, WidgetData
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.live import LiveTopic, LiveUpdate, Subscribe
from QMSLibrary.contract.services import Service
from QMSLibrary.history.journal import Journal

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
HERE = "acme/shop"


def event(kind: str, number: int, *, revision: int = 1, state: str = "DOR_PENDING", **payload: Any) -> Event:
    snapshot = {
        "id": "wf-1", "state": state, "status": "in_progress", "step": "dor_validation", "progress": 0,
        "revision": revision, "repository": HERE,
    }  # fmt: skip
    source = "decision" if kind.startswith(("decision", "agent")) else "orchestration"
    return Event(
        event_id=f"e{number}", type=kind, timestamp=AT, source=source, workflow_id="wf-1", correlation_id="c",
        payload={"workflow": snapshot, **payload},
    )  # fmt: skip


def routed(number: int, *agents: str) -> Event:
    assignments = [
        {"agent_id": one, "role": "r", "confidence_score": 0.8, "reason": f"{one} is free"} for one in agents
    ]
    decision = {
        "decision_id": f"d{number}", "step": "dor_validation", "assignments": assignments, "fallback": False,
        "security_sensitive": False, "decided_at": "2026-01-01T12:00:00.000000Z",
    }  # fmt: skip
    return event("decision.routed", number, decision=decision)


def shown(widget: Widget, data: dict[str, Any], **config: Any) -> WidgetData:
    return WidgetData(widget=widget, config=WidgetConfig(**config), data=data, as_of=AT)


def load(*given_: tuple[str, int]) -> dict[str, Any]:
    total = sum(number for _, number in given_)
    agents = [{"agent_id": name, "assigned": number, "share": number / total} for name, number in given_]
    return {"assignments": total, "by_role": {"r": total}, "agents": agents}


def test_a_chart_that_is_the_sum_passes_and_one_that_is_not_is_told_line_by_line() -> None:
    events = [routed(1, "a", "b"), routed(2, "a")]
    assert dashboard.agrees(
        Widget.LOAD_DISTRIBUTION, shown(Widget.LOAD_DISTRIBUTION, load(("a", 2), ("b", 1))), events, HERE
    ).passed
    verdict = dashboard.agrees(
        Widget.LOAD_DISTRIBUTION, shown(Widget.LOAD_DISTRIBUTION, load(("a", 3), ("b", 1))), events, HERE
    )
    assert not verdict.passed
    assert verdict.blame is Service.DASHBOARD
    assert "agents of a.assigned: 2 by the events, 3 shown" in verdict.message
    assert "assignments: 3 by the events, 4 shown" in verdict.message


def test_what_nobody_has_told_of_must_not_be_shown() -> None:
    events = [routed(1, "a")]
    extra = shown(
        Widget.LOAD_DISTRIBUTION,
        {**load(("a", 1)), "agents": load(("a", 1))["agents"] + [{"agent_id": "x", "assigned": 1}]},
    )
    assert (
        "x is shown, and no event has told of it"
        in dashboard.agrees(Widget.LOAD_DISTRIBUTION, extra, events, HERE).message
    )
    role = shown(Widget.LOAD_DISTRIBUTION, {**load(("a", 1)), "by_role": {"r": 1, "q": 1}})
    assert (
        "by_role.q: 0 by the events, 1 shown" in dashboard.agrees(Widget.LOAD_DISTRIBUTION, role, events, HERE).message
    )


def test_of_a_list_only_as_much_is_expected_as_is_shown() -> None:
    events = [routed(1, "a"), routed(2, "b")]
    data = load(("a", 1), ("b", 1))
    data["agents"] = data["agents"][:1]
    assert not dashboard.agrees(Widget.LOAD_DISTRIBUTION, shown(Widget.LOAD_DISTRIBUTION, data), events, HERE).passed
    assert dashboard.agrees(
        Widget.LOAD_DISTRIBUTION, shown(Widget.LOAD_DISTRIBUTION, data, limit=1), events, HERE
    ).passed


def test_every_widget_has_a_sum_of_its_own() -> None:
    assert set(tally.TALLIES) == set(Widget)


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=5))
def test_no_sum_of_reviews_depends_on_the_order_of_events_or_on_doubles(order: list[int], again: list[int]) -> None:
    events = [
        event("pr.updated", number, revision=number + 1, state="DOR_FAILED" if number == 5 else "DOR_PENDING")
        for number in range(6)
    ]
    mixed = tally.of_repository([events[number] for number in [*order, *again]], HERE)
    assert len(mixed) == 6
    found = tally.TALLIES[Widget.WORKFLOW_PIPELINE](mixed, Period.DAY)
    assert found["by_state"]["DOR_FAILED"] == found["total"] == 1


def test_a_routing_that_found_nobody_is_told_with_its_reason_each_time() -> None:
    failed = [
        event("routing.failed", number, step="dor_validation", reason=why) for number, why in ((1, "x"), (2, "y"))
    ]
    later = failed[1].model_copy(update={"timestamp": AT + timedelta(seconds=1)})
    events = [routed(3, "a"), failed[0], later]
    sums = {"decisions": 1, "assignments": 1, "fallbacks": 0, "security_sensitive": 0, "failed": 2}
    here = {**sums, "mean_confidence": 0.8}
    failures = [
        {"workflow_id": "wf-1", "step": "dor_validation", "failed": True, "reason": why, "decided_at": at}
        for why, at in (("y", "2026-01-01T12:00:01.000000Z"), ("x", "2026-01-01T12:00:00.000000Z"))
    ]
    decision = {**events[0].payload["decision"], "failed": False}
    data = {**here, "newest": [*failures, decision], "history": [{**here, "begins": "2026-01-01T00:00:00Z"}]}
    assert dashboard.agrees(Widget.ROUTING_HISTORY, shown(Widget.ROUTING_HISTORY, data), events, HERE).passed

    silent = {**data, "newest": [failures[0], {**failures[1], "reason": None}, decision]}
    said = dashboard.agrees(Widget.ROUTING_HISTORY, shown(Widget.ROUTING_HISTORY, silent), events, HERE).message
    assert (
        "the routing of wf-1 that failed at 2026-01-01T12:00:00.000000Z.reason: x by the events, nothing shown" in said
    )
    assert "1 difference:" in said

    mixed = {**data, "fallbacks": 2}
    said = dashboard.agrees(Widget.ROUTING_HISTORY, shown(Widget.ROUTING_HISTORY, mixed), events, HERE).message
    assert "fallbacks: 0 by the events, 2 shown" in said


def test_a_decision_counts_with_the_mean_confidence_of_its_agents() -> None:
    decided = routed(1, "a", "b")
    decided.payload["decision"]["assignments"][0]["confidence_score"] = 0.2
    assert tally.TALLIES[Widget.ROUTING_HISTORY]([decided], Period.DAY)["mean_confidence"] == 0.5


def test_each_run_that_is_completed_counts_in_history_and_only_the_last_one_for_the_review() -> None:
    ends = [
        event("workflow.completed", number, result={"quality_score": score, "compliance_adhered": compliant})
        for number, score, compliant in ((1, 90, True), (2, 80, False))
    ]
    found = tally.TALLIES[Widget.QUALITY_TREND](ends, Period.DAY)
    assert (found["completed"], found["share_compliant"]) == (1, 0.0)
    assert found["points"] == {"wf-1": {"quality_score": 80, "compliance_adhered": False}}
    day = found["history"]["2026-01-01T00:00:00Z"]
    assert (day["completed"], day["compliant"], day["mean_quality_score"]) == (2, 1, 85)


def test_events_of_other_repositories_are_left_out() -> None:
    assert tally.of_repository([event("pr.updated", 1)], "acme/other") == []


# --- live


def watch(*revisions: int) -> LiveWatch:
    made = LiveWatch(lambda wanted: None, Subscribe(op="subscribe", topics=["workflow"], repository=HERE), Journal())  # type: ignore[arg-type,return-value]
    made._updates = [told(place, number) for place, number in enumerate(revisions, 1)]
    return made


def told(sequence: int, revision: int, at: float = 1.0) -> Told:
    change = {
        "id": "wf-1",
        "state": "DOR_PENDING",
        "step": "dor_validation",
        "revision": revision,
        "quality_score": None,
    }
    update = LiveUpdate(
        sequence=sequence, topic="workflow", time=AT, workflow_id="wf-1", repository=HERE, change=change
    )
    return Told(update, AT, at, 1)


def seen(*revisions: int, at: float = 0.9) -> list[Seen]:
    return [
        Seen(event("pr.updated", number, revision=number), Service.ORCHESTRATION, None, AT, at, number)
        for number in revisions
    ]


def test_updates_that_are_all_there_once_and_in_order_pass() -> None:
    assert live.complete(watch(1, 2, 3), seen(1, 2, 3), HERE, timedelta(seconds=0.2)).passed


def test_where_no_change_was_recorded_nothing_is_complete() -> None:
    judged = live.complete(watch(1, 2), [], HERE)
    assert not judged.passed
    assert "`Start Recording Events` comes before the first one" in judged.message
    assert judged.blame is None


def test_a_missing_a_doubled_and_a_slow_update_are_told() -> None:
    assert "not shown: revision 2" in live.complete(watch(1, 3), seen(1, 2, 3), HERE).message
    assert "shown after revision 2" in live.complete(watch(1, 2, 2, 3), seen(1, 2, 3), HERE).message
    assert "shown after revision 3" in live.complete(watch(1, 3, 2), seen(1, 2, 3), HERE).message
    slow = live.complete(watch(1, 2), seen(1, 2, at=0.5), HERE, timedelta(seconds=0.2)).message
    assert "shown 500 ms after orchestration had said it" in slow


def test_what_orchestration_has_done_and_not_told_is_not_complete() -> None:
    assert live.complete(watch(1, 2), seen(1, 2), HERE, done={"wf-1": 2, "wf-2": 7}).passed
    behind = live.complete(watch(1, 2), seen(1, 2), HERE, done={"wf-1": 3})
    assert "not told by orchestration: revision 3 of workflow wf-1" in behind.message
    assert behind.blame is Service.ORCHESTRATION
    assert live.complete(watch(1), seen(1, 2), HERE, done={"wf-1": 3}).blame is Service.DASHBOARD


def test_what_never_came_is_looked_for_where_it_is_kept() -> None:
    waited = watch(1)
    about_agent = live.never_came(waited, LiveTopic.AGENT, {"health": "unhealthy"}, None, timedelta(seconds=5)).message
    for place in ("`Get Agents`", "`Get Widget    agent_status`", "the events of decision"):
        assert place in about_agent
    about_review = live.never_came(waited, LiveTopic.WORKFLOW, {}, "wf-1", timedelta(seconds=5)).message
    for place in ("`Get Workflow`", "`Get Widget    workflow_pipeline`", "the events of orchestration"):
        assert place in about_review


def test_what_came_again_or_was_gone_fails() -> None:
    again = watch(1, 2)
    again.strays.append(told(1, 1))
    assert "came again or too late" in live.complete(again, seen(1, 2), HERE).message
