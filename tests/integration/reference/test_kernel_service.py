"""What every service does with requests, shown on orchestration, really started."""

import json
import socket
import threading

import httpx
import pytest
from running import Running, eventually, pull_request

from QMSLibrary.contract.openapi import openapi
from QMSLibrary.contract.problems import PROBLEM_JSON
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

O = Service.ORCHESTRATION  # noqa: E741


@pytest.fixture(scope="module")
def qms(tmp_path_factory):
    running = Running(tmp_path_factory.mktemp("qms"))
    try:
        running.start([O])
        yield running
    finally:
        running.end()


def problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM_JSON
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["correlation_id"] == answer.headers["x-correlation-id"]
    return body


def stored(qms):
    """How many workflows and events there are."""
    count = qms.call("GET", "/api/workflows").json()["total"]
    metrics = qms.call("GET", "/metrics").text
    position = next(line for line in metrics.splitlines() if line.startswith("qms_event_log_position"))
    return count, position


def bodies():
    good = {"pull_request": pull_request(77)}
    yield "nothing", b"", 400, "malformed_json"
    yield "cut", b'{"pull_request": {', 400, "malformed_json"
    yield "not utf-8", b'{"pull_request": "\xff"}', 400, "malformed_json"
    yield "too deep", b"[" * 100_000, 400, "malformed_json"
    yield "a list", b"[]", 422, "invalid_body"
    yield "unknown field", json.dumps({**good, "passed": True}).encode(), 422, "invalid_body"
    yield (
        "unknown field inside",
        json.dumps({"pull_request": pull_request(77, verdict="pass")}).encode(),
        422,
        "invalid_body",
    )
    yield "wrong type", json.dumps({"pull_request": pull_request(77, files="none")}).encode(), 422, "invalid_body"
    yield "bad repository", json.dumps({"pull_request": pull_request(77, repository="x")}).encode(), 422, "invalid_body"


@pytest.mark.parametrize(("body", "status", "code"), [pytest.param(*rest, id=name) for name, *rest in bodies()])
def test_a_body_that_is_not_as_it_must_be_is_refused_and_nothing_is_stored(qms, body, status, code):
    before = stored(qms)
    answer = httpx.post(
        f"{qms.urls[O]}/api/workflows", content=body, headers={"Authorization": f"Bearer {qms.token(Role.QA_LEAD)}"}
    )
    found = problem(answer, status, code)
    if status == 422:
        assert found["errors"][0]["field"]
    assert stored(qms) == before


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "in chunks"])
def test_a_body_that_is_too_large_is_refused_and_nothing_is_stored(qms, told):
    before = stored(qms)
    huge = json.dumps({"pull_request": pull_request(78, files=[{"path": "big", "content": "x" * (9 << 20)}])}).encode()
    content = huge if told else (huge[start : start + 65536] for start in range(0, len(huge), 65536))
    answer = httpx.post(
        f"{qms.urls[O]}/api/workflows",
        content=content,
        headers={"Authorization": f"Bearer {qms.token(Role.QA_LEAD)}"},
        timeout=20,
    )
    problem(answer, 413, "too_large")
    assert stored(qms) == before


def test_a_connection_that_breaks_in_the_middle_of_a_body_stores_nothing(qms):
    before = stored(qms)
    host, port = qms.listeners[O].getsockname()
    body = json.dumps({"pull_request": pull_request(79)}).encode()
    head = f"POST /api/workflows HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {qms.token(Role.QA_LEAD)}\r\n"
    with socket.create_connection((host, port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-5])
    assert qms.call("GET", "/health").status_code == 200
    assert stored(qms) == before


def test_roles(qms):
    body = {"pull_request": pull_request(80)}
    problem(qms.call("POST", "/api/workflows", body, role=Role.DEVELOPER), 403, "forbidden")
    problem(qms.call("GET", "/api/admin/users", role=Role.MANAGER), 403, "forbidden")
    assert [user["username"] for user in qms.call("GET", "/api/admin/users").json()["items"]] == sorted(Role)
    problem(httpx.get(f"{qms.urls[O]}/api/workflows"), 401, "unauthorized")
    for bad in ("Bearer", "Bearer x.y.z", "Basic abc", f"Bearer {qms.token(Role.ADMIN)}x"):
        answer = httpx.get(f"{qms.urls[O]}/api/workflows", headers={"Authorization": bad})
        problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    service = qms.service_token(Service.DECISION)
    problem(qms.call("POST", "/api/workflows", body, token=service), 403, "forbidden")
    problem(qms.call("GET", "/api/audit", token=service), 403, "forbidden")
    assert qms.call("GET", "/api/workflows", token=service).status_code == 200
    problem(
        qms.call("GET", "/api/workflows", token=qms.service_token(Service.DECISION, Service.DASHBOARD)),
        401,
        "unauthorized",
    )
    forged = {
        "entry_id": "f" * 32, "time": "2020-01-01T00:00:00Z", "actor": "manager", "role": "manager",
        "action": "gate.overridden", "object": "workflow:forged", "correlation_id": "c-forged",
    }  # fmt: skip
    problem(qms.call("POST", "/api/audit", {"entries": [forged]}), 403, "forbidden")
    assert qms.call("GET", "/api/audit?correlation_id=c-forged").json()["total"] == 0
    records = qms.call("GET", "/api/audit?limit=500").json()["items"]
    refused = [one for one in records if one["action"] == "access.refused"]
    assert {"developer", "manager", "anonymous", "decision"} <= {one["actor"] for one in refused}


def test_log_in(qms):
    for body in ({"username": "admin", "password": "guess"}, {"username": "nobody", "password": "x"}):
        answer = httpx.post(f"{qms.urls[O]}/api/auth/token", json=body)
        problem(answer, 401, "unauthorized")
    records = qms.call("GET", "/api/audit?limit=500").json()["items"]
    actions = [(one["action"], one["object"]) for one in records]
    assert ("user.log_in_refused", "user:admin") in actions
    assert ("user.logged_in", "user:admin") in actions
    text = (qms.directory / "orchestration.log").read_text()
    database = (qms.directory / "orchestration.sqlite").read_bytes()
    for account in qms.secrets.accounts.values():
        assert account.password not in text
        assert account.password.encode() not in database


def test_correlation_ids(qms):
    answer = qms.call("GET", "/api/workflows", headers={"X-Correlation-ID": "my-act.1"})
    assert answer.headers["x-correlation-id"] == "my-act.1"
    assert qms.call("GET", "/api/workflows").headers["x-correlation-id"]
    problem(qms.call("GET", "/api/workflows", headers={"X-Correlation-ID": "a b"}), 422, "invalid_body")
    problem(qms.call("GET", "/api/workflows", headers={"X-Correlation-ID": "x" * 129}), 422, "invalid_body")


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit"), ("cursor=-1", "cursor"),
     ("state=LOST", "state"), ("colour=red", "colour"), ("repository=a%00b", "repository")],
)  # fmt: skip
def test_wrong_parameters_are_named(qms, query, field):
    found = problem(qms.call("GET", f"/api/workflows?{query}"), 422, "invalid_body")
    assert found["errors"][0]["field"] == field


def test_unknown_things(qms):
    problem(qms.call("GET", "/api/nothing"), 404, "not_found")
    problem(qms.call("DELETE", "/api/audit"), 405, "method_not_allowed")
    problem(qms.call("GET", "/api/workflows/none"), 404, "not_found")
    problem(qms.call("GET", "/api/workflows/none/pull-request"), 404, "not_found")
    problem(qms.call("GET", "/api/workflows/none/state"), 404, "not_found")
    problem(qms.call("POST", "/api/dead-letters/none/replay"), 404, "not_found")
    problem(qms.call("GET", "/api/workflows/%00"), 404, "not_found")


def test_the_openapi_document_is_the_contracts(qms):
    assert qms.call("GET", "/openapi.json").json() == json.loads(json.dumps(openapi(O)))


def test_paging_goes_through_everything_once(qms):
    made = [
        qms.call("POST", "/api/workflows", {"pull_request": pull_request(n, repository="test/paging")}).json()["id"]
        for n in range(5)
    ]
    seen, cursor = [], ""
    while cursor is not None:
        page = qms.call("GET", f"/api/workflows?repository=test/paging&limit=2{cursor and f'&cursor={cursor}'}").json()
        assert page["total"] == 5
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]


def events_of(qms, *, last_event_id=None, workflow_id=None, until):
    """The events of the stream until ``until`` says that it is enough; and the first comment."""
    headers = {"Authorization": f"Bearer {qms.token(Role.DEVELOPER)}"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = str(last_event_id)
    params = {"workflow_id": workflow_id} if workflow_id else {}
    events, first, fields = [], None, {}
    with httpx.stream("GET", f"{qms.urls[O]}/api/events", headers=headers, params=params, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            first = first or line
            if line.startswith(":"):
                if until(events):
                    break
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                events.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
                fields = {}
                if until(events):
                    break
    return first, events


def test_the_event_stream_resumes_where_it_was_left(qms):
    id_ = qms.call("POST", "/api/workflows", {"pull_request": pull_request(90)}).json()["id"]
    _, events = events_of(qms, last_event_id=0, workflow_id=id_, until=lambda seen: len(seen) == 2)
    assert [type_ for _, type_, _ in events] == ["pr.created", "workflow.started"]
    assert all(data["workflow_id"] == id_ and data["type"] == type_ for _, type_, data in events)
    first, rest = events_of(qms, last_event_id=events[0][0], workflow_id=id_, until=lambda seen: len(seen) == 1)
    assert first == f": ready {events[0][0]}"
    assert rest == events[1:]
    problem(qms.call("GET", "/api/events", headers={"Last-Event-ID": "abc"}), 422, "invalid_body")


def test_the_event_stream_begins_now_and_is_live(qms):
    got, ready = [], threading.Event()

    def watch():
        def enough(seen):
            ready.set()
            return len(seen) == 2

        got.extend(events_of(qms, until=enough)[1])

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert ready.wait(5)
    id_ = qms.call("POST", "/api/workflows", {"pull_request": pull_request(91)}).json()["id"]
    watcher.join(5)
    assert [data["workflow_id"] for _, _, data in got] == [id_, id_]


def test_a_reader_that_does_not_read_holds_up_nobody(qms):
    host, port = qms.listeners[O].getsockname()
    with socket.create_connection((host, port)) as lazy:
        request = f"GET /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {qms.token(Role.DEVELOPER)}\r\n"
        lazy.sendall(f"{request}Last-Event-ID: 0\r\n\r\n".encode())
        for number in range(92, 96):
            assert qms.call("POST", "/api/workflows", {"pull_request": pull_request(number)}).status_code == 201


def test_the_clock_moves_forward_only(qms):
    qms.call("PUT", "/api/clock", {"offset_seconds": 60}).raise_for_status()
    clock = qms.call("GET", "/api/clock").json()
    assert (clock["offset_seconds"], clock["movable"]) == (60, True)
    assert qms.call("PUT", "/api/clock", {"offset_seconds": 60}).status_code == 200
    problem(qms.call("PUT", "/api/clock", {"offset_seconds": 59}), 409, "clock_runs_forward")
    problem(qms.call("PUT", "/api/clock", {"offset_seconds": -1}), 422, "invalid_body")
    problem(qms.call("PUT", "/api/clock", {"offset_seconds": 61}, role=Role.MANAGER), 403, "forbidden")


def test_events_may_only_come_from_their_source(qms):
    event = {
        "event_id": "x",
        "type": "a.b",
        "timestamp": "2026-01-01T00:00:00Z",
        "source": "dashboard",
        "correlation_id": "c",
    }
    token = qms.service_token(Service.DECISION)
    problem(qms.call("POST", "/api/events", {"events": [event]}, token=token), 403, "source_mismatch")
    report = qms.call("POST", "/api/events", {"events": [event, event]}).json()
    assert report == {"accepted": 1, "duplicates": 1, "dead": 0}
    problem(qms.call("POST", "/api/events", {"events": []}), 422, "invalid_body")


def test_dead_letters(qms):
    event = {
        "event_id": "dead-1", "type": "decision.routed", "timestamp": "2026-01-01T00:00:00Z", "source": "decision",
        "correlation_id": "c", "workflow_id": "no-such-workflow", "payload": {},
    }  # fmt: skip
    assert qms.call("POST", "/api/events", {"events": [event]}).json()["dead"] == 1
    letters = qms.call("GET", "/api/dead-letters").json()["items"]
    assert [letter["event"]["event_id"] for letter in letters] == ["dead-1"]
    problem(qms.call("POST", "/api/dead-letters/dead-1/replay"), 409, "replay_failed")
    problem(qms.call("POST", "/api/dead-letters/dead-1/replay", role=Role.MANAGER), 403, "forbidden")


def test_one_that_cannot_be_handled_takes_none_of_its_batch_with_it(qms):
    one = {"type": "decision.routed", "timestamp": "2026-01-01T00:00:00Z", "source": "decision", "correlation_id": "c"}
    events = [
        {**one, "event_id": "batch-1", "type": "agent.task_completed"},
        {**one, "event_id": "batch-2", "workflow_id": "no-such-workflow"},
        {**one, "event_id": "batch-3", "type": "agent.task_completed"},
    ]
    assert qms.call("POST", "/api/events", {"events": events}).json() == {"accepted": 2, "duplicates": 0, "dead": 1}
    assert qms.call("POST", "/api/events", {"events": events}).json() == {"accepted": 0, "duplicates": 3, "dead": 0}
    letters = qms.call("GET", "/api/dead-letters").json()["items"]
    assert "batch-2" in [letter["event"]["event_id"] for letter in letters]


def test_health_names_what_is_missing(qms):
    health = eventually(lambda: qms.call("GET", "/health").json())
    by_name = {one["name"]: one for one in health["dependencies"]}
    assert by_name["database"]["status"] == "healthy"
    assert by_name["database"]["latency_ms"] > 0
    assert by_name["decision"]["status"] == "unhealthy"
    assert health["status"] == "degraded"


def test_an_open_stream_does_not_hold_up_the_end(tmp_path):
    running = Running(tmp_path)
    try:
        running.start([O])
        headers = {"Authorization": f"Bearer {running.token(Role.DEVELOPER)}"}
        with httpx.stream("GET", f"{running.urls[O]}/api/events", headers=headers, timeout=10) as answer:
            lines = answer.iter_lines()
            assert next(lines).startswith(": ready")
            assert running.stop(O) == 0
            assert [line for line in lines if line] == []
    finally:
        running.end()


def test_a_clock_that_is_not_movable(tmp_path):
    running = Running(tmp_path, movable_clock=False)
    try:
        running.start([O])
        problem(running.call("PUT", "/api/clock", {"offset_seconds": 60}), 409, "clock_not_movable")
    finally:
        running.end()
