"""Escalation and dashboard as real processes: doubled and late deliveries, crashes, a moved clock, real receivers."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from dashboard_escalation_qms import RunningQms, eventually, running_qms
from escalation_receivers import Inbox, http_receiver, smtp_receiver

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

ESCALATION, DASHBOARD, ORCHESTRATION = Service.ESCALATION, Service.DASHBOARD, Service.ORCHESTRATION


class Receivers:
    def __init__(self, slack: Inbox, email: Inbox, sms: Inbox) -> None:
        self.slack, self.email, self.sms = slack, email, sms


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    with ExitStack() as stack:
        yield Receivers(
            stack.enter_context(http_receiver()),
            stack.enter_context(smtp_receiver()),
            stack.enter_context(http_receiver()),
        )


@pytest.fixture(scope="module")
def qms(tmp_path_factory: pytest.TempPathFactory, receivers: Receivers) -> Iterator[RunningQms]:
    folder = tmp_path_factory.mktemp("escalation")
    urls = {"slack": receivers.slack.url, "email": receivers.email.url, "sms": receivers.sms.url}
    (folder / "receivers.json").write_text(json.dumps(urls))
    with running_qms(folder / "qms", {"QMS_NOTIFICATION_RECEIVERS": str(folder / "receivers.json")}) as made:
        yield made


class Story:
    """What orchestration would say about one workflow."""

    def __init__(self, workflow: str) -> None:
        self.workflow = workflow

    def event(self, kind: str, state: str, status: str, step: str, revision: int, **payload: Any) -> dict[str, Any]:
        snapshot = {
            "id": self.workflow, "state": state, "status": status, "step": step, "progress": 0, "revision": revision,
            "updated_at": "2026-01-01T00:00:00.000000Z", "repository": f"acme/{self.workflow}",
            "pull_request_id": "PR-1", "title": "feat: pay", "author": "ann",
        }  # fmt: skip
        return {
            "event_id": uuid4().hex, "type": kind, "timestamp": "2026-01-01T00:00:00.000000Z",
            "source": "orchestration", "workflow_id": self.workflow, "correlation_id": f"c-{self.workflow}",
            "payload": {"workflow": snapshot, "step": step, **payload},
        }  # fmt: skip

    def started(self) -> dict[str, Any]:
        return self.event("workflow.started", "DOR_PENDING", "in_progress", "dor_validation", 1)

    def failed(self, revision: int = 3) -> dict[str, Any]:
        reasons = ["missing_tests", "missing_documentation"]
        return self.event("gate.failed", "DOR_FAILED", "failed", "dor_validation", revision, failure_reasons=reasons)

    def passed(self, revision: int = 5) -> dict[str, Any]:
        event = self.event("gate.passed", "PROGRESS_PENDING", "in_progress", "progress_reviews", revision)
        event["payload"]["step"] = "dor_validation"
        return event

    def completed(self, quality: float, *, compliant: bool, repository: str) -> dict[str, Any]:
        result = {"quality_score": quality, "compliance_adhered": compliant}
        event = self.event("workflow.completed", "COMPLETED", "completed", "final_review", 9, result=result)
        event["payload"]["workflow"]["repository"] = repository
        return event

    def leaked(self, revision: int = 7) -> dict[str, Any]:
        finding = {"type": "hardcoded_secret", "severity": "critical", "agent_id": "qms-security-scanner"}
        return self.event("step.failed", "PROGRESS_BLOCKED", "failed", "progress_reviews", revision, findings=[finding])


@pytest.fixture
def story() -> Story:
    return Story(f"wf-{uuid4().hex[:12]}")


def escalations(qms: RunningQms, story: Story) -> list[dict[str, Any]]:
    return qms.get(ESCALATION, "/api/escalations", workflow_id=story.workflow)["items"]


def alerts(qms: RunningQms, story: Story) -> list[dict[str, Any]]:
    return qms.get(DASHBOARD, "/api/alerts", workflow_id=story.workflow)["items"]


def states_of(items: list[dict[str, Any]]) -> list[str]:
    return [item["state"] for item in items]


def audited(qms: RunningQms, story: Story) -> list[tuple[str, str]]:
    page = qms.get(ORCHESTRATION, "/api/audit", correlation_id=f"c-{story.workflow}")
    return [(record["action"], record["actor"]) for record in page["items"]]


def notifications(qms: RunningQms, escalation: dict[str, Any]) -> list[dict[str, Any]]:
    return qms.get(ESCALATION, "/api/notifications", escalation_id=escalation["id"])["items"][::-1]


@pytest.mark.parametrize("seed", range(3))
def test_doubled_late_and_shuffled_deliveries_raise_one_escalation_and_one_alert(
    qms: RunningQms, story: Story, seed: int
) -> None:
    told = [story.started(), story.failed()] * 3
    random.Random(seed).shuffle(told)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: qms.deliver(ESCALATION, one), told))
    (found,) = escalations(qms, story)
    assert (found["level"], found["occurrences"]) == ("L3_STANDARD", 1)
    (alert,) = eventually(lambda: alerts(qms, story), bool)
    assert alert["escalation_id"] == found["id"]
    eventually(lambda: audited(qms, story), lambda seen: ("escalation.triggered", "escalation") in seen)
    assert len(audited(qms, story)) == 1


def test_settled_at_the_escalation_the_alert_is_cleared_and_late_news_changes_nothing(
    qms: RunningQms, story: Story
) -> None:
    qms.deliver(ESCALATION, story.started(), story.failed(), story.passed())
    assert states_of(escalations(qms, story)) == ["resolved"]
    eventually(lambda: states_of(alerts(qms, story)), lambda seen: seen == ["resolved"])
    qms.deliver(ESCALATION, story.failed(), story.started())
    assert states_of(escalations(qms, story)) == ["resolved"]
    actions = eventually(lambda: audited(qms, story), lambda seen: len(seen) >= 2)
    assert actions == [("escalation.triggered", "escalation"), ("escalation.resolved", "escalation")]


def test_acknowledged_on_the_dashboard_the_escalation_is_too_by_the_same_person(qms: RunningQms, story: Story) -> None:
    qms.deliver(ESCALATION, story.failed())
    (alert,) = eventually(lambda: alerts(qms, story), bool)
    qms.post(DASHBOARD, f"/api/alerts/{alert['id']}/acknowledge", role=Role.QA_LEAD)
    (found,) = eventually(lambda: escalations(qms, story), lambda seen: states_of(seen) == ["acknowledged"])
    assert found["acknowledged_by"] == "qa_lead"
    refused = qms.request(
        Role.MANAGER, "POST", ESCALATION, "/api/escalations/acknowledge", {"escalation_id": found["id"]}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "already_acknowledged")


def test_acknowledged_at_the_escalation_the_alert_is_too(qms: RunningQms, story: Story) -> None:
    qms.deliver(ESCALATION, story.failed())
    (found,) = escalations(qms, story)
    body = {"escalation_id": found["id"], "comment": "mine"}
    assert qms.post(ESCALATION, "/api/escalations/acknowledge", body, Role.QA_LEAD)["state"] == "acknowledged"
    (alert,) = eventually(lambda: alerts(qms, story), lambda seen: states_of(seen) == ["acknowledged"])
    assert alert["acknowledged_by"] == "qa_lead"
    again = qms.request(Role.ADMIN, "POST", DASHBOARD, f"/api/alerts/{alert['id']}/acknowledge")
    assert (again.status_code, again.json()["code"]) == (409, "already_acknowledged")


def test_of_many_who_acknowledge_at_once_one_does(qms: RunningQms, story: Story) -> None:
    qms.deliver(ESCALATION, story.failed())
    (found,) = escalations(qms, story)
    token = qms.token(Role.QA_LEAD)
    assert token
    body = {"escalation_id": found["id"]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: qms.request(Role.QA_LEAD, "POST", ESCALATION, "/api/escalations/acknowledge", body), range(8)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]


@pytest.mark.parametrize(
    ("role", "method", "service", "path"),
    [
        (Role.DEVELOPER, "POST", ESCALATION, "/api/escalations/acknowledge"),
        (Role.DEVELOPER, "POST", DASHBOARD, "/api/alerts/x/acknowledge"),
        (Role.DEVELOPER, "PUT", DASHBOARD, "/api/widgets/quality_trend/config"),
        (Role.QA_LEAD, "POST", ESCALATION, "/api/escalations/x/close"),
        (Role.DEVELOPER, "GET", ESCALATION, "/api/notifications"),
    ],
)
def test_who_may_not_is_refused(qms: RunningQms, role: Role, method: str, service: Service, path: str) -> None:
    assert qms.request(role, method, service, path, {}).status_code == 403


def test_a_widget_config_that_does_not_fit_names_the_field(qms: RunningQms) -> None:
    path = "/api/widgets/quality_trend/config"
    refused = qms.request(Role.QA_LEAD, "PUT", DASHBOARD, path, {"limit": 0, "colour": "red"})
    assert refused.status_code == 422
    assert {one["field"] for one in refused.json()["errors"]} == {"limit", "colour"}


def test_the_sums_of_the_quality_trend_are_over_all_reviews_however_few_it_lists(qms: RunningQms) -> None:
    repository, path = f"acme/{uuid4().hex[:12]}", "/api/widgets/quality_trend"
    for quality, compliant in ((100, True), (70, False), (85, True), (85, True)):
        story = Story(f"wf-{uuid4().hex[:12]}")
        qms.deliver(DASHBOARD, story.completed(quality, compliant=compliant, repository=repository))
    assert qms.request(Role.QA_LEAD, "PUT", DASHBOARD, f"{path}/config", {"limit": 1}).is_success
    try:
        data = qms.get(DASHBOARD, f"{path}/data", repository=repository)["data"]
    finally:
        qms.request(Role.QA_LEAD, "PUT", DASHBOARD, f"{path}/config", {})
    assert len(data["points"]) == 1
    assert (data["completed"], data["mean_quality_score"], data["share_compliant"]) == (4, 85, 0.75)


def test_killed_between_events_nothing_is_lost_or_doubled(qms: RunningQms, story: Story) -> None:
    qms.deliver(ESCALATION, story.started(), failed := story.failed())
    qms.crash(ESCALATION)
    assert qms.deliver(ESCALATION, failed)["duplicates"] == 1
    (found,) = escalations(qms, story)
    assert (found["occurrences"], found["state"]) == (1, "active")
    qms.keeper("kill", DASHBOARD)
    qms.deliver(ESCALATION, story.passed())
    qms.keeper("start", DASHBOARD)
    qms.crash(ESCALATION)
    qms.crash(DASHBOARD)
    (alert,) = eventually(lambda: alerts(qms, story), lambda seen: states_of(seen) == ["resolved"])
    assert alert["escalation_id"] == found["id"]
    actions = eventually(lambda: audited(qms, story), lambda seen: len(seen) >= 2)
    assert actions == [("escalation.triggered", "escalation"), ("escalation.resolved", "escalation")]


def test_killed_in_the_middle_of_many_events_nothing_is_lost_or_doubled(qms: RunningQms) -> None:
    stories = [Story(f"wf-{uuid4().hex[:12]}") for _ in range(40)]
    told = [event for story in stories for event in (story.started(), story.failed())]
    begun = threading.Event()

    def deliver_until_taken(events: list[dict[str, Any]]) -> None:
        # As a courier does: the same batch again until there is an answer.
        def attempt() -> bool:
            begun.set()
            try:
                qms.deliver(ESCALATION, *events)
            except OSError:
                return False
            except Exception as error:
                if type(error).__module__.split(".")[0] in ("httpx", "httpcore"):
                    return False
                raise
            return True

        eventually(attempt, bool, timeout=40)

    with ThreadPoolExecutor(1) as pool:
        batches = [told[start : start + 4] for start in range(0, len(told), 4)]
        delivering = pool.submit(lambda: [deliver_until_taken(batch) for batch in batches])
        begun.wait(10)
        qms.crash(ESCALATION)
        delivering.result(timeout=60)
    for story in stories:
        assert [one["occurrences"] for one in escalations(qms, story)] == [1]
        eventually(lambda: alerts(qms, story), lambda seen: states_of(seen) == ["active"])  # noqa: B023


def test_messages_reach_their_receivers_once_and_are_announced(
    qms: RunningQms, story: Story, receivers: Receivers
) -> None:
    qms.deliver(ESCALATION, story.failed())
    (found,) = escalations(qms, story)
    sent = eventually(
        lambda: notifications(qms, found), lambda seen: all(one["state"] == "sent" for one in seen) and bool(seen)
    )
    assert [(one["recipient"], one["channel"], one["attempts"]) for one in sent] == [
        ("qa-lead", "email", 1), ("review-channel", "slack", 1),
    ]  # fmt: skip
    texts = [one["body"]["text"] for one in receivers.slack.items if found["id"] in one["body"]["text"]]
    assert len(texts) == 1
    assert "DoR validation failed: missing_tests, missing_documentation" in texts[0]
    assert sum(found["id"] in one["text"] for one in receivers.email.items) == 1


def test_a_channel_that_fails_is_retried_and_then_the_next_one_is_used(
    qms: RunningQms, story: Story, receivers: Receivers
) -> None:
    receivers.sms.answer = lambda number: 503
    try:
        qms.deliver(ESCALATION, story.leaked())
        (found,) = escalations(qms, story)
        assert found["level"] == "L0_CRITICAL"

        def of_the_lead() -> list[tuple[str, str, int]]:
            mine = [one for one in notifications(qms, found) if one["recipient"] == "qa-lead"]
            return [(one["channel"], one["state"], one["attempts"]) for one in mine]

        seen = eventually(of_the_lead, lambda seen: bool(seen) and seen[-1][1] == "sent")
    finally:
        receivers.sms.answer = lambda number: 200
    assert seen == [("sms", "failed", 3), ("phone_call", "not_configured", 0), ("email", "sent", 1)]
    failed = next(one for one in notifications(qms, found) if one["state"] == "failed")
    assert failed["reason"] == "the receiver answered HTTP 503"
    (nobody,) = [one for one in notifications(qms, found) if one["recipient"] == "on-call"]
    assert (nobody["channel"], nobody["state"]) == ("pagerduty", "not_configured")


def test_four_hours_later_the_next_tier_is_told(qms: RunningQms, story: Story) -> None:
    qms.deliver(ESCALATION, story.failed())
    (found,) = escalations(qms, story)
    assert {one["tier"] for one in notifications(qms, found)} == {1}
    qms.move_clock(4 * 3600)
    (found,) = escalations(qms, story)
    assert found["tier"] == 2
    told = eventually(
        lambda: [one for one in notifications(qms, found) if one["tier"] == 2],
        lambda seen: [one["state"] for one in seen] == ["sent"],
    )
    assert [(one["recipient"], one["channel"]) for one in told] == [("engineering-manager", "email")]


def test_a_workflow_that_is_not_heard_of_is_not_found_and_then_shown(qms: RunningQms, story: Story) -> None:
    path = f"/api/workflows/{story.workflow}/state"
    assert qms.request(Role.DEVELOPER, "GET", DASHBOARD, path).status_code == 404
    qms.deliver(DASHBOARD, story.started())
    state = qms.get(DASHBOARD, path, role=Role.DEVELOPER)
    assert (state["state"], state["status"], state["revision"]) == ("DOR_PENDING", "in_progress", 1)
    query = {"repository": f"acme/{story.workflow}"}
    data = qms.get(DASHBOARD, "/api/widgets/workflow_pipeline/data", **query)["data"]
    assert (data["total"], data["in_progress_by_step"]["dor_validation"]) == (1, 1)
