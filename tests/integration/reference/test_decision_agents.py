"""The agents at work between real services."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from running import Running, eventually

from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_AGENTS, STEP_CHECKS, Step
from QMSLibrary.data.pull_requests import create_pull_request, fix_pull_request

DOR = STEP_AGENTS[Step.DOR_VALIDATION][0]


@pytest.fixture
def qms(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    try:
        running.start()
        yield running
    finally:
        running.end()


class HealthPage:
    """An agent's health endpoint, which can be made ill."""

    def __init__(self) -> None:
        self.status = 200
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(page.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/health"


@contextmanager
def health_page() -> Iterator[HealthPage]:
    page = HealthPage()
    thread = threading.Thread(target=page.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield page
    finally:
        page.server.shutdown()
        page.server.server_close()
        thread.join()


def start(qms: Running, **wishes: Any) -> tuple[str, Any]:
    request = create_pull_request(**wishes)
    answer = qms.call("POST", "/api/workflows", {"pull_request": json.loads(request.model_dump_json())})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], request


def workflow(qms: Running, id_: str) -> dict[str, Any]:
    return qms.call("GET", f"/api/workflows/{id_}").json()


def settled(qms: Running, id_: str, timeout: float = 20) -> dict[str, Any]:
    def done() -> dict[str, Any] | None:
        seen = workflow(qms, id_)
        return seen if seen["status"] not in ("queued", "in_progress") else None

    return eventually(done, timeout)


def agent(qms: Running, agent_id: str) -> dict[str, Any]:
    items = qms.call("GET", "/api/agents", service=Service.DECISION).json()["items"]
    return next(one for one in items if one["agent_id"] == agent_id)


def register(qms: Running, agent_id: str, endpoint: str) -> None:
    body = {
        "agent_id": agent_id,
        "capabilities": [DOR, "typescript", "documentation"],
        "load_capacity": 500,
        "health_endpoint": endpoint,
    }
    assert qms.call("POST", "/api/agents", body, service=Service.DECISION).status_code == 201


def taken_by(qms: Running, agent_id: str) -> str:
    """Start reviews until one is given to the agent; it is the least loaded soon."""
    for seed in range(20):
        id_, _ = start(qms, complexity="low", seed=seed)
        assigned = eventually(lambda id_=id_: workflow(qms, id_)["steps"][0]["agents"])
        if assigned == [agent_id]:
            return id_
    raise AssertionError(f"{agent_id} was never chosen")


def test_each_gate_stops_what_it_is_for_and_opens_when_it_is_mended(qms: Running) -> None:
    cases = [
        ({"missing_tests": True}, Step.DOR_VALIDATION, {"missing_tests"}),
        ({"security_issues": "sql_injection:high, xss:medium"}, Step.PROGRESS_REVIEWS, {"sql_injection", "xss"}),
        ({"test_coverage": 60}, Step.DOD_VALIDATION, {"coverage_below_threshold"}),
        ({"code_style": 0.0}, Step.FINAL_REVIEW, {"quality_below_threshold"}),
    ]
    for wishes, step, expected in cases:
        id_, request = start(qms, complexity="low", **wishes)
        stopped = settled(qms, id_)
        assert (stopped["status"], stopped["step"]) == ("failed", step.value), stopped
        assert set(stopped["steps"][step.number - 1]["failure_reasons"]) == expected
        files = [json.loads(file.model_dump_json()) for file in fix_pull_request(request).files]
        assert qms.call("POST", f"/api/workflows/{id_}/retry", {"files": files}).status_code == 200
        mended = settled(qms, id_)
        assert mended["state"] == "COMPLETED", mended
        assert mended["result"]["quality_score"] >= 85
        assert [one["attempt"] for one in mended["steps"]] == [2 if one is step else 1 for one in Step]


def test_an_agent_elsewhere_is_given_work_and_answers_itself(qms: Running) -> None:
    with health_page() as page:
        register(qms, "far-validator", page.url)
        id_ = taken_by(qms, "far-validator")
        assert agent(qms, "far-validator")["load"] == 1
        assert workflow(qms, id_)["steps"][0]["waiting_for"] == ["far-validator"]
        result = {"agent_id": "far-validator", "checks": dict.fromkeys(STEP_CHECKS[Step.DOR_VALIDATION], True)}
        body = {"run": 1, "attempt": 1, "result": result}
        answer = qms.call("POST", f"/api/workflows/{id_}/steps/dor_validation/results", body)
        assert answer.status_code == 200, answer.text
        assert settled(qms, id_)["state"] == "COMPLETED"
        assert eventually(lambda: agent(qms, "far-validator")["load"] == 0)


def test_an_agent_that_falls_ill_gets_nothing_and_its_work_moves_on(qms: Running) -> None:
    with health_page() as page:
        register(qms, "far-validator", page.url)
        id_ = taken_by(qms, "far-validator")
        page.status = 503
        assert eventually(lambda: agent(qms, "far-validator")["health"] == "unhealthy")
        assert settled(qms, id_)["state"] == "COMPLETED"
        assert workflow(qms, id_)["steps"][0]["agents"] == [DOR]
        made = qms.call("GET", f"/api/routing?workflow_id={id_}", service=Service.DECISION).json()["items"]
        assert [one["assignments"][0]["agent_id"] for one in made if one["step"] == "dor_validation"] == [
            DOR,
            "far-validator",
        ]
        for seed in range(3):
            other, _ = start(qms, complexity="low", seed=seed)
            assert settled(qms, other)["steps"][0]["agents"] == [DOR]
        page.status = 200
        assert eventually(lambda: agent(qms, "far-validator")["health"] == "healthy")


def test_the_agents_work_goes_on_after_a_crash_of_their_service(qms: Running) -> None:
    ids = [start(qms, complexity="medium")[0] for _ in range(6)]
    qms.kill(Service.DECISION)
    qms.start([Service.DECISION])
    for id_ in ids:
        assert settled(qms, id_, 30)["state"] == "COMPLETED"
    assert eventually(
        lambda: not any(one["load"] for one in qms.call("GET", "/api/agents", service=Service.DECISION).json()["items"])
    )
