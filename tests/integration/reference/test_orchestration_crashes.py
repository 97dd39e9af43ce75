"""Killing services in the middle of reviews loses nothing and doubles nothing."""

import random
import time
from collections import Counter

import httpx
import orjson
import pytest
from running import FILES, Running, eventually, pull_request
from sqlalchemy import create_engine, text

from QMSLibrary.contract.audit import GENESIS_HASH
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_AGENTS
from QMSLibrary.reference.orchestration.chain import record_hash

SEED = 20240229
ROUNDS = 8
AT_ONCE = 3


@pytest.fixture
def qms(tmp_path):
    running = Running(tmp_path)
    try:
        running.start()
        yield running
    finally:
        running.end()


def start(qms, number):
    """Start a review, whatever happens to the service meanwhile: a start whose answer was lost is found again."""
    body = {"pull_request": pull_request(number, files=FILES)}

    def attempt():
        try:
            answer = qms.call("POST", "/api/workflows", body)
        except httpx.HTTPError:
            return None
        if answer.status_code == 409:
            page = qms.call("GET", f"/api/workflows?pull_request=PR-{number}").json()
            assert page["total"] == 1
            return page["items"][0]["id"]
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    return eventually(attempt, timeout=30)


ENDS = {"completed", "failed", "error"}


def rows(qms, service, query):
    engine = create_engine(f"sqlite:///{qms.directory}/{service}.sqlite")
    try:
        with engine.connect() as connection:
            return connection.execute(text(query)).all()
    finally:
        engine.dispose()


def settled(qms):
    """All reviews, once they have come to an end and every agent has been heard and every event has arrived."""
    page = qms.call("GET", "/api/workflows?limit=500").json()
    if any(item["status"] not in ENDS for item in page["items"]):
        return None
    if rows(qms, Service.DECISION, "SELECT 1 FROM tasks"):
        return None  # an agent whose answer arrived, but not the answer to it, asks again after a pause
    for source in Service:
        sent = {row.event_id: row.destinations for row in rows(qms, source, EVENTS)}
        for target in Service:
            known = {row.event_id for row in rows(qms, target, "SELECT event_id FROM seen_events")}
            if any(target in where.split() and id_ not in known for id_, where in sent.items()):
                return None
    return page["items"]


EVENTS = "SELECT event_id, destinations FROM event_log WHERE kind = 'event'"


def test_killing_services_at_random_moments_loses_and_doubles_nothing(qms):
    chance = random.Random(SEED)
    started = []
    for round_ in range(ROUNDS):
        for _ in range(AT_ONCE):
            started.append(start(qms, len(started)))
        victim = list(Service)[round_ % len(Service)]
        time.sleep(chance.uniform(0, 0.15))
        qms.kill(victim)
        time.sleep(chance.uniform(0, 0.1))
        qms.start([victim], wait=False)
    for service in Service:
        qms.wait_alive(service)
    workflows = eventually(lambda: settled(qms), timeout=60, pause=0.25)

    assert {item["id"] for item in workflows} == set(started)
    assert len(started) == len(set(started))
    assert {item["status"] for item in workflows} == {"completed"}, [item["steps"] for item in workflows][:1]
    each_happened_once(qms, workflows)
    copies_agree(qms, workflows)
    the_trail_holds(qms, workflows)
    for service in Service:
        assert qms.call("GET", "/api/dead-letters", service=service).json()["total"] == 0


def each_happened_once(qms, workflows):
    for item in workflows:
        query = f"SELECT body FROM event_log WHERE kind = 'event' AND workflow_id = '{item['id']}' ORDER BY sequence"
        bodies = [orjson.loads(row.body) for row in rows(qms, Service.ORCHESTRATION, query)]
        count = Counter((body["type"], body["payload"].get("step"), body["payload"].get("attempt")) for body in bodies)
        once = {"pr.created", "workflow.started", "step.completed", "gate.passed", "workflow.completed"}
        assert {key: number for key, number in count.items() if key[0] in once and number > 1} == {}
        assert sum(number for key, number in count.items() if key[0] == "gate.passed") == 4
        done = rows(
            qms, Service.DECISION,
            f"SELECT body FROM event_log WHERE type = 'agent.task_completed' AND workflow_id = '{item['id']}'",
        )  # fmt: skip
        tasks = Counter((body["step"], body["role"]) for body in (orjson.loads(row.body)["payload"] for row in done))
        wanted = {(step.value, role) for step, roles in STEP_AGENTS.items() for role in roles}
        assert wanted <= set(tasks)
        assert set(tasks.values()) == {1}


def copies_agree(qms, workflows):
    for item in workflows:
        for service in Service:
            state = qms.call("GET", f"/api/workflows/{item['id']}/state", service=service).json()
            assert (state["state"], state["revision"]) == (item["state"], item["revision"]), service


def the_trail_holds(qms, workflows):
    records = [orjson.loads(row.record) for row in rows(qms, Service.ORCHESTRATION, TRAIL)]
    previous = GENESIS_HASH
    for number, record in enumerate(records, start=1):
        assert (record["sequence"], record["previous_hash"], record["hash"]) == (number, previous, record_hash(record))
        previous = record["hash"]
    for item in workflows:
        about = [one["action"] for one in records if one["object"] == f"workflow:{item['id']}"]
        assert about.count("workflow.requested") == 1
        assert about.count("state.changed") == 5
        assert about.count("step.decided") == 4
    handed_over = [
        row.event_id
        for service in (Service.DECISION, Service.DASHBOARD, Service.ESCALATION)
        for row in rows(qms, service, "SELECT event_id FROM event_log WHERE kind = 'audit'")
    ]
    ids = Counter(record["entry_id"] for record in records)
    assert all(ids[entry_id] == 1 for entry_id in handed_over)


TRAIL = "SELECT record FROM audit_trail ORDER BY sequence"


def test_the_queue_and_the_clock_survive_a_restart(qms):
    offset = {"offset_seconds": 3600}
    for service in (Service.DECISION, Service.ORCHESTRATION):
        qms.call("PUT", "/api/clock", offset, service=service).raise_for_status()
    qms.kill(Service.DECISION)  # nobody is routed, so all 50 places stay taken
    ids = [start(qms, number) for number in range(53)]
    page = qms.call("GET", "/api/workflows?state=INITIALIZED").json()
    assert {item["id"] for item in page["items"]} == set(ids[50:])
    qms.kill(Service.ORCHESTRATION)
    qms.start([Service.ORCHESTRATION])
    assert qms.call("GET", "/api/clock").json()["offset_seconds"] == 3600
    assert qms.call("GET", "/api/workflows?state=INITIALIZED").json()["total"] == 3
    qms.start([Service.DECISION])
    workflows = eventually(lambda: settled(qms), timeout=60, pause=0.25)
    assert {item["status"] for item in workflows} == {"completed"}


def test_sigterm_ends_every_service_at_once(qms):
    for service in Service:
        begun = time.monotonic()
        assert qms.stop(service) == 0
        assert time.monotonic() - begun < 3


def test_all_copies_follow_a_workflow_into_error_and_out_of_it(qms):
    qms.kill(Service.DECISION)
    id_ = start(qms, 1)
    for wanted in ("ERROR", "DOR_PENDING"):
        body = {"to": wanted, "reason": "by hand"}
        moved = qms.call("POST", f"/api/workflows/{id_}/transitions", body).json()
        for service in (Service.ORCHESTRATION, Service.DASHBOARD, Service.ESCALATION):

            def agrees(service=service, moved=moved):
                state = qms.call("GET", f"/api/workflows/{id_}/state", service=service).json()
                return (state.get("state"), state.get("revision")) == (moved["state"], moved["revision"])

            eventually(agrees, timeout=5)
