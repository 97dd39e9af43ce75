import asyncio
import time
from datetime import timedelta

import pytest
from kernel_context import make_context

from QMSLibrary.reference.kernel.clock import Clock, load_offset, set_timer
from QMSLibrary.reference.kernel.scheduler import Scheduler


@pytest.fixture
def context(tmp_path):
    context = make_context(tmp_path)
    yield context
    context.store.close()


def test_the_clock_only_goes_forward():
    clock = Clock()
    clock.set_offset(3600)
    moved = clock.seconds()
    assert moved == pytest.approx(time.time() + 3600, abs=1)
    clock.set_offset(10)
    assert clock.offset == 3600
    assert clock.seconds() >= moved


def test_the_clock_does_not_follow_a_machine_that_is_set_back(monkeypatch):
    clock = Clock()
    before = clock.seconds()
    earlier = time.time() - 100
    monkeypatch.setattr(time, "time", lambda: earlier)
    assert clock.seconds() == before


def test_moving_runs_what_became_due_in_order_and_passes_through_each_moment(context):
    fired = []

    def ring(connection, timer, context):
        fired.append((timer.key, round((context.now() - begin).total_seconds())))
        if timer.key == "repeats" and len(fired) < 6:
            set_timer(connection, "ring", "repeats", timer.due + timedelta(hours=1))

    begin = context.now()
    scheduler = Scheduler(context, context.store, context.clock, {"ring": ring})

    def plan(connection):
        set_timer(connection, "ring", "late", begin + timedelta(hours=2, minutes=30))
        set_timer(connection, "ring", "repeats", begin + timedelta(hours=1))
        set_timer(connection, "ring", "never", begin + timedelta(hours=9))

    context.store.write_now(plan)
    asyncio.run(scheduler.move_to(4 * 3600))
    assert fired == [
        ("repeats", 3600),
        ("repeats", 7200),
        ("late", 9000),
        ("repeats", 10800),
        ("repeats", 14400),
    ]
    assert context.store.write_now(load_offset) == 4 * 3600


def test_a_timer_that_fails_is_kept_and_the_others_run(context):
    fired = []

    def ring(connection, timer, context):
        if timer.key == "bad" and not fired:
            raise RuntimeError("not yet")
        fired.append(timer.key)

    begin = context.now()
    scheduler = Scheduler(context, context.store, context.clock, {"ring": ring})

    def plan(connection):
        set_timer(connection, "ring", "bad", begin + timedelta(minutes=1))
        set_timer(connection, "ring", "good", begin + timedelta(minutes=2))

    context.store.write_now(plan)
    asyncio.run(scheduler.move_to(600))
    assert fired == ["good"]
    asyncio.run(scheduler.move_to(1200))
    assert fired == ["good", "bad"]


def test_setting_a_timer_again_moves_it(context):
    fired = []
    begin = context.now()
    scheduler = Scheduler(context, context.store, context.clock, {"ring": lambda c, timer, x: fired.append(timer.key)})

    def plan(connection):
        set_timer(connection, "ring", "one", begin + timedelta(minutes=1))
        set_timer(connection, "ring", "one", begin + timedelta(hours=1))

    context.store.write_now(plan)
    asyncio.run(scheduler.move_to(600))
    assert fired == []
    asyncio.run(scheduler.move_to(7200))
    assert fired == ["one"]


def test_the_scheduler_fires_in_real_time_and_hears_of_new_timers(context):
    async def scenario():
        fired = asyncio.Event()
        loop = asyncio.get_running_loop()
        handlers = {"ring": lambda c, t, x: loop.call_soon_threadsafe(fired.set)}
        scheduler = Scheduler(context, context.store, context.clock, handlers)
        task = asyncio.create_task(scheduler.run())
        await asyncio.sleep(0.05)
        due = context.now() + timedelta(milliseconds=50)
        await context.store.write(lambda connection: set_timer(connection, "ring", "soon", due))
        await asyncio.wait_for(fired.wait(), 5)
        task.cancel()

    asyncio.run(scenario())
