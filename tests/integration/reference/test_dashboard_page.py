"""Logging in on the dashboard's page, over HTTP, with the orchestration service that knows the accounts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from dashboard_escalation_qms import RunningQms, eventually, running_qms

from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service


@pytest.fixture(scope="module")
def qms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningQms]:
    with running_qms(Path(tmp_path_factory.mktemp("page")) / "qms") as made:
        yield made


@pytest.fixture
def browser(qms: RunningQms) -> Iterator[httpx.Client]:
    root = qms.urls[Service.DASHBOARD]
    with httpx.Client(base_url=root, headers={"Origin": root}, trust_env=False) as client:
        yield client


def log_in(browser: httpx.Client, qms: RunningQms, role: Role, **more: str) -> httpx.Response:
    return browser.post("/log-in", data={**qms._accounts[role], **more})


def audited(qms: RunningQms, action: str) -> list[dict]:
    return [
        one for one in qms.get(Service.ORCHESTRATION, "/api/audit", limit="500")["items"] if one["action"] == action
    ]


def test_a_wrong_password_is_refused_in_words_and_on_the_audit_trail(qms, browser):
    answer = browser.post("/log-in", data={"username": "manager", "password": "wrong & <guess>"})
    assert answer.status_code == 401
    assert "There is no account with this name and password." in answer.text
    assert "guess" not in answer.text
    assert "qms_session" not in browser.cookies
    assert audited(qms, "user.log_in_refused")


def test_the_session_is_a_cookie_that_no_script_and_no_other_site_can_use(qms, browser):
    answer = log_in(browser, qms, Role.MANAGER, back="/dashboard/operational")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard/operational")
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert browser.get("/dashboard/operational").status_code == 200
    # It is for the page alone: the API wants a bearer token, which no foreign page can make a browser send.
    assert browser.get("/api/alerts").status_code == 401


def test_logging_out_ends_it_and_only_the_pages_own_form_does(qms, browser):
    log_in(browser, qms, Role.MANAGER)
    assert browser.post("/log-out", data={"csrf": "0" * 64}).status_code == 403
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', browser.get("/dashboard/qa").text)[1]
    assert browser.post("/log-out", data={"csrf": csrf}).status_code == 303
    assert browser.get("/dashboard/qa").status_code == 303
    assert browser.get("/").headers["Location"] == "/log-in"


def test_a_refused_act_is_on_the_audit_trail_under_the_persons_name(qms, browser):
    log_in(browser, qms, Role.DEVELOPER)
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', browser.get("/dashboard/qa").text)[1]
    answer = browser.post("/dashboard/alerts/alert-1/acknowledge", data={"csrf": csrf})
    assert answer.status_code == 403
    assert "whose role is developer" in answer.text
    mine = "POST /dashboard/alerts/alert-1/acknowledge"
    found = eventually(lambda: [one for one in audited(qms, "access.refused") if one["object"] == mine], bool)
    assert (found[0]["actor"], found[0]["role"]) == ("developer", "developer")


def test_a_routing_that_found_nobody_is_shown_with_its_reason(qms, browser):
    workflow = f"wf-{uuid4().hex[:12]}"
    reason = "No healthy agent can act as <qms-dor-validator>."
    failed = {
        "event_id": uuid4().hex, "type": EventType.ROUTING_FAILED.value, "timestamp": "2026-01-01T00:00:00.000000Z",
        "source": "decision", "workflow_id": workflow, "correlation_id": f"c-{workflow}",
        "payload": {"step": "dor_validation", "run": 1, "attempt": 1, "role": "qms-dor-validator", "reason": reason},
    }  # fmt: skip
    qms.deliver(Service.DASHBOARD, failed)
    log_in(browser, qms, Role.MANAGER)
    shown = browser.get("/dashboard/operational")
    assert shown.status_code == 200, shown.text
    assert html.escape(reason) in shown.text
    entry = qms.get(Service.DASHBOARD, "/api/widgets/routing_history/data")["data"]["newest"][0]
    assert (entry["failed"], entry["decision_id"], entry["assignments"]) == (True, None, [])
