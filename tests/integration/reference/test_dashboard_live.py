"""The live stream of a real dashboard: subscribe, resume, restarts, garbage, and clients that do not read."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from dashboard_escalation_qms import RunningQms, running_qms
from live_clients import EVERYTHING, Looker, looker
from test_dashboard_escalation import DASHBOARD, Story
from websockets.exceptions import ConnectionClosed, InvalidStatus

from QMSLibrary.contract.roles import Role

KEPT = 500


@pytest.fixture(scope="module")
def qms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningQms]:
    with running_qms(tmp_path_factory.mktemp("live") / "qms", {"QMS_LIVE_KEPT": str(KEPT)}) as made:
        yield made


def story() -> Story:
    return Story(uuid4().hex[:12])


def many(one: Story, first: int, count: int) -> list[dict[str, Any]]:
    return [
        one.event("pr.updated", "DOR_PENDING", "in_progress", "dor_validation", number)
        for number in range(first, first + count)
    ]


def deliver(qms: RunningQms, events: list[dict[str, Any]]) -> None:
    for start in range(0, len(events), 250):
        qms.deliver(DASHBOARD, *events[start : start + 250])


def revisions(updates: list[dict[str, Any]]) -> list[int]:
    return [one["change"]["revision"] for one in updates]


def hear(one: Looker, count: int) -> list[dict[str, Any]]:
    updates = [one.hear() for _ in range(count)]
    assert all(update["op"] == "update" for update in updates), updates
    numbers = [update["sequence"] for update in updates]
    assert numbers == sorted(set(numbers))
    return updates


def silent(one: Looker) -> bool:
    """Nothing is under way: the answer to a ping is the next thing that comes."""
    one.say({"op": "ping"})
    return one.hear() == {"op": "pong"}


def test_a_change_is_told_once_to_everybody_who_wants_it(qms: RunningQms) -> None:
    one, other = story(), story()
    with looker(qms) as all_of_it, looker(qms, Role.ADMIN) as of_one, looker(qms) as of_alerts:
        assert all_of_it.subscribe()["op"] == "ready"
        assert of_one.subscribe("workflow", repository=f"acme/{one.workflow}")["op"] == "ready"
        assert of_alerts.subscribe("alert")["op"] == "ready"
        qms.deliver(DASHBOARD, one.started(), other.started())
        update = hear(of_one, 1)[0]
        assert update["change"] == {
            "id": one.workflow, "title": "feat: pay", "repository": f"acme/{one.workflow}", "author": "ann",
            "state": "DOR_PENDING", "status": "in_progress", "step": "dor_validation", "progress": 0, "revision": 1,
            "quality_score": None,
        }  # fmt: skip
        assert (update["topic"], update["workflow_id"]) == ("workflow", one.workflow)
        seen = hear(all_of_it, 2)
        assert [one_["workflow_id"] for one_ in seen] == [one.workflow, other.workflow]
        assert seen[0] == update
        assert silent(of_one)
        assert silent(of_alerts)


def test_doubled_and_late_events_are_not_told(qms: RunningQms) -> None:
    one = story()
    first, failed = one.started(), one.failed()
    with looker(qms) as client:
        client.subscribe("workflow", repository=f"acme/{one.workflow}")
        qms.deliver(DASHBOARD, first, failed, first, failed, one.started(), one.failed())
        assert revisions(hear(client, 2)) == [1, 3]
        assert silent(client)


def test_resuming_tells_exactly_what_was_missed_also_after_a_crash(qms: RunningQms) -> None:
    one = story()
    with looker(qms) as client:
        client.subscribe("workflow", repository=f"acme/{one.workflow}")
        deliver(qms, many(one, 1, 3))
        last = hear(client, 3)[-1]["sequence"]
    deliver(qms, many(one, 4, 5))
    qms.crash(DASHBOARD)
    deliver(qms, many(one, 9, 2))
    with looker(qms) as client:
        assert client.subscribe("workflow", repository=f"acme/{one.workflow}", after=last) == {
            "op": "ready",
            "sequence": last,
        }
        assert revisions(hear(client, 7)) == list(range(4, 11))
        deliver(qms, many(one, 11, 1))
        assert revisions(hear(client, 1)) == [11]
        assert silent(client)


def test_another_subscription_takes_the_place_of_the_first_without_a_gap(qms: RunningQms) -> None:
    one, other = story(), story()
    with looker(qms) as client:
        client.subscribe("workflow", repository=f"acme/{one.workflow}")
        deliver(qms, many(one, 1, 50))
        last = hear(client, 20)[-1]["sequence"]
        client.say({"op": "subscribe", "topics": EVERYTHING, "repository": f"acme/{other.workflow}", "after": last})
        while (said := client.hear())["op"] == "update":
            assert said["workflow_id"] == one.workflow
        assert said == {"op": "ready", "sequence": last}
        deliver(qms, many(other, 1, 3))
        updates = [one_ for one_ in hear(client, 3) if one_["topic"] == "workflow"]
        assert {update["workflow_id"] for update in updates} == {other.workflow}


def test_what_is_not_kept_any_more_is_gone_and_the_subscription_goes_on(qms: RunningQms) -> None:
    one = story()
    with looker(qms) as client:
        begin = client.subscribe("workflow")["sequence"]
    deliver(qms, many(one, 1, KEPT + 100))
    with looker(qms) as client:
        gone = client.subscribe("workflow", after=begin)
        ready = client.hear()
        assert gone["op"] == "gone"
        assert begin < gone["oldest"] <= ready["sequence"]
        deliver(qms, many(one, KEPT + 101, 1))
        assert hear(client, 1)[0]["sequence"] == ready["sequence"] + 1
    with looker(qms) as client:
        # Exactly the oldest that is kept can be had.
        assert client.subscribe("workflow", after=gone["oldest"] - 1)["op"] == "ready"
        assert hear(client, 1)[0]["sequence"] == gone["oldest"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ("[" * 5000, "malformed_json"),
        ("7", "unknown_op"),
        ("[]", "unknown_op"),
        ("{}", "unknown_op"),
        ('{"op": ["subscribe"]}', "unknown_op"),
        ('{"op": "drop table"}', "unknown_op"),
        (b"\x00\xff", "not_text"),
        ('{"op": "subscribe"}', "invalid_subscription"),
        ('{"op": "subscribe", "topics": []}', "invalid_subscription"),
        ('{"op": "subscribe", "topics": ["weather"]}', "invalid_subscription"),
        ('{"op": "subscribe", "topics": "workflow"}', "invalid_subscription"),
        ('{"op": "subscribe", "topics": ["workflow"], "repository": 5}', "invalid_subscription"),
        ('{"op": "subscribe", "topics": ["workflow"], "after": -1}', "invalid_subscription"),
        ('{"op": "subscribe", "topics": ["workflow"], "after": 1e400}', "malformed_json"),
        ('{"op": "subscribe", "topics": ["workflow"], "after": 4611686018427387905}', "invalid_subscription"),
        ('{"op": "subscribe", "topics": ["workflow"], "after": 4611686018427387904}', "unknown_sequence"),
        ('{"op": "subscribe", "topics": ["workflow"], "sql": "x"}', "invalid_subscription"),
        ('{"op": "ping", "more": 1}', "invalid_subscription"),
    ],
)
def test_rubbish_is_refused_in_words_and_the_subscription_stays(
    qms: RunningQms, said: str | bytes, reason: str
) -> None:
    one = story()
    with looker(qms) as client:
        client.subscribe("workflow", repository=f"acme/{one.workflow}")
        client.say(said)
        refused = client.hear()
        assert (refused["op"], refused["reason"]) == ("refused", reason)
        assert len(refused["detail"]) > 10
        qms.deliver(DASHBOARD, one.started())
        assert revisions(hear(client, 1)) == [1]


def test_rubbish_ten_times_ends_the_connection(qms: RunningQms) -> None:
    with looker(qms) as client:
        for _ in range(10):
            client.say("rubbish")
            assert client.hear()["op"] == "refused"
        with pytest.raises(ConnectionClosed) as ended:
            client.hear()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1008


def test_a_frame_that_is_too_large_ends_the_connection(qms: RunningQms) -> None:
    with looker(qms) as client:
        client.say(json.dumps({"op": "x" * (64 << 10)}))
        with pytest.raises(ConnectionClosed) as ended:
            client.hear()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1009


def test_who_does_not_read_is_cut_off_and_nobody_else_is_held_up(qms: RunningQms) -> None:
    one = story()
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", int(qms.urls[DASHBOARD].rpartition(":")[2])))
    with looker(qms) as reader, looker(qms, sock=narrow, max_queue=1, ping_interval=None) as lazy:
        reader.subscribe("workflow", repository=f"acme/{one.workflow}")
        lazy.subscribe()
        sent = 0
        deadline = time.monotonic() + 40
        while not cut_off(narrow):
            assert time.monotonic() < deadline, "it is still connected"
            deliver(qms, many(one, sent + 1, 250))
            assert revisions(hear(reader, 250)) == list(range(sent + 1, sent + 251))
            sent += 250
        with pytest.raises(ConnectionClosed) as ended:
            hear(lazy, sent)
        assert ended.value.rcvd is None or ended.value.rcvd.code == 1013
        assert silent(reader)


def cut_off(connection: socket.socket) -> bool:
    """Whether the other end has reset the connection: what the kernel knows, without reading anything."""
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(0))


def test_who_may_not_look_gets_a_problem_document(qms: RunningQms) -> None:
    with pytest.raises(InvalidStatus) as refused, looker(qms, None):
        pass
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body or b"")["code"] == "unauthorized"


@pytest.mark.parametrize(
    ("origin", "status"),
    [("own", 101), ("http://elsewhere.example", 403), (None, 403), ("null", 403)],
)
def test_a_session_is_good_for_the_dashboards_own_page_alone(qms: RunningQms, origin: str | None, status: int) -> None:
    headers = {"Cookie": f"qms_session={qms.token(Role.DEVELOPER)}"}
    own = qms.urls[DASHBOARD] if origin == "own" else origin
    if status == 101:
        with looker(qms, None, additional_headers=headers, origin=own) as client:
            assert client.subscribe("workflow")["op"] == "ready"
        return
    with pytest.raises(InvalidStatus) as refused, looker(qms, None, additional_headers=headers, origin=own):
        pass
    assert refused.value.response.status_code == status
