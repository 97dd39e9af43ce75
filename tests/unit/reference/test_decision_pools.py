"""Pools, turns, retirement, and who comes first after an attempt that ran out of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard_escalation_bench import Bench, bench, event
from sqlalchemy import func, select

from QMSLibrary.contract.events import Event
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routing import Agent, AgentRegistration
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_AGENTS, Step
from QMSLibrary.contract.workflows import WorkflowState as S
from QMSLibrary.reference.decision.tables import agents, waiting
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


def started(number: int, repository: str = "acme/shop", **more: Any) -> Event:
    change = {"title": "feat: pay", "repository": repository, "lines_changed": 100, "paths": ["src/a.py"]}
    wish = {"step": "dor_validation", "run": 1, "attempt": 1, "pull_request": change, **more}
    name = f"wf-{number}"
    return event("workflow.started", S.DOR_PENDING, 1, workflow=name, repository=repository, routing=wish)


def answered(number: int, agent_id: str) -> Event:
    return event(
        "agent.task_completed", S.DOR_PENDING, 1, workflow=f"wf-{number}", agent_id=agent_id, role=DOR,
        step="dor_validation", run=1, attempt=1, passed=True, seconds=0.25,
    )  # fmt: skip


def register(qms: Bench, agent_id: str, *repositories: str, capacity: int = 5, **more: Any) -> Agent:
    values = {"capabilities": [DOR, "python"], "repositories": list(repositories), **more}
    body = AgentRegistration(agent_id=agent_id, load_capacity=capacity, **values)
    found: Agent = qms.call("register_agent", actor=ADMIN, body=body)
    return found


def given(qms: Bench) -> list[str]:
    return [body["payload"]["decision"]["assignments"][0]["agent_id"] for body in qms.log("decision.routed")]


def load(qms: Bench) -> dict[str, int]:
    return {one.agent_id: one.load for one in qms.call("agents").items if one.load}


def sicken(qms: Bench, agent_id: str) -> None:
    qms.write(lambda c: c.execute(agents.update().where(agents.c.agent_id == agent_id).values(health="unhealthy")))


def test_a_repository_with_agents_of_its_own_has_these_alone_and_nobody_else_has_them(qms: Bench) -> None:
    register(qms, "a", "acme/shop")
    register(qms, "b", "acme/shop", "acme/till")
    for number in range(4):
        qms.deliver(started(number))
    qms.deliver(started(10, "acme/till"), started(11, "acme/other"))
    assert Counter(given(qms)) == {"a": 2, "b": 3, DOR: 1}
    assert given(qms)[-1] == DOR


def test_a_full_pool_waits_and_takes_nobody_elses(qms: Bench) -> None:
    register(qms, "a", "acme/shop", capacity=1)
    qms.deliver(started(1), started(2), started(3, "acme/other"))
    assert given(qms) == ["a", DOR]
    assert qms.write(lambda c: c.execute(select(func.count()).select_from(waiting)).scalar_one()) == 1
    qms.deliver(answered(1, "a"))
    assert given(qms) == ["a", DOR, "a"]
    assert load(qms) == {"a": 1, DOR: 1}


def test_a_pool_whose_agents_are_all_ill_finds_nobody_and_names_them(qms: Bench) -> None:
    register(qms, "a", "acme/shop")
    sicken(qms, "a")
    qms.deliver(started(1))
    reason = qms.log("routing.failed")[0]["payload"]["reason"]
    assert "for acme/shop, whose own agents are a" in reason
    assert given(qms) == []


def test_a_pool_is_for_a_role_and_not_for_the_other_steps(qms: Bench) -> None:
    register(qms, "a", "acme/shop")
    change = {"title": "feat: pay", "repository": "acme/shop", "lines_changed": 1, "paths": ["a.py"]}
    wish = {"step": "dod_validation", "run": 1, "attempt": 1, "pull_request": change}
    qms.deliver(event("gate.passed", S.DOD_PENDING, 2, routing=wish))
    assert given(qms) == [STEP_AGENTS[Step.DOD_VALIDATION][0]]


def test_the_pool_is_kept_when_an_agent_registers_again_and_survives_a_restart(qms: Bench, tmp_path: Path) -> None:
    assert register(qms, "a", "acme/shop").repositories == ["acme/shop"]
    again = AgentRegistration(agent_id="a", capabilities=[DOR], load_capacity=9)
    assert qms.call("register_agent", actor=ADMIN, body=again).repositories == ["acme/shop"]
    with bench(Service.DECISION, tmp_path) as later:
        found = {one.agent_id: one for one in later.call("agents").items}
        assert (found["a"].repositories, found["a"].load_capacity) == (["acme/shop"], 9)
    assert register(qms, "a").repositories == []


def test_idle_equals_are_given_work_in_turn(qms: Bench) -> None:
    for name in ("a", "b", "c"):
        register(qms, name, "acme/shop")
    for number in range(6):
        qms.deliver(started(number))
        qms.deliver(answered(number, given(qms)[-1]))
    assert given(qms) == ["a", "b", "c"] * 2
    register(qms, "d", "acme/shop")
    for number in range(6, 10):
        qms.deliver(started(number))
        qms.deliver(answered(number, given(qms)[-1]))
    # One that is new is next, and then one among others: it need not make up for what it missed.
    assert sorted(given(qms)[6:]) == ["a", "b", "c", "d"]


def test_an_answer_frees_a_place_once_and_is_learned_from(qms: Bench) -> None:
    register(qms, "a", "acme/shop", health_endpoint="http://127.0.0.1:9/health")
    qms.deliver(started(1), started(2))
    qms.deliver(answered(1, "a"))
    qms.deliver(answered(1, "a"))
    assert load(qms) == {"a": 1}
    row = qms.write(lambda c: c.execute(select(agents).where(agents.c.agent_id == "a")).one())
    assert row.seconds_per_task == pytest.approx(0.5 * 0.9 + 0.25 * 0.1)


def test_others_come_before_an_agent_that_let_the_time_run_out(qms: Bench) -> None:
    register(qms, "a", "acme/shop")
    register(qms, "b", "acme/shop", capabilities=[DOR])  # worse, but in time
    qms.deliver(started(1, instead_of=["a"]))
    assert given(qms) == ["b"]
    reason = qms.log("decision.routed")[0]["payload"]["decision"]["assignments"][0]["reason"]
    assert reason.endswith("a did not answer in time before.")
    qms.deliver(started(2, instead_of=["a", "b"]))
    assert given(qms)[-1] == "a"  # nobody else is left


def test_a_retired_agent_is_given_nothing_and_its_work_moves_on(qms: Bench) -> None:
    register(qms, "a", "acme/shop")
    qms.deliver(started(1))
    register(qms, "b", "acme/shop")
    assert qms.call("retire_agent", actor=ADMIN, agent_id="a").agent_id == "a"
    assert given(qms) == ["a", "b"]
    qms.deliver(started(2))
    assert given(qms)[-1] == "b"
    assert "a" not in {one.agent_id for one in qms.call("agents").items}
    assert qms.call("agents").total == 7
    assert [row["action"] for row in qms.log() if row.get("object") == "agent:a"] == [
        "agent.registered",
        "agent.retired",
    ]
    with pytest.raises(Refusal) as refused:
        qms.call("retire_agent", actor=ADMIN, agent_id="a")
    assert refused.value.status == 404
    register(qms, "a", "acme/shop")
    assert "a" in {one.agent_id for one in qms.call("agents").items}


def test_what_was_assigned_to_a_retired_agent_is_no_dead_letter(qms: Bench) -> None:
    register(qms, "a", "acme/shop")
    qms.deliver(started(1))
    qms.call("retire_agent", actor=ADMIN, agent_id="a")
    late = event("orchestration.step_assigned", step="dor_validation", run=1, attempt=1, agents=["a"], requested_by="q")
    assert qms.deliver(late).dead == 0


def test_an_agent_that_lives_in_the_service_cannot_be_retired(qms: Bench) -> None:
    with pytest.raises(Refusal) as refused:
        qms.call("retire_agent", actor=ADMIN, agent_id=DOR)
    assert (refused.value.status, refused.value.code) == (409, "built_in")
