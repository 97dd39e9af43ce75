"""Escalations and alerts of real reviews: raised by what the agents found, settled by what people did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from dashboard_escalation_qms import RunningQms, eventually, running_qms

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

ESCALATION, DASHBOARD, ORCHESTRATION = Service.ESCALATION, Service.DASHBOARD, Service.ORCHESTRATION
CODE = """/** The sum of two numbers. */
export function add(left, right) {
  return left + right;
}
"""
TEST = """import { add } from "./add";
describe("add", () => {
  it("adds", () => {
    expect(add(1, 2)).toBe(3);
  });
});
"""
GUIDE = "# add\n\n`add` gives the sum of two numbers.\n"
LEAK = 'const accessKey = "AKIA' + 'IOSFODNN7EXAMPL1";\n'  # put together, so that nobody takes it for a leak
TESTED = {"src/add.ts": CODE, "src/add.test.ts": TEST, "docs/add.md": GUIDE}


@pytest.fixture(scope="module")
def qms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningQms]:
    with running_qms(tmp_path_factory.mktemp("reviews") / "qms") as made:
        yield made


def files_of(contents: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"path": path, "type": "added", "additions": text.count("\n"), "content": text}
        for path, text in contents.items()
    ]


def review(qms: RunningQms, contents: dict[str, str], **options: Any) -> str:
    pull_request = {
        "id": f"PR-{uuid4().hex[:8]}", "title": "feat: add numbers", "author": "ann", "repository": "acme/shop",
        "description": "Adds a function that gives the sum of two numbers, with its test and its page.",
        "head_branch": "feature/add", "created_at": "2026-01-01T00:00:00Z", "files": files_of(contents),
    }  # fmt: skip
    body = {"pull_request": pull_request, **options}
    return qms.post(ORCHESTRATION, "/api/workflows", body, Role.QA_LEAD)["id"]


def escalations(qms: RunningQms, workflow: str) -> list[dict[str, Any]]:
    return qms.get(ESCALATION, "/api/escalations", workflow_id=workflow)["items"]


def brief(items: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["level"], one["type"], one["state"]) for one in items]


def alert_states(qms: RunningQms, workflow: str) -> list[str]:
    return [one["state"] for one in qms.get(DASHBOARD, "/api/alerts", workflow_id=workflow)["items"]]


def states_everywhere(qms: RunningQms, workflow: str) -> list[str]:
    """The workflow's state in each service; an empty one where it is not known yet."""
    path = f"/api/workflows/{workflow}/state"
    answers = [qms.request(Role.DEVELOPER, "GET", service, path) for service in Service]
    return [answer.json()["state"] if answer.is_success else "" for answer in answers]


def wait_completed(qms: RunningQms, workflow: str) -> None:
    eventually(lambda: states_everywhere(qms, workflow), lambda seen: seen == ["COMPLETED"] * 4)


def test_a_gate_that_fails_is_one_escalation_and_mending_it_clears_everything(qms: RunningQms) -> None:
    workflow = review(qms, {"src/add.ts": CODE.replace("/** The sum of two numbers. */\n", "")})
    (found,) = eventually(lambda: escalations(qms, workflow), bool)
    assert (found["level"], found["repository"]) == ("L3_STANDARD", "acme/shop")
    assert found["reason"] == "DoR validation failed: missing_tests, missing_documentation"
    eventually(lambda: alert_states(qms, workflow), lambda seen: seen == ["active"])
    body = {"step": "dor_validation", "files": files_of(TESTED)}
    qms.post(ORCHESTRATION, f"/api/workflows/{workflow}/retry", body, Role.QA_LEAD)
    eventually(lambda: alert_states(qms, workflow), lambda seen: seen == ["resolved"])
    assert brief(escalations(qms, workflow)) == [("L3_STANDARD", "dor_failed", "resolved")]
    wait_completed(qms, workflow)


def test_an_override_settles_it(qms: RunningQms) -> None:
    workflow = review(qms, {"src/add.ts": CODE})
    eventually(lambda: escalations(qms, workflow), bool)
    body = {"step": "dor_validation", "reason": "tests follow tomorrow"}
    qms.post(ORCHESTRATION, f"/api/workflows/{workflow}/overrides", body, Role.MANAGER)
    eventually(
        lambda: [one["state"] for one in escalations(qms, workflow) if one["type"] == "dor_failed"],
        lambda seen: seen == ["resolved"],
    )


def test_a_leaked_secret_is_critical(qms: RunningQms) -> None:
    workflow = review(qms, {**TESTED, "src/add.ts": LEAK + CODE})
    found = eventually(lambda: escalations(qms, workflow), bool)
    assert brief(found) == [("L0_CRITICAL", "leaked_secret", "active")]
    assert "src/add.ts line 1" in found[0]["reason"]
    assert "AKIA" not in str(found)


def test_a_completed_review_is_on_the_quality_trend(qms: RunningQms) -> None:
    workflow = review(qms, TESTED)
    wait_completed(qms, workflow)
    entry = qms.get(DASHBOARD, "/api/widgets/quality_trend/data")["data"]["points"][-1]
    assert (entry["workflow_id"], entry["compliance_adhered"]) == (workflow, True)


def test_an_overdue_approval_asks_for_somebody_and_is_settled_by_the_approval(qms: RunningQms) -> None:
    workflow = review(qms, TESTED, approval_required=True)
    path = f"/api/workflows/{workflow}"
    eventually(lambda: qms.get(ORCHESTRATION, path)["steps"][3]["status"], lambda seen: seen == "waiting")
    assert escalations(qms, workflow) == []
    qms.move_clock(3601)
    found = eventually(lambda: escalations(qms, workflow), bool)
    assert brief(found) == [("L3_STANDARD", "approval_overdue", "active")]
    assert "final approval overdue" in found[0]["reason"]
    qms.post(ORCHESTRATION, f"{path}/approvals", {}, Role.MANAGER)
    eventually(
        lambda: brief(escalations(qms, workflow)),
        lambda seen: seen == [("L3_STANDARD", "approval_overdue", "resolved")],
    )
    eventually(lambda: alert_states(qms, workflow), lambda seen: seen == ["resolved"])
