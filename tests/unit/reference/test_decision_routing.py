"""Wishes become decisions, wait, or fail: in the real service with its database, without its server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard_escalation_bench import Bench, bench, event
from sqlalchemy import func, select

from QMSLibrary.contract.events import Event
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routing import SECURITY_AGENT, AgentRegistration
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_AGENTS, Step
from QMSLibrary.contract.workflows import WorkflowState as S
from QMSLibrary.reference.decision.routing import move_work
from QMSLibrary.reference.decision.tables import agents, tasks, waiting
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import Refusal

ADMIN = Identity("root", Role.ADMIN)
DOR = STEP_AGENTS[Step.DOR_VALIDATION][0]


@pytest.fixture
def qms(tmp_path: Path) -> Iterator[Bench]:
    with bench(Service.DECISION, tmp_path) as made:
        for starter in made.blueprint.starters:
            made.write(starter)
        yield made


def wish(step: Step = Step.DOR_VALIDATION, attempt: int = 1, **request: Any) -> dict[str, Any]:
    values = {"title": "feat: pay", "repository": "acme/shop", "lines_changed": 100, "paths": ["src/a.py"], **request}
    return {"step": step.value, "run": 1, "attempt": attempt, "pull_request": values}


def started(number: int = 1, revision: int = 1, **request: Any) -> Event:
    return event("workflow.started", S.DOR_PENDING, revision, workflow=f"wf-{number}", routing=wish(**request))


def passed(number: int, revision: int, step: Step, state: S, **request: Any) -> Event:
    return event("gate.passed", state, revision, workflow=f"wf-{number}", routing=wish(step, **request))


def assigned(number: int, step: Step = Step.DOR_VALIDATION, who: tuple[str, ...] = (DOR,)) -> Event:
    return event(
        "orchestration.step_assigned",
        workflow=f"wf-{number}",
        step=step.value,
        run=1,
        attempt=1,
        agents=list(who),
        requested_by="q.lead",
    )


def register(qms: Bench, agent_id: str, *capabilities: str, capacity: int = 5, endpoint: str | None = None) -> Any:
    body = AgentRegistration(
        agent_id=agent_id, capabilities=list(capabilities), load_capacity=capacity, health_endpoint=endpoint
    )
    return qms.call("register_agent", actor=ADMIN, body=body)


def capacity(qms: Bench, agent_id: str, places: int) -> None:
    qms.write(lambda c: c.execute(agents.update().where(agents.c.agent_id == agent_id).values(load_capacity=places)))


def count(qms: Bench, table: Any) -> int:
    return qms.write(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one())


def loads(qms: Bench) -> dict[str, int]:
    return {agent.agent_id: agent.load for agent in qms.call("agents").items if agent.load}


def decisions(qms: Bench) -> list[dict[str, Any]]:
    return [body["payload"]["decision"] for body in qms.log("decision.routed")]


def test_six_agents_are_there_with_room_for_fifty_reviews(qms: Bench) -> None:
    found = {agent.agent_id: agent for agent in qms.call("agents").items}
    assert set(found) == {role for roles in STEP_AGENTS.values() for role in roles}
    assert all(agent.load_capacity >= 50 and agent.health == "healthy" for agent in found.values())
    for starter in qms.blueprint.starters:
        qms.write(starter)  # another start
    assert qms.call("agents").total == 6
    assert qms.said() == ["agent.changed"] * 6


def test_a_wish_is_announced_decided_recorded_and_audited(qms: Bench) -> None:
    qms.deliver(started())
    assert qms.said()[6:] == ["decision.routing_requested", "decision.routed"]
    decision = decisions(qms)[0]
    assert (decision["step"], decision["run"], decision["attempt"]) == ("dor_validation", 1, 1)
    assignment = decision["assignments"][0]
    assert (assignment["agent_id"], assignment["role"]) == (DOR, DOR)
    assert assignment["reason"].startswith(DOR)
    assert assignment["estimated_duration"] > 0
    assert 0 < assignment["confidence_score"] <= 1
    assert [one.decision_id for one in qms.call("routing", workflow_id="wf-1").items] == [decision["decision_id"]]
    assert [row["action"] for row in qms.log() if "action" in row] == ["decision.made"]
    assert loads(qms) == {DOR: 1}
    state = qms.call("component_state", workflow_id="wf-1")
    assert (state.state, state.details) == ("DOR_PENDING", {"assigned": [DOR]})


def test_the_same_event_again_changes_nothing(qms: Bench) -> None:
    first = started()
    qms.deliver(first)
    qms.deliver(first)
    assert len(decisions(qms)) == 1
    assert loads(qms) == {DOR: 1}


def test_progress_reviews_have_three_agents(qms: Bench) -> None:
    qms.deliver(started(), passed(1, 2, Step.PROGRESS_REVIEWS, S.PROGRESS_PENDING))
    roles = [one["role"] for one in decisions(qms)[-1]["assignments"]]
    assert roles == list(STEP_AGENTS[Step.PROGRESS_REVIEWS])
    assert decisions(qms)[-1]["security_sensitive"] is False
    assert set(loads(qms)) == set(roles)  # the validator's task ended with its gate


@pytest.mark.parametrize(
    "request_", [{"title": "feat(auth): log in"}, {"paths": ["src/crypto/seal.py"]}, {"paths": ["db/7_users.sql"]}]
)
def test_a_sensitive_change_has_the_scanner_at_every_step(qms: Bench, request_: dict[str, Any]) -> None:
    qms.deliver(started(**request_))
    for number, step in enumerate(list(Step)[1:], 2):
        state = (S.PROGRESS_PENDING, S.DOD_PENDING, S.FINAL_PENDING)[number - 2]
        qms.deliver(passed(1, number, step, state, **request_))
    made = decisions(qms)
    assert len(made) == 4
    for decision in made:
        assert decision["security_sensitive"] is True
        scanners = [one for one in decision["assignments"] if one["role"] == SECURITY_AGENT]
        assert len(scanners) == 1
        assert "scanned for weaknesses" in scanners[0]["reason"]


def test_a_full_house_makes_wishes_wait_and_the_oldest_is_next(qms: Bench) -> None:
    capacity(qms, DOR, 2)
    for number in range(1, 5):
        qms.deliver(started(number))
    assert loads(qms) == {DOR: 2}
    assert count(qms, waiting) == 2
    assert [one["workflow_id"] for one in decisions(qms)] == ["wf-1", "wf-2"]
    qms.deliver(event("gate.failed", S.DOR_FAILED, 2, workflow="wf-2"))
    assert [one["workflow_id"] for one in decisions(qms)] == ["wf-1", "wf-2", "wf-3"]
    assert loads(qms) == {DOR: 2}


def test_wishes_that_wait_survive_a_restart(qms: Bench, tmp_path: Path) -> None:
    capacity(qms, DOR, 1)
    qms.deliver(started(1), started(2))
    with bench(Service.DECISION, tmp_path) as again:
        assert count(again, waiting) == 1
        again.deliver(event("gate.failed", S.DOR_FAILED, 2, workflow="wf-1"))
        assert [one["workflow_id"] for one in decisions(again)] == ["wf-1", "wf-2"]


def test_another_agent_takes_those_that_wait(qms: Bench) -> None:
    capacity(qms, DOR, 1)
    for number in range(1, 4):
        qms.deliver(started(number))
    register(qms, "second-validator", DOR, "python")
    assert loads(qms) == {DOR: 1, "second-validator": 2}
    assert count(qms, waiting) == 0


def test_never_over_capacity_whatever_is_asked(qms: Bench) -> None:
    capacity(qms, DOR, 3)
    register(qms, "second-validator", DOR, capacity=4)
    for number in range(1, 20):
        qms.deliver(started(number))
    assert loads(qms) == {DOR: 3, "second-validator": 4}
    assert count(qms, waiting) == 12


def test_nobody_able_is_a_failure_that_names_the_role(qms: Bench) -> None:
    qms.write(lambda c: c.execute(agents.update().where(agents.c.agent_id == DOR).values(health="unhealthy")))
    qms.deliver(started())
    assert qms.said()[6:] == ["decision.routing_requested", "routing.failed"]
    payload = qms.log("routing.failed")[0]["payload"]
    assert (payload["step"], payload["run"], payload["attempt"], payload["role"]) == ("dor_validation", 1, 1, DOR)
    assert DOR in payload["reason"]
    assert loads(qms) == {}


def test_an_agent_that_breaks_down_has_its_work_moved_on(qms: Bench) -> None:
    register(qms, "far-validator", DOR, "python", endpoint="http://127.0.0.1:9/health", capacity=50)
    for number in range(1, 5):
        qms.deliver(started(number))
    far = loads(qms)["far-validator"]
    assert far >= 1

    def break_down(connection: Any) -> None:
        connection.execute(agents.update().where(agents.c.agent_id == "far-validator").values(health="unhealthy"))
        move_work(connection, "far-validator", qms.context)

    qms.write(break_down)
    assert loads(qms) == {DOR: 4}
    assert len(decisions(qms)) == 4 + far


def test_only_agents_that_live_here_are_worked_for(qms: Bench) -> None:
    register(qms, "far-validator", DOR, "python", "documentation", endpoint="http://127.0.0.1:9/health")
    qms.deliver(started(1), started(2))
    who = {one["workflow_id"]: one["assignments"][0]["agent_id"] for one in decisions(qms)}
    assert set(who.values()) == {DOR, "far-validator"}
    for number in (1, 2):
        qms.deliver(assigned(number, who=(who[f"wf-{number}"],)))
    open_ = qms.write(lambda c: c.execute(select(tasks.c.agent_id).where(tasks.c.state == "open")).scalars().all())
    assert open_ == [DOR]


@pytest.mark.parametrize(
    ("agent_id", "capabilities", "endpoint", "field"),
    [
        ("a", ["python"], None, "capabilities"),
        ("a", [DOR], "ftp://somewhere/health", "health_endpoint"),
        (DOR, [DOR], "http://127.0.0.1:9/health", "health_endpoint"),
    ],
)
def test_a_registration_that_cannot_work_is_refused(
    qms: Bench, agent_id: str, capabilities: list[str], endpoint: str | None, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        register(qms, agent_id, *capabilities, endpoint=endpoint)
    assert refused.value.status == 422
    assert refused.value.errors[0].field == field


def test_a_new_attempt_replaces_the_old_one_s_tasks(qms: Bench) -> None:
    qms.deliver(started())
    qms.deliver(event("gate.failed", S.DOR_FAILED, 2, workflow="wf-1"))
    assert loads(qms) == {}
    again = event("pr.updated", S.DOR_PENDING, 3, workflow="wf-1", cause="retry", routing=wish(attempt=2))
    qms.deliver(again)
    assert loads(qms) == {DOR: 1}
    assert decisions(qms)[-1]["attempt"] == 2


def test_a_wish_that_comes_late_is_not_decided_again(qms: Bench) -> None:
    qms.deliver(passed(1, 5, Step.PROGRESS_REVIEWS, S.PROGRESS_PENDING))
    qms.deliver(started(revision=1))
    assert [one["step"] for one in decisions(qms)] == ["progress_reviews"]
