"""The dashboard's keywords where there is nothing to look at, or nothing good."""

import json
import threading
from contextlib import contextmanager
from socket import SHUT_RDWR

import pytest
from robot_runs import run
from websockets.sync.server import serve

SUITE = """
*** Test Cases ***
Refused Configuration
    Use Environment    own=True
    Run Keyword And Expect Error    *422*period: workflow_pipeline shows no history*
    ...    Configure Widget    workflow_pipeline    period=day
    Run Keyword And Expect Error    *422*limit: must be at most 1000*
    ...    Configure Widget    agent_status    limit=1001
    Run Keyword And Expect Error    *422*period: queue_depth shows no history*
    ...    Get Widget    queue_depth    period=hour

Nothing Is Open
    Run Keyword And Expect Error    No live dashboard is open.*    Wait For Live Update    workflow
    Run Keyword And Expect Error    No events are being recorded.*
    ...    Dashboard Should Agree With Events    repository=a/b

Unknown Value
    Open Live Dashboard    workflow
    Run Keyword And Expect Error    *no value 'sate'. Did you mean 'state'?*
    ...    Wait For Live Update    workflow    sate=x
    Run Keyword And Expect Error    *told nothing about alert*    Wait For Live Update    alert    timeout=100 ms

Nothing Recorded
    Start Recording Events
    Open Live Dashboard    repository=nobody/nothing
    Run Keyword And Expect Error    No event of the repository nobody/nothing*
    ...    Live Updates Should Be Complete    timeout=100 ms
"""


def test_mistakes_are_told(tmp_path):
    tests, output = run(tmp_path, SUITE)
    assert [(test.name, test.message) for test in tests.values() if not test.passed] == [], output


@contextmanager
def false_dashboard(talk):
    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def watch(url, **options):
    from datetime import timedelta

    from QMSLibrary.client.http import HttpService
    from QMSLibrary.client.live import LiveWatch
    from QMSLibrary.client.tokens import NoAuthority
    from QMSLibrary.client.websocket import WebSocketStream
    from QMSLibrary.contract.live import Subscribe
    from QMSLibrary.contract.roles import Role
    from QMSLibrary.contract.services import Service
    from QMSLibrary.history.journal import Journal

    http = HttpService(Service.DASHBOARD, url, NoAuthority(), timedelta(seconds=5))
    wanted = Subscribe(op="subscribe", topics=["workflow"])
    return LiveWatch(
        lambda asked: WebSocketStream(http, "/api/live", Role.DEVELOPER, asked), wanted, Journal(), **options
    )


def update(sequence):
    return json.dumps(
        {"op": "update", "sequence": sequence, "topic": "workflow", "time": "2026-01-01T00:00:00Z", "change": {}}
    )


def test_what_a_bad_dashboard_tells_again_is_kept_apart_and_resuming_asks_for_the_rest():
    asked = []

    def talk(socket):
        asked.append(json.loads(socket.recv())["after"])
        socket.send('{"op": "ready", "sequence": 5}')
        for number in (6, 7, 6, 7, 8) if len(asked) == 1 else (9,):
            socket.send(update(number))
        if len(asked) > 1:
            socket.recv()

    with false_dashboard(talk) as url:
        one = watch(url)
        one.start()
        assert one.wait(lambda: len(one._updates) == 4, 5)
        one.stop()
    assert asked == [None, 8]
    assert [told.update.sequence for told in one.updates()] == [6, 7, 8, 9]
    assert [told.update.sequence for told in one.strays] == [6, 7]


@pytest.mark.parametrize("said", ["no json", "[]", '{"op": "ready"}', '{"op": "ready", "sequence": "x"}'])
def test_what_is_no_answer_is_told_in_words(said):
    from QMSLibrary.client.errors import QMSError

    def talk(socket):
        socket.recv()
        socket.send(said)
        socket.recv()

    with false_dashboard(talk) as url:
        one = watch(url)
        with pytest.raises(QMSError, match="not what the contract promises"):
            one.start(timeout=3)  # it tries again until then
        one.stop()


def test_a_stream_that_breaks_again_and_again_is_had_back_at_once_each_time():
    asked = []

    def talk(socket):
        asked.append(socket.recv())
        socket.send('{"op": "ready", "sequence": 5}')
        if len(asked) <= 20:
            socket.socket.shutdown(SHUT_RDWR)
        else:
            socket.recv()

    with false_dashboard(talk) as url:
        one = watch(url)
        one.start()
        # Were the pause doubled from break to break, it would be half a minute.
        assert one.wait(lambda: len(asked) > 20 and one.up, 10), len(asked)
        one.stop()


def test_a_qms_without_a_live_stream_is_said_to_have_none():
    from http import HTTPStatus

    from QMSLibrary.client.errors import QMSError

    def nothing_there(socket, request):
        return socket.respond(HTTPStatus.NOT_FOUND, "nothing here")

    with serve(lambda socket: None, "127.0.0.1", 0, process_request=nothing_there) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        one = watch(f"http://127.0.0.1:{server.socket.getsockname()[1]}")
        with pytest.raises(QMSError, match="has no live stream"):
            one.start(timeout=0.5)
        one.stop()
        server.shutdown()
        thread.join()
    one = watch("http://127.0.0.1:9")
    with pytest.raises(QMSError, match="cannot be reached"):
        one.start(timeout=0.5)
    one.stop()
