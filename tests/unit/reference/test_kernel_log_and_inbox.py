import asyncio
from datetime import UTC, datetime

import pytest
from kernel_context import make_context
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel import courier
from QMSLibrary.reference.kernel.identity import ANONYMOUS
from QMSLibrary.reference.kernel.inbox import Inbox, TogetherFailed, dead_letter_page, seen_events
from QMSLibrary.reference.kernel.log import EVENT, Feed, event_log
from QMSLibrary.reference.kernel.refusals import Refusal


@pytest.fixture
def context(tmp_path):
    context = make_context(tmp_path, Service.DASHBOARD)
    yield context
    context.store.close()


def emit(context, connection, number):
    context.emit(
        connection, EventType.PR_UPDATED, workflow_id=f"w{number % 2}", correlation_id="c", payload={"number": number}
    )


def event(number, type="pr.updated"):
    return Event(
        event_id=f"e{number}",
        type=type,
        timestamp=datetime.now(UTC),
        source="orchestration",
        workflow_id="w",
        correlation_id="c",
        payload={"number": number},
    )


def test_followers_see_committed_rows_once_and_in_order_from_memory_and_from_the_database(context):
    async def scenario():
        await context.feed.start()
        for number in range(10):
            await context.store.write(lambda connection, n=number: emit(context, connection, n))
        with pytest.raises(ZeroDivisionError):
            await context.store.write(lambda connection: (emit(context, connection, 99), 1 / 0))
        fresh = Feed(context.store)
        await fresh.start()
        for feed in (context.feed, fresh):
            assert await feed.wait(0, 5)
            seen, position = [], 0
            while position < feed.head:
                rows, position = await feed.after(position, 3)
                seen += rows
            assert [row.sequence for row in seen] == list(range(1, 11))
            assert [row.destinations for row in seen] == [("orchestration", "decision", "escalation")] * 10
            rows, position = await feed.after(2, 100, "w1")
            assert [row.sequence for row in rows] == [4, 6, 8, 10]
            assert position == 10
            assert not await feed.wait(10, 0.01)

    asyncio.run(scenario())


def test_the_memory_of_a_feed_is_bounded(context, monkeypatch):
    monkeypatch.setattr(Feed, "_KEPT", 4)

    async def scenario():
        feed = Feed(context.store)
        await feed.start()
        for number in range(10):
            await context.store.write(lambda connection, n=number: emit(context, connection, n))
        await feed.wait(9, 5)
        rows, _ = await feed.after(0, 100)
        assert [row.sequence for row in rows] == list(range(1, 11))
        rows, _ = await feed.after(7, 100)
        assert [row.sequence for row in rows] == [8, 9, 10]

    asyncio.run(scenario())


def test_an_event_is_handled_once(context):
    handled = []
    inbox = Inbox(context, {"pr.updated": [lambda c, e, x: handled.append(e.event_id)]})
    take = lambda *events: context.store.write_now(lambda connection: inbox.take(connection, list(events)))  # noqa: E731
    first = take(event(1), event(2), event(1))
    assert (first.accepted, first.duplicates, first.dead) == (2, 1, 0)
    again = take(event(2), event(3), event(4, "some.other"))
    assert (again.accepted, again.duplicates, again.dead) == (2, 1, 0)
    assert handled == ["e1", "e2", "e3"]


def test_a_failing_handler_undoes_its_own_work_and_leaves_the_rest(context):
    failing = {"e2"}

    def handle(connection, given, context):
        emit(context, connection, given.payload["number"])
        if given.event_id in failing:
            raise ValueError("cannot")

    inbox = Inbox(context, {"pr.updated": [handle]})
    report = context.store.write_now(lambda connection: inbox.take(connection, [event(1), event(2), event(3)]))
    assert (report.accepted, report.dead) == (2, 1)

    def types(connection):
        return list(connection.execute(select(event_log.c.type).order_by(event_log.c.sequence)).scalars())

    assert context.store.write_now(types) == ["pr.updated", "error.occurred", "pr.updated"]
    letter = context.store.write_now(lambda c: dead_letter_page(c, 10, 0)).items[0]
    assert letter.event.event_id == "e2"
    assert letter.reason == "ValueError: cannot"

    replay = lambda: context.store.write_now(lambda c: inbox.replay(c, "e2", ANONYMOUS, "c"))  # noqa: E731
    with pytest.raises(Refusal, match="still cannot"):
        replay()
    failing.clear()
    assert replay().replayed_at is not None
    with pytest.raises(Refusal, match="was replayed"):
        replay()
    with pytest.raises(Refusal) as unknown:
        context.store.write_now(lambda c: inbox.replay(c, "e9", ANONYMOUS, "c"))
    assert unknown.value.status == 404


def test_events_taken_together_leave_nothing_when_one_fails(context):
    def handle(connection, given, context):
        emit(context, connection, given.payload["number"])
        if given.event_id == "e2":
            raise ValueError("cannot")

    inbox = Inbox(context, {"pr.updated": [handle]})
    events = [event(1), event(2), event(3)]
    with pytest.raises(TogetherFailed):
        context.store.write_now(lambda connection: inbox.take(connection, events, together=True))
    for table in (seen_events, event_log):
        assert context.store.write_now(lambda connection, table=table: connection.execute(select(table)).all()) == []
    report = context.store.write_now(lambda connection: inbox.take(connection, [event(1), event(3)], together=True))
    assert (report.accepted, report.dead) == (2, 0)


def test_a_courier_waits_for_company_until_somebody_waits_for_a_row(context, monkeypatch):
    monkeypatch.setattr(courier, "_GATHERING", 3600)
    shown = [EventType.STEP_COMPLETED, EventType.GATE_PASSED, EventType.DASHBOARD_UPDATED]

    async def scenario():
        async def announce(type):
            await context.store.write(lambda c: context.emit(c, type, workflow_id="w", correlation_id="c", payload={}))

        await context.feed.start()
        gathering = asyncio.create_task(courier.Courier(context, Service.DECISION, EVENT)._gather(0))
        for type in shown:
            await announce(type)
            assert not gathering.done()
        await announce(EventType.STEP_ASSIGNED)
        async with asyncio.timeout(30):
            await gathering

    asyncio.run(scenario())


def test_trouble_with_the_database_is_not_blamed_on_the_event(context):
    def handle(connection, given, context):
        raise OperationalError("x", {}, Exception("disk full"))

    inbox = Inbox(context, {"pr.updated": [handle]})
    with pytest.raises(OperationalError):
        context.store.write_now(lambda connection: inbox.take(connection, [event(1)]))
    assert context.store.write_now(lambda c: c.execute(select(seen_events)).all()) == []
