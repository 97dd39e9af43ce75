"""From a signed webhook to a finished review, on the four real services and a small real code host."""

from __future__ import annotations

import itertools
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import psycopg
import pytest
from code_host import CodeHost
from postgres_server import postgres
from running import FILES, Running, eventually

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "reference"))
from webhooks_made import pull_request_hook, raw_of, repository, signature

from QMSLibrary.contract.problems import PROBLEM_JSON
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel.settings import CodeHostSettings

O = Service.ORCHESTRATION  # noqa: E741
TOKEN = "a-token-that-nobody-may-see"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def whole_qms(tmp_path_factory):
    code_host = CodeHost()
    settings = CodeHostSettings(code_host.url, TOKEN, tries=4, first_pause=0.05, longest_pause=0.2, timeout=10.0)
    running = Running(tmp_path_factory.mktemp("qms"), code_host=settings)
    try:
        running.start()
        yield running, code_host
    finally:
        code_host.open.set()
        running.end()
        code_host.stop()


@pytest.fixture
def qms(whole_qms):
    return whole_qms[0]


@pytest.fixture
def code_host(whole_qms):
    host = whole_qms[1]
    yield host
    host.trouble = lambda path, count: None
    host.links_to = None
    host.open.set()


class PullRequest:
    """One on the code host: what is pushed is there, and what happens to it is told by signed webhooks."""

    def __init__(self, qms, code_host, files=FILES, **told):
        self.qms, self.code_host, self.told = qms, code_host, told
        self.number = next(numbers)
        self.repository = f"octo-org/hello-{self.number}"
        self.push(files)

    def push(self, files):
        self.sha = uuid4().hex + "0" * 8
        self.code_host.push(self.repository, self.number, self.sha, files)

    def payload(self, action, **changes):
        told = {"full_name": self.repository, "head_sha": self.sha, **self.told, **changes}
        return pull_request_hook(action, self.number, **told)

    def tell(self, action, **changes):
        """The delivery's id. The webhook has been accepted."""
        answer = send(self.qms, self.payload(action, **changes))
        assert answer.status_code == 202, answer.text
        return answer.json()["delivery_id"]

    def settled(self, delivery_id, timeout=15):
        return eventually(lambda: one_settled(self.qms, delivery_id), timeout)

    def workflows(self):
        return self.qms.call("GET", f"/api/workflows?repository={self.repository}").json()["items"]

    def becomes(self, id_, wanted):
        def there():
            found = self.qms.call("GET", f"/api/workflows/{id_}").json()
            assert found["status"] != "error", found
            return wanted(found) and found

        return eventually(there, timeout=30)


def send(qms, payload, event="pull_request", *, delivery_id=None, secret=None, raw=None, **headers):
    raw = raw_of(payload) if raw is None else raw
    sent = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery_id or str(uuid4()),
        "X-Hub-Signature-256": signature(secret or qms.secrets.webhook_secret, raw),
        **headers,
    }
    kept = {name: value for name, value in sent.items() if value is not None}
    return httpx.post(f"{qms.urls[O]}/api/webhooks/github", content=raw, headers=kept, timeout=20)


def delivery(qms, delivery_id):
    (item,) = qms.call("GET", f"/api/webhooks/deliveries?delivery_id={delivery_id}", role=Role.QA_LEAD).json()["items"]
    return item


def one_settled(qms, delivery_id):
    found = delivery(qms, delivery_id)
    return None if found["state"] == "queued" else found


def stored(qms):
    return tuple(qms.call("GET", path).json()["total"] for path in ("/api/webhooks/deliveries", "/api/workflows"))


# --- what follows


def test_an_opened_pull_request_is_reviewed_from_its_files_and_waits_for_somebody_elses_word(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    found = pull_request.settled(pull_request.tell("opened"))
    assert (found["state"], found["repository"], found["sender"]) == ("done", pull_request.repository, "octocat")
    waiting = pull_request.becomes(found["workflow_id"], lambda one: "approval" in one["steps"][3]["waiting_for"])
    assert waiting["correlation_id"] == found["correlation_id"]
    assert waiting["requested_by"] == f"github:{pull_request.repository}"
    stored_files = qms.call("GET", f"/api/workflows/{waiting['id']}/pull-request").json()["files"]
    assert {file["path"]: file["content"] for file in stored_files} == {file["path"]: file["content"] for file in FILES}
    approved = qms.call("POST", f"/api/workflows/{waiting['id']}/approvals", {"comment": "read it"}, role=Role.MANAGER)
    assert approved.status_code == 200, approved.text
    done = pull_request.becomes(waiting["id"], lambda one: one["state"] == "COMPLETED")
    assert done["result"]["compliance_adhered"] is True
    trail = qms.call("GET", f"/api/audit?workflow_id={waiting['id']}").json()["items"]
    (asked,) = [record for record in trail if record["action"] == "workflow.requested"]
    assert (asked["actor"], asked["role"]) == ("github:octocat", "code_host")


def test_a_review_that_somebody_else_asks_for_completes_by_itself(qms, code_host):
    pull_request = PullRequest(qms, code_host, sender="lead")
    found = pull_request.settled(pull_request.tell("ready_for_review"))
    done = pull_request.becomes(found["workflow_id"], lambda one: one["state"] == "COMPLETED")
    assert done["requested_by"] == "github:lead"
    assert {step["status"] for step in done["steps"]} == {"passed"}


def test_the_author_may_not_approve_under_the_same_name(qms, code_host):
    name = qms.secrets.accounts[Role.MANAGER].username
    pull_request = PullRequest(qms, code_host, author=name, sender=name)
    id_ = pull_request.settled(pull_request.tell("opened"))["workflow_id"]
    pull_request.becomes(id_, lambda one: "approval" in one["steps"][3]["waiting_for"])
    refused = qms.call("POST", f"/api/workflows/{id_}/approvals", {}, role=Role.MANAGER)
    assert (refused.status_code, refused.json()["code"]) == (403, "duties_not_separated")


def test_what_is_reviewed_are_the_files_and_not_the_webhooks_word(qms, code_host):
    flawed = [file for file in FILES if not file["path"].startswith("tests/")]
    pull_request = PullRequest(qms, code_host, flawed, sender="lead")
    id_ = pull_request.settled(pull_request.tell("opened"))["workflow_id"]
    failed = pull_request.becomes(id_, lambda one: one["status"] == "failed")
    assert failed["steps"][0]["failure_reasons"] == ["missing_tests"]


def test_a_new_commit_starts_over_with_what_the_pull_request_is_then(qms, code_host):
    leftover = {"path": "src/leftover.py", "type": "added", "additions": 1, "content": "def f(:\n"}
    pull_request = PullRequest(qms, code_host, [*FILES, leftover], sender="lead")
    id_ = pull_request.settled(pull_request.tell("opened", title="no conventional title"))["workflow_id"]
    pull_request.becomes(id_, lambda one: one["status"] == "failed")
    pull_request.push(FILES)
    found = pull_request.settled(pull_request.tell("synchronize", title="feat: a conventional title"))
    assert (found["state"], found["workflow_id"]) == ("done", id_)
    done = pull_request.becomes(id_, lambda one: one["state"] == "COMPLETED")
    assert (done["run"], done["pull_request"]["head_sha"]) == (2, pull_request.sha)
    assert done["pull_request"]["title"] == "feat: a conventional title"
    assert done["pull_request"]["files"] == len(FILES)
    # Also when it is finished; and the same head again is no news.
    pull_request.push(FILES)
    pull_request.settled(pull_request.tell("synchronize"))
    pull_request.becomes(id_, lambda one: one["run"] == 3 and one["state"] == "COMPLETED")
    again = pull_request.settled(pull_request.tell("synchronize"))
    assert again["state"] == "ignored"
    assert "head of this review already" in again["reason"]


def test_a_commit_to_what_was_never_reviewed_begins_a_review(qms, code_host):
    pull_request = PullRequest(qms, code_host, sender="helper")
    id_ = pull_request.settled(pull_request.tell("synchronize"))["workflow_id"]
    waiting = pull_request.becomes(id_, lambda one: "approval" in one["steps"][3]["waiting_for"])
    assert waiting["requested_by"] == f"github:{pull_request.repository}"


def test_a_review_under_way_is_not_begun_twice_but_takes_a_head_it_has_missed(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    id_ = pull_request.settled(pull_request.tell("opened"))["workflow_id"]
    again = pull_request.settled(pull_request.tell("reopened"))
    assert again["state"] == "ignored"
    assert id_ in again["reason"]
    pull_request.push(FILES)  # while it was closed: GitHub tells of no commit then
    assert pull_request.settled(pull_request.tell("reopened"))["workflow_id"] == id_
    assert [one["run"] for one in pull_request.workflows()] == [2]


def test_a_new_title_mends_the_definition_of_ready_and_nothing_else(qms, code_host):
    pull_request = PullRequest(qms, code_host, sender="lead")
    id_ = pull_request.settled(pull_request.tell("opened", title="Greeting", body=None))["workflow_id"]
    pull_request.becomes(id_, lambda one: one["state"] == "DOR_FAILED")
    base = pull_request.settled(pull_request.tell("edited", changes={"base": {"ref": {"from": "main"}}}))
    assert (base["state"], "base" in base["reason"]) == ("ignored", True)
    edited = pull_request.tell("edited", changes={"title": {"from": "Greeting"}, "body": {"from": None}})
    assert (pull_request.settled(edited)["state"], delivery(qms, edited)["workflow_id"]) == ("done", id_)
    done = pull_request.becomes(id_, lambda one: one["state"] == "COMPLETED")
    assert (done["run"], done["steps"][0]["attempt"]) == (1, 2)
    assert done["pull_request"]["title"] == "feat: add a greeting"
    late = pull_request.settled(pull_request.tell("edited", title="Late", changes={"title": {"from": "feat: x"}}))
    assert (late["state"], "COMPLETED" in late["reason"]) == ("ignored", True)
    other = PullRequest(qms, code_host)
    none = other.settled(other.tell("edited", changes={"title": {"from": "x"}}))
    assert (none["state"], "no review" in none["reason"]) == ("ignored", True)


@pytest.mark.parametrize(
    ("action", "changes", "reason"),
    [
        ("opened", {"draft": True}, "draft"),
        ("synchronize", {"draft": True}, "draft"),
        ("closed", {}, "closed"),
        ("labeled", {}, "labeled"),
        ("converted_to_draft", {"draft": True}, "converted_to_draft"),
    ],
)
def test_what_no_review_follows_from_says_why(qms, code_host, action, changes, reason):
    pull_request = PullRequest(qms, code_host)
    answer = send(qms, pull_request.payload(action, **changes))
    assert (answer.status_code, answer.json()["state"]) == (202, "ignored")
    assert reason in answer.json()["reason"]
    assert delivery(qms, answer.json()["delivery_id"])["reason"] == answer.json()["reason"]
    assert pull_request.workflows() == []


def test_ping_and_other_events_are_accepted_and_ignored(qms):
    ping = {"zen": "Keep it logically awesome.", "hook_id": 30, "hook": {"type": "Organization"}, "organization": {}}
    issue = {"action": "opened", "issue": {"number": 1}, "repository": repository("octo-org/hello"), "sender": None}
    for event, payload in (("ping", ping), ("issues", issue), ("workflow_run", {"action": "completed"})):
        answer = send(qms, payload, event)
        assert (answer.status_code, answer.json()["state"]) == (202, "ignored"), answer.text


def test_a_form_is_taken_as_well(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    raw = urlencode({"payload": json.dumps(pull_request.payload("opened"))}).encode()
    answer = send(qms, None, raw=raw, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 202, answer.text
    assert pull_request.settled(answer.json()["delivery_id"])["state"] == "done"


# --- what is refused


def refused_ones(qms):
    """Everything that is wrong with an otherwise right delivery: its name, its parts, the status."""
    payload = pull_request_hook("opened", 1, full_name="octo-org/refused")
    raw = raw_of(payload)
    right = signature(qms.secrets.webhook_secret, raw)
    sha1 = signature(qms.secrets.webhook_secret, raw, "sha1")
    yield "unsigned", {"X-Hub-Signature-256": None}, 401
    yield "forged", {"secret": "another secret"}, 401
    yield "empty", {"X-Hub-Signature-256": ""}, 401
    yield "SHA-1 only", {"X-Hub-Signature-256": None, "X-Hub-Signature": sha1}, 401
    yield "SHA-1 in its place", {"X-Hub-Signature-256": sha1}, 401
    yield "no scheme", {"X-Hub-Signature-256": right.partition("=")[2]}, 401
    yield "altered", {"raw": raw.replace(b"octo-org", b"evil-org"), "X-Hub-Signature-256": right}, 401
    yield "one space more", {"raw": raw + b" ", "X-Hub-Signature-256": right}, 401
    yield "altered and unread", {"raw": b"{", "X-Hub-Signature-256": right, "Content-Type": "text/plain"}, 401
    yield "oversize", {"raw": raw + b" " * (8 << 20)}, 413
    yield "oversize and unsigned", {"raw": b" " * ((8 << 20) + 1), "X-Hub-Signature-256": None}, 413
    yield "malformed", {"raw": raw[:-1]}, 400
    yield "not UTF-8", {"raw": b'{"action": "\xff"}'}, 400
    yield "nothing", {"raw": b""}, 400
    yield "too deep", {"raw": b"[" * 100_000}, 400
    yield "form without payload", {"raw": b"a=1", "Content-Type": "application/x-www-form-urlencoded"}, 400
    yield "plain text", {"Content-Type": "text/plain"}, 415
    yield "no content type", {"Content-Type": None}, 415
    yield "no event", {"X-GitHub-Event": None}, 400
    yield "no delivery", {"X-GitHub-Delivery": None}, 400
    yield "a strange delivery", {"X-GitHub-Delivery": "a/../b"}, 400
    yield "no pull request", {"raw": b'{"action": "opened"}'}, 422
    yield "a path for a repository", {"raw": raw.replace(b"octo-org/refused", b"octo-org/../x")}, 422


def test_what_is_not_right_is_refused_and_nothing_is_stored(qms, code_host):
    before = stored(qms)
    code_host.asked.clear()
    for name, wrong, status in refused_ones(qms):
        correlation = uuid4().hex
        answer = send(qms, pull_request_hook("opened", 1, full_name="octo-org/refused"),
                      **{"X-Correlation-ID": correlation, **wrong})  # fmt: skip
        assert answer.status_code == status, (name, answer.text)
        assert answer.headers["Content-Type"] == PROBLEM_JSON, name
        assert answer.json()["correlation_id"] == correlation, name
        assert qms.secrets.webhook_secret not in answer.text, name
        trail = qms.call("GET", f"/api/audit?correlation_id={correlation}").json()["items"]
        recorded = [(one["action"], one["actor"], one["object"]) for one in trail if one["action"] != "access.granted"]
        proof_failed = [("access.refused", "anonymous", "POST /api/webhooks/github")] if status == 401 else []
        assert recorded == proof_failed, name
    assert stored(qms) == before
    assert code_host.asked == []


def test_only_from_qa_lead_upwards_deliveries_are_shown_page_by_page(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    ids = [pull_request.tell("closed") for _ in range(3)]
    assert qms.call("GET", "/api/webhooks/deliveries", role=Role.DEVELOPER).status_code == 403
    here = f"/api/webhooks/deliveries?repository={pull_request.repository}&state=ignored&limit=2"
    first = qms.call("GET", here, role=Role.QA_LEAD).json()
    second = qms.call("GET", f"{here}&cursor={first['next_cursor']}", role=Role.QA_LEAD).json()
    assert [one["delivery_id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert (first["total"], second["next_cursor"]) == (3, None)
    assert qms.call("GET", "/api/webhooks/deliveries?state=lost", role=Role.QA_LEAD).status_code == 422


# --- once


def test_the_same_delivery_again_is_had_before_and_does_nothing(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    payload, id_ = pull_request.payload("opened"), str(uuid4())
    first = send(qms, payload, delivery_id=id_)
    pull_request.settled(id_)
    asked = len(code_host.asked)
    second = send(qms, payload, delivery_id=id_)
    assert (first.status_code, second.status_code) == (202, 200)
    assert (first.json()["repeated"], second.json()["repeated"]) == (False, True)
    assert second.json()["state"] == "done"
    assert second.json()["correlation_id"] == first.json()["correlation_id"]
    assert len(code_host.asked) == asked
    assert len(pull_request.workflows()) == 1


def test_twenty_at_once_are_one(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    payload, id_ = pull_request.payload("opened"), str(uuid4())
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: send(qms, payload, delivery_id=id_).status_code, range(20)))
    assert sorted(answers) == [200] * 19 + [202]
    assert pull_request.settled(id_)["state"] == "done"
    assert len(pull_request.workflows()) == 1


def test_twenty_deliveries_about_one_pull_request_begin_one_review(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    with ThreadPoolExecutor(20) as threads:
        ids = list(threads.map(lambda _: pull_request.tell("opened"), range(20)))
    states = [pull_request.settled(id_)["state"] for id_ in ids]
    assert sorted(states) == ["done"] + ["ignored"] * 19
    assert len(pull_request.workflows()) == 1


def test_deliveries_about_one_pull_request_keep_their_order(qms, code_host):
    pull_request = PullRequest(qms, code_host, sender="lead")
    code_host.open.clear()
    first = pull_request.tell("opened")
    eventually(lambda: any(f"/{pull_request.number}/files" in path for path, _ in code_host.asked))
    other = PullRequest(qms, code_host)
    other_id = other.tell("opened")
    second = pull_request.tell("edited", changes={"title": {"from": "x"}})
    third = pull_request.tell("opened")
    assert [delivery(qms, id_)["state"] for id_ in (first, second, third)] == ["queued"] * 3
    code_host.open.set()
    assert [pull_request.settled(id_)["state"] for id_ in (first, second, third)] == ["done", "ignored", "ignored"]
    assert "no review" not in delivery(qms, second)["reason"]
    assert other.settled(other_id)["state"] == "done"
    assert delivery(qms, second)["settled_at"] < delivery(qms, third)["settled_at"]
    lists = [path for path, _ in code_host.asked if f"/pulls/{pull_request.number}/files" in path]
    assert len(lists) == 2  # for each delivery that needs files, once


def test_a_kill_right_after_the_answer_loses_and_doubles_nothing(qms, code_host):
    for _ in range(3):
        pull_request = PullRequest(qms, code_host, sender="lead")
        payload, id_ = pull_request.payload("opened"), str(uuid4())
        answer = send(qms, payload, delivery_id=id_)
        qms.kill(O)
        assert answer.status_code == 202
        qms.start([O])
        found = pull_request.settled(id_)
        assert found["state"] == "done"
        assert send(qms, payload, delivery_id=id_).status_code == 200
        assert [one["id"] for one in pull_request.workflows()] == [found["workflow_id"]]
        pull_request.becomes(found["workflow_id"], lambda one: one["state"] == "COMPLETED")


def test_a_kill_while_files_are_read_loses_and_doubles_nothing(qms, code_host):
    pull_request = PullRequest(qms, code_host, sender="lead")
    code_host.open.clear()
    id_ = pull_request.tell("opened")
    eventually(lambda: any(f"/{pull_request.number}/files" in path for path, _ in code_host.asked))
    qms.kill(O)
    qms.start([O])
    code_host.open.set()
    found = pull_request.settled(id_)
    assert [one["id"] for one in pull_request.workflows()] == [found["workflow_id"]]
    pull_request.becomes(found["workflow_id"], lambda one: one["state"] == "COMPLETED")


# --- the code host in trouble


def test_a_code_host_that_is_down_and_comes_back_is_waited_for(tmp_path):
    code_host = CodeHost()
    code_host.stop()  # before the services are forked, so that none of them holds its socket open
    settings = CodeHostSettings(code_host.url, tries=12, first_pause=0.1, longest_pause=1.0)
    qms = Running(tmp_path, code_host=settings)
    try:
        qms.start([O])
        pull_request = PullRequest(qms, code_host)
        id_ = pull_request.tell("opened")
        waiting = eventually(lambda: (one := delivery(qms, id_))["reason"] and one)
        assert waiting["state"] == "queued"
        assert "cannot be reached" in waiting["reason"]
        assert pull_request.workflows() == []
        code_host.start()
        assert pull_request.settled(id_)["state"] == "done"
        assert len(pull_request.workflows()) == 1
    finally:
        qms.end()
        code_host.stop()


def test_a_code_host_that_stays_in_trouble_is_given_up(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    code_host.trouble = lambda path, count: (503, {}, b"")
    found = pull_request.settled(pull_request.tell("opened"))
    assert found["state"] == "failed"
    assert "answered 503" in found["reason"]
    assert "4 times" in found["reason"]
    assert pull_request.workflows() == []
    code_host.trouble = lambda path, count: None
    # The next word about it begins the review.
    assert pull_request.settled(pull_request.tell("synchronize"))["state"] == "done"


def test_trouble_with_one_pull_request_does_not_stop_another(qms, code_host):
    broken, fine = PullRequest(qms, code_host), PullRequest(qms, code_host)
    code_host.trouble = lambda path, count: (403, {}, b"{}") if broken.repository in path else None
    first, second = broken.tell("opened"), fine.tell("opened")
    assert fine.settled(second)["state"] == "done"
    assert "answered 403" in broken.settled(first)["reason"]


def test_a_pull_request_without_files_is_not_reviewed(qms, code_host):
    pull_request = PullRequest(qms, code_host, [])
    found = pull_request.settled(pull_request.tell("opened"))
    assert (found["state"], "no files" in found["reason"]) == ("failed", True)
    assert pull_request.workflows() == []


def test_a_branch_that_has_moved_on_is_left_to_the_delivery_that_tells_of_it(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    old = pull_request.payload("opened")
    pull_request.push(FILES)
    answer = send(qms, old)
    found = pull_request.settled(answer.json()["delivery_id"])
    assert (found["state"], "moved on" in found["reason"]) == ("ignored", True)
    assert pull_request.settled(pull_request.tell("synchronize"))["state"] == "done"


def test_what_no_review_can_be_made_of_says_so(qms, code_host):
    pull_request = PullRequest(qms, code_host, title="")
    found = pull_request.settled(pull_request.tell("opened"))
    assert (found["state"], "title" in found["reason"]) == ("failed", True)


def test_no_address_of_a_payload_is_ever_asked(qms, code_host):
    elsewhere = CodeHost()
    try:
        code_host.links_to = elsewhere.url
        files = [*FILES, *({"path": f"notes/{one}.txt", "type": "added", "content": "x"} for one in range(120))]
        pull_request = PullRequest(qms, code_host, files, elsewhere=elsewhere.url)
        id_ = pull_request.settled(pull_request.tell("opened"))["workflow_id"]
        assert qms.call("GET", f"/api/workflows/{id_}").json()["pull_request"]["files"] == len(files)
        assert elsewhere.asked == []
    finally:
        elsewhere.stop()


def test_without_a_code_host_nothing_is_reviewed(tmp_path, code_host):
    qms = Running(tmp_path)
    try:
        qms.start([O])
        pull_request = PullRequest(qms, code_host)
        found = pull_request.settled(pull_request.tell("opened"))
        assert found["state"] == "failed"
        assert found["reason"].startswith("No code host is set")
        assert pull_request.workflows() == []
    finally:
        qms.end()


def test_the_same_on_postgresql(tmp_path, code_host):
    with postgres() as url:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(b"CREATE SCHEMA orchestration")
        databases = {O: f"{url}&options=-csearch_path%3Dorchestration"}
        qms = Running(tmp_path, databases=databases, code_host=CodeHostSettings(code_host.url))
        try:
            qms.start([O])
            pull_request = PullRequest(qms, code_host)
            payload, id_ = pull_request.payload("opened"), str(uuid4())
            with ThreadPoolExecutor(20) as threads:
                answers = list(threads.map(lambda _: send(qms, payload, delivery_id=id_).status_code, range(20)))
            assert sorted(answers) == [200] * 19 + [202]
            assert pull_request.settled(id_)["state"] == "done"
            second = pull_request.tell("closed")
            shown = qms.call("GET", "/api/webhooks/deliveries?limit=1").json()
            assert ([one["delivery_id"] for one in shown["items"]], shown["total"]) == ([second], 2)
            assert len(pull_request.workflows()) == 1
        finally:
            qms.end()


def test_no_secret_is_in_any_log_or_answer(qms, code_host):
    pull_request = PullRequest(qms, code_host)
    code_host.trouble = lambda path, count: (401, {}, b"{}")
    pull_request.settled(pull_request.tell("opened"))
    send(qms, {}, secret="wrong")
    shown = "".join((qms.directory / f"{service}.log").read_text() for service in Service)
    shown += qms.call("GET", "/api/webhooks/deliveries").text + qms.call("GET", "/api/audit?limit=500").text
    assert pull_request.repository in shown
    assert qms.secrets.webhook_secret not in shown
    assert TOKEN not in shown
