"""The four services on PostgreSQL, by URL."""

import psycopg
import pytest
from postgres_server import postgres
from running import FILES, Running, eventually, pull_request

from QMSLibrary.contract.audit import GENESIS_HASH
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.orchestration.chain import record_hash


@pytest.fixture
def qms(tmp_path):
    with postgres() as url:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            for service in Service:
                connection.execute(f"CREATE SCHEMA {service}".encode())
        databases = {one: f"{url}&options=-csearch_path%3D{one}" for one in Service}
        running = Running(tmp_path, databases=databases)
        try:
            running.start()
            yield running
        finally:
            running.end()


def test_reviews_go_through_and_survive_a_crash_on_postgresql(qms):
    ids = set()
    for number in range(6):
        answer = qms.call("POST", "/api/workflows", {"pull_request": pull_request(number, files=FILES)})
        assert answer.status_code == 201, answer.text
        ids.add(answer.json()["id"])
    qms.kill(Service.ORCHESTRATION)
    qms.start([Service.ORCHESTRATION])

    def completed():
        items = qms.call("GET", "/api/workflows?state=COMPLETED").json()["items"]
        return {item["id"] for item in items} == ids

    eventually(completed, timeout=40, pause=0.1)
    for service in Service:
        for id_ in ids:
            state = lambda id_=id_, service=service: qms.call(  # noqa: E731
                "GET", f"/api/workflows/{id_}/state", service=service
            ).json()
            eventually(lambda state=state: state().get("state") == "COMPLETED", timeout=10)
    previous, cursor = GENESIS_HASH, 0
    while cursor is not None:
        page = qms.call("GET", f"/api/audit?limit=500&cursor={cursor}").json()
        for record in page["items"]:
            assert (record["previous_hash"], record["hash"]) == (previous, record_hash(record))
            previous = record["hash"]
        cursor = page["next_cursor"]


def test_nul_characters_are_welcome_in_files_only(qms):
    binary = [{"path": "a.bin", "content": "\x00\x01"}]
    answer = qms.call("POST", "/api/workflows", {"pull_request": pull_request(1, files=binary)})
    assert answer.status_code == 201, answer.text
    stored = qms.call("GET", f"/api/workflows/{answer.json()['id']}/pull-request").json()
    assert stored["files"][0]["content"] == "\x00\x01"
    for body in ({"title": "feat: a\x00b"}, {"files": [{"path": "a\x00"}]}):
        answer = qms.call("POST", "/api/workflows", {"pull_request": pull_request(2, **body)})
        assert answer.status_code == 422, answer.text
    event = {
        "event_id": "x", "type": "a.b", "timestamp": "2026-01-01T00:00:00Z", "source": "decision",
        "correlation_id": "c", "payload": {"a\x00": 1},
    }  # fmt: skip
    assert qms.call("POST", "/api/events", {"events": [event]}).status_code == 422
