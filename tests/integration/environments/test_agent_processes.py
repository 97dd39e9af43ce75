"""Agents as processes of an environment: what they do between real services, and what ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from QMSLibrary.client.qms import QMS
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routing import Agent, AgentRegistration
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow, WorkflowRequest
from QMSLibrary.data.pull_requests import create_pull_request
from QMSLibrary.environments import EnvironmentUseError, use
from QMSLibrary.environments.embedded import EmbeddedEnvironment
from QMSLibrary.history.journal import Journal

DOR = "qms-dor-validator"
REPOSITORY = "acme/shop"
QUICK = timedelta(0)
HOURS = timedelta(hours=1)
OWNER = """
import sys
from QMSLibrary.environments import use
environment = use("embedded", own=True)
environment.start_agents(["one", "two"])
print(*[one["pid"] for one in environment.agents().values()], flush=True)
sys.stdin.read()
"""


@contextmanager
def spoken_to(environment: EmbeddedEnvironment) -> Iterator[QMS]:
    qms = QMS(environment.connection, Journal())
    try:
        yield qms
    finally:
        qms.close()


@pytest.fixture
def there(home) -> Iterator[tuple[EmbeddedEnvironment, QMS]]:
    with use("embedded", own=True) as environment, spoken_to(environment) as qms:
        yield environment, qms


def start(environment: EmbeddedEnvironment, qms: QMS, *names: str, capacity: int = 5) -> None:
    for name, endpoint in environment.start_agents(names).items():
        registration = AgentRegistration(
            agent_id=name, capabilities=[DOR, "typescript", "documentation"], load_capacity=capacity,
            health_endpoint=endpoint, repositories=[REPOSITORY],
        )  # fmt: skip
        qms.decision.register_agent(registration, role=Role.ADMIN)


def submit(qms: QMS) -> Workflow:
    request = create_pull_request(complexity="low", repository=REPOSITORY)
    return qms.orchestration.start_workflow(WorkflowRequest(pull_request=request, step_by_step=True), role=Role.QA_LEAD)


def first_gate(qms: QMS, workflow: Workflow):
    return qms.orchestration.workflow(workflow.id, role=Role.DEVELOPER).steps[0]


def agent(qms: QMS, name: str) -> Agent:
    return next(one for one in qms.decision.agents(role=Role.DEVELOPER) if one.agent_id == name)


def refused(qms: QMS, workflow: Workflow) -> list[tuple[str, str, str | None]]:
    trail = qms.orchestration.audit_trail(role=Role.MANAGER, workflow_id=workflow.id)
    return [(one.actor, one.role, one.reason) for one in trail if one.action == "result.refused"]


def dead(pids: list[int]) -> bool:
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_agents_end_when_the_owner_of_their_environment_is_killed(home, ours, wait_until):
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in owner.stdout.readline().split()]
    assert len(pids) == 2
    assert not dead(pids)
    owner.kill()
    owner.communicate()
    assert wait_until(lambda: dead(pids) and not ours(home), 5), ours(home)


def test_agents_end_when_their_keeper_is_killed(home, wait_until):
    with use("embedded", own=True) as environment:
        environment.start_agents(["one"])
        pids = [one["pid"] for one in environment.agents().values()]
        os.kill(environment.keeper_pid, signal.SIGKILL)
        assert wait_until(lambda: dead(pids), 5)


def test_an_agent_can_be_started_again_and_only_once_at_a_time(home):
    with use("embedded") as environment:  # a shared one may have agents as well
        endpoint = environment.start_agents(["one"])["one"]
        with pytest.raises(EnvironmentUseError, match="'one' runs already"):
            environment.start_agents(["two", "one"])
        assert list(environment.agents()) == ["one"]
        environment.kill_agent("one")
        assert environment.agents()["one"]["exit_code"] == -signal.SIGKILL
        with pytest.raises(EnvironmentUseError, match="no agent 'one' runs here; there is: none"):
            environment.change_agent("one", "well", QUICK)
        assert environment.start_agents(["one"]) == {"one": endpoint}
        assert httpx.get(endpoint).json()["status"] == "healthy"


@pytest.mark.parametrize("name", ["", "a b", "../a", "a" * 200])
def test_a_name_that_is_none_is_refused_before_anything_is_started(home, name):
    with use("embedded") as environment:
        with pytest.raises(EnvironmentUseError, match="is no name of an agent"):
            environment.start_agents(["good", name])
        assert environment.agents() == {}


def test_an_agent_that_answers_nonsense_disturbs_nobody_and_is_on_record(there, wait_until):
    environment, qms = there
    start(environment, qms, "bad", "good")
    environment.change_agent("bad", "wrong", QUICK)
    reviews = [submit(qms) for _ in range(4)]
    assert wait_until(lambda: all(first_gate(qms, one).agents for one in reviews))
    bad = [one for one in reviews if first_gate(qms, one).agents == ["bad"]]
    good = [one for one in reviews if one not in bad]
    assert (len(bad), len(good)) == (2, 2)
    for one in good:
        assert wait_until(lambda one=one: first_gate(qms, one).status == "waiting")
        assert refused(qms, one) == []
    for one in bad:
        assert wait_until(lambda one=one: refused(qms, one) == [("bad", "agent", "unknown_check")])
        assert first_gate(qms, one).waiting_for == ["bad"]
    assert agent(qms, "bad").health == "healthy"


def test_an_answer_that_comes_after_the_work_has_moved_on_is_refused(there, wait_until):
    environment, qms = there
    start(environment, qms, "late")
    environment.change_agent("late", "well", HOURS)
    review = submit(qms)
    assert wait_until(lambda: first_gate(qms, review).agents == ["late"])
    start(environment, qms, "other")
    environment.change_agent("late", "failing", QUICK)
    assert wait_until(lambda: first_gate(qms, review).status == "waiting")
    assert first_gate(qms, review).agents == ["other"]
    assert agent(qms, "late").health == "unhealthy"
    environment.change_agent("late", "well", QUICK)  # it goes on with what it had begun
    assert wait_until(lambda: refused(qms, review) == [("late", "agent", "superseded")])
    assert wait_until(lambda: agent(qms, "late").health == "healthy")
    assert first_gate(qms, review).agents == ["other"]


def test_agents_go_on_when_orchestration_and_decision_come_back(there, wait_until):
    environment, qms = there
    start(environment, qms, "one")
    environment.kill_service(Service.ORCHESTRATION)
    environment.kill_service(Service.DECISION)
    environment.start_service(Service.DECISION)
    environment.start_service(Service.ORCHESTRATION)
    assert agent(qms, "one").repositories == [REPOSITORY]
    review = submit(qms)
    assert wait_until(lambda: first_gate(qms, review).status == "waiting", 20)
    assert first_gate(qms, review).agents == ["one"]


def test_never_over_capacity_with_answers_coming_in_all_the_time(there, wait_until):
    environment, qms = there
    names = ("one", "two", "three")
    start(environment, qms, *names, capacity=2)
    for name in names:
        environment.change_agent(name, "well", timedelta(milliseconds=20))
    reviews = [submit(qms) for _ in range(24)]
    highest = dict.fromkeys(names, 0)

    def all_judged() -> bool:
        for name in names:
            highest[name] = max(highest[name], agent(qms, name).load)
        return all(first_gate(qms, one).status == "waiting" for one in reviews)

    assert wait_until(all_judged, 30)
    assert all(load <= 2 for load in highest.values()), highest
    assert wait_until(lambda: not any(agent(qms, name).load for name in names))
    assert {first_gate(qms, one).agents[0] for one in reviews} == set(names)


@pytest.mark.slow
def test_agents_that_have_ended_take_nobodys_place(there):
    """An environment that lives long has had more agents than it may have at once."""
    environment, _ = there
    for turn in range(3):
        names = [f"agent-{turn}-{number}" for number in range(40)]
        environment.start_agents(names)
        with pytest.raises(EnvironmentUseError, match="at most 100 agents at once, and 40 run"):
            environment.start_agents([f"one-too-many-{number}" for number in range(61)])
        for name in names:
            environment.kill_agent(name)
    known = environment.agents()
    assert len(known) == 100
    assert "agent-2-39" in known
