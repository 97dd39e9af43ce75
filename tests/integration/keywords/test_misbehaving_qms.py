"""Every way in which a QMS can misbehave has a message that names it."""

import json
import socket
import threading
import time
from datetime import timedelta

import pytest
from tiny_qms import connection, event, running, workflow

from QMSLibrary.client import errors
from QMSLibrary.client.qms import QMS
from QMSLibrary.client.waiting import WaitFor
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step, StepStatus
from QMSLibrary.history.entries import Outcome
from QMSLibrary.history.journal import Journal, read

PATH = "/api/workflows/wf-1"


@pytest.fixture
def tiny():
    with running() as (server, where):
        qms = QMS(where, Journal())
        yield server, qms
        qms.close()


def ask(qms):
    return qms.orchestration.workflow("wf-1", role=Role.DEVELOPER)


def last_act(qms):
    return qms.journal.acts()[-1]


def test_a_service_that_is_down():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    qms = QMS(connection(url), Journal())
    with pytest.raises(errors.ServiceUnreachable, match=rf"service cannot be reached at {url} \(connection refused\)"):
        qms.orchestration.health()
    assert last_act(qms).outcome is Outcome.FAILED
    qms.close()


@pytest.mark.parametrize(
    ("says", "kind", "words"),
    [
        (lambda h: h.answer(200, "<html><h1>Welcome</h1></html>", "text/html"), errors.BadAnswer, "<h1>Welcome</h1>"),
        (lambda h: h.answer(200, '{"id": "wf-1", "st'), errors.BadAnswer, "it is not JSON"),
        (lambda h: h.answer(200, {"id": "wf-1"}), errors.BadAnswer, "pull_request is missing"),
        (
            lambda h: h.answer(200, workflow(progress="much")),
            errors.BadAnswer,
            "progress must be a whole number (got 'much')",
        ),
        (lambda h: h.answer(200, workflow() | {"state": "DREAMING"}), errors.BadAnswer, "state must be one of"),
        (lambda h: h.answer(500, "Traceback (most recent…", "text/plain"), errors.ServiceFailed, "with 500"),
        (lambda h: h.problem(500, "internal", "It broke."), errors.ServiceFailed, "500 internal: It broke."),
        (lambda h: h.answer(302, "", Location="/login"), errors.BadAnswer, "with 302 (to /login)"),
        (lambda h: h.problem(403, "forbidden", "A developer may not."), errors.Forbidden, "403 forbidden"),
        (lambda h: h.problem(409, "illegal_transition", "Not from here."), errors.Conflict, "illegal_transition"),
        (
            lambda h: h.problem(422, "invalid", "Look.", errors=[{"field": "title", "message": "too long"}]),
            errors.InvalidRequest,
            "Field title: too long.",
        ),
        (
            lambda h: h.problem(422, "invalid", "a: is wrong.", errors=[{"field": "a", "message": "is wrong."}]),
            errors.InvalidRequest,
            "with 422 invalid: a: is wrong. (correlation id",
        ),
        (
            lambda h: h.problem(422, "invalid", "Look", errors=[{"field": "a", "message": "is wrong."}]),
            errors.InvalidRequest,
            "with 422 invalid: Look. Field a: is wrong. (correlation id",
        ),
        (lambda h: h.answer(404, "nope", "text/plain"), errors.NotFound, "Seen (text/plain): nope"),
    ],
)
def test_a_wrong_answer_is_named(tiny, says, kind, words):
    server, qms = tiny
    server.answers["GET", PATH] = says
    with pytest.raises(kind) as caught:
        ask(qms)
    message = str(caught.value)
    assert words.lower() in message.lower()
    assert "orchestration service" in message
    assert PATH in message
    assert "Look" in message or caught.value.code
    assert caught.value.service is Service.ORCHESTRATION
    act = last_act(qms)
    assert (act.action, act.method, act.path, act.workflow_id) == ("workflow", "GET", PATH, "wf-1")
    assert act.outcome is (Outcome.REFUSED if isinstance(caught.value, errors.Refused) else Outcome.FAILED)
    assert len(qms.journal.acts(action="workflow")) == 1


def test_an_answer_is_shown_up_to_200_characters(tiny):
    server, qms = tiny
    server.answers["GET", PATH] = lambda h: h.answer(200, "x" * 5000, "text/plain")
    with pytest.raises(errors.BadAnswer) as caught:
        ask(qms)
    assert "x" * 200 + "…" in str(caught.value)
    assert "x" * 201 not in str(caught.value)


def test_a_connection_that_is_closed_in_the_middle(tiny):
    server, qms = tiny

    def cut(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"id": "wf')
        handler.close_connection = True

    server.answers["GET", PATH] = cut
    with pytest.raises(errors.ConnectionLost, match="in the middle of GET"):
        ask(qms)


def test_a_service_that_is_slow():
    with running() as (server, where):
        qms = QMS(connection(where.urls[Service.ORCHESTRATION], timeout=0.3), Journal())
        go_on = threading.Event()
        server.answers["GET", PATH] = lambda h: go_on.wait(5)
        with pytest.raises(errors.ServiceTooSlow, match=r"within 0.3 s"):
            ask(qms)
        go_on.set()
        qms.close()


def test_an_extra_field_and_an_unknown_event_type_change_nothing(tiny):
    server, qms = tiny
    server.current = workflow() | {"mood": "good"}
    assert ask(qms).id == "wf-1"
    qms.events.claim("wf-1")
    assert qms.events.open([Service.ORCHESTRATION]) == [Service.ORCHESTRATION]
    server.say(1, event(1, "tea.served") | {"temperature": 80})
    server.say(2, b"this is no event")
    server.say(3, event(3))
    assert qms.events.wait(lambda: len(qms.events.events("wf-1")) == 2, 5)
    notes = " ".join(qms.events.notes())
    assert "tea.served" in notes
    assert "no event" in notes


def test_a_token_is_fetched_once_and_renewed_when_refused(tiny):
    server, qms = tiny
    for _ in range(3):
        ask(qms)
    assert server.logins == 1
    server.tokens.clear()
    ask(qms)
    assert server.logins == 2
    assert [act.outcome for act in qms.journal.acts(action="workflow")] == [Outcome.DONE] * 4


def test_a_token_is_renewed_before_it_expires(tiny):
    server, qms = tiny
    server.expires_in = 0
    ask(qms)
    ask(qms)
    assert server.logins == 2


def test_a_log_in_that_is_refused_names_the_account_and_not_the_password(tiny):
    server, qms = tiny
    server.answers["POST", "/api/auth/token"] = lambda h: h.problem(401, "bad_credentials", "Wrong password.")
    with pytest.raises(errors.NotAuthenticated, match="developer-user") as caught:
        ask(qms)
    assert "secret-of" not in str(caught.value)
    assert server.asked("POST", "/api/auth/token") == 1


def test_many_threads_log_in_once(tiny):
    server, qms = tiny
    threads = [threading.Thread(target=ask, args=(qms,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.logins == 1
    assert len(qms.journal.acts(action="workflow", outcome=Outcome.DONE)) == 12


def test_no_secret_is_in_the_history(tmp_path):
    with running() as (_, where):
        qms = QMS(where, Journal(tmp_path / "history-1.jsonl"))
        ask(qms)
        qms.close()
    text = (tmp_path / "history-1.jsonl").read_text()
    assert "secret-of" not in text
    assert "token-1" not in text
    assert [entry.action for entry in read(tmp_path / "history-1.jsonl")] == ["log_in", "workflow"]
    assert "secret" not in repr(where)


def dor_passed(one):
    return one.step_result(Step.DOR_VALIDATION).status is StepStatus.PASSED


def test_a_wait_asks_only_when_an_event_says_so(tiny):
    server, qms = tiny
    woken = {}

    def finish():
        server.current = workflow("PROGRESS_PENDING", "progress_reviews", 5, passed=1)
        woken["at"] = time.perf_counter()
        server.say(7, event(7, revision=5))

    wait = WaitFor(qms, "wf-1")
    threading.Timer(0.5, finish).start()
    assert wait.run(dor_passed, 10)
    assert time.perf_counter() - woken["at"] < 0.25
    assert wait.polls == 0
    assert server.asked("GET", PATH) == 2, "once at the beginning, once when the event came"


def test_a_stream_that_drops_is_resumed_where_it_was_and_doubles_are_dropped(tiny):
    server, qms = tiny
    qms.events.claim("wf-1")
    qms.events.open([Service.ORCHESTRATION])
    server.say(1, event(1))
    assert qms.events.wait(lambda: len(qms.events.events("wf-1")) == 1, 5)
    server.cut_streams()
    server.say(2, event(2, revision=3))
    assert qms.events.wait(lambda: len(qms.events.events("wf-1")) == 2, 5)
    assert server.stream_resumes == [None, "1"]
    server.say(3, event(2, revision=3))
    server.say(4, event(4))
    assert qms.events.wait(lambda: len(qms.events.events("wf-1")) == 3, 5)
    assert [one.repeated for one in qms.events.events("wf-1", repeated=True)] == [False, False, True, False]
    assert "down" in " ".join(qms.events.notes())


def test_what_a_stream_says_again_at_the_same_place_is_no_double(tiny):
    server, qms = tiny
    qms.events.claim("wf-1")
    qms.events.open([Service.ORCHESTRATION])
    server.say(1, event(1))
    server.say(1, event(1))
    server.say(2, event(2))
    assert qms.events.wait(lambda: len(qms.events.events("wf-1")) == 2, 5)
    assert [one.repeated for one in qms.events.events("wf-1", repeated=True)] == [False, False]


def test_a_stream_that_drops_before_its_first_event_loses_nothing(tiny):
    server, qms = tiny
    server.say(41, event(41))
    qms.events.claim("wf-1")
    qms.events.open([Service.ORCHESTRATION])
    server.cut_streams()
    server.say(42, event(42))
    assert qms.events.wait(lambda: len(qms.events.events("wf-1")) == 1, 5)
    assert server.stream_resumes == [None, "41"]
    assert qms.events.events("wf-1")[0].event.event_id == "e42"


def test_without_a_stream_it_polls(tiny):
    server, qms = tiny
    server.answers["GET", "/api/events"] = lambda h: h.problem(404, "not_found", "There is no stream.")

    def finish():
        server.current = workflow("PROGRESS_PENDING", "progress_reviews", 5, passed=1)

    threading.Timer(0.4, finish).start()
    wait = WaitFor(qms, "wf-1")
    assert wait.run(dor_passed, 10)
    assert wait.polls >= 2
    assert "There is no stream." in qms.events.trouble(Service.ORCHESTRATION)


def test_a_wait_lives_through_a_service_that_is_away_for_a_moment(tiny):
    server, qms = tiny
    server.answers["GET", PATH] = lambda h: h.problem(503, "starting", "One moment.")

    def back():
        server.current = workflow("PROGRESS_PENDING", "progress_reviews", 5, passed=1)
        del server.answers["GET", PATH]

    threading.Timer(0.3, back).start()
    assert WaitFor(qms, "wf-1").run(dor_passed, 10)


def test_a_wait_that_gets_nonsense_says_so_at_once(tiny):
    server, qms = tiny
    server.answers["GET", PATH] = lambda h: h.answer(200, "<html>", "text/html")
    began = time.monotonic()
    with pytest.raises(errors.BadAnswer):
        WaitFor(qms, "wf-1").run(dor_passed, 10)
    assert time.monotonic() - began < 5


def test_closing_ends_the_threads_at_once(tiny):
    _, qms = tiny
    qms.events.open(list(Service))
    began = time.monotonic()
    qms.close()
    assert time.monotonic() - began < 2
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("qms-events")]


def test_foreign_events_are_forgotten_and_own_ones_are_not(tiny, monkeypatch):
    monkeypatch.setattr("QMSLibrary.client.events.MAXIMUM_FOREIGN", 10)
    server, qms = tiny
    qms.events.open([Service.ORCHESTRATION])
    for number in range(1, 41):
        server.say(number, event(number, workflow_id=f"other-{number}"))
    server.say(100, event(100))
    assert qms.events.wait(lambda: len(qms.events.events("wf-1")) == 1, 5)
    assert len(qms.events.events()) == 10
    qms.events.claim("wf-1")
    assert [one.event.event_id for one in qms.events.events("wf-1")] == ["e100"]
    assert [one.event_id for one in qms.journal.observations()] == ["e100"], "only events of own workflows are history"


def test_an_environment_without_an_account_or_an_address_says_so():
    with running() as (_, where):
        one = connection(where.urls[Service.ORCHESTRATION])
        poor = type(one)(
            "poor", {Service.ORCHESTRATION: one.urls[Service.ORCHESTRATION]}, {}, timeout=timedelta(seconds=1)
        )
        qms = QMS(poor, Journal())
        with pytest.raises(errors.NoAccount, match="has no account for the role developer"):
            ask(qms)
        with pytest.raises(errors.QMSError, match="no address for the dashboard service"):
            qms.dashboard.alerts(role=Role.DEVELOPER)
        qms.close()


def test_a_request_carries_its_json_and_its_correlation_id(tiny):
    server, qms = tiny
    taken = {}

    def take(handler):
        taken["body"] = json.loads(handler.body)
        taken["correlation"] = handler.headers["X-Correlation-ID"]
        handler.answer(200, workflow())

    server.answers["POST", PATH + "/progress"] = take
    from QMSLibrary.contract.workflows import ProgressRequest

    qms.orchestration.progress("wf-1", ProgressRequest(reason="looked at"), role=Role.QA_LEAD)
    assert taken["body"] == {"reason": "looked at"}
    act = last_act(qms)
    assert act.correlation_id == taken["correlation"]
    assert (act.actor, act.role, act.status) == ("qa_lead-user", "qa_lead", 200)
