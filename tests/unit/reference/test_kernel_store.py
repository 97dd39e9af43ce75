import asyncio
import threading

import pytest
from kernel_context import make_context
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, delete, select

from QMSLibrary.reference.kernel.store import Store

METADATA = MetaData()
ROWS = Table(
    "numbered",
    METADATA,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("name", String(8)),
)


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/one.sqlite")
    store.prepare(METADATA)
    yield store
    store.close()


def put(store, name):
    return store.write_now(lambda c: c.execute(ROWS.insert(), {"name": name}).inserted_primary_key[0])


def test_the_number_of_a_deleted_row_is_not_given_again(store):
    first = put(store, "a")
    store.write_now(lambda connection: connection.execute(delete(ROWS)))
    assert put(store, "b") > first


def test_work_that_raises_leaves_nothing(store):
    def work(connection):
        connection.execute(ROWS.insert(), {"name": "a"})
        raise KeyError

    with pytest.raises(KeyError):
        store.write_now(work)
    assert store.write_now(lambda c: c.execute(select(ROWS)).all()) == []


def test_what_is_committed_is_on_the_disk_and_readers_do_not_wait_for_the_writer(store):
    holding, go_on = threading.Event(), threading.Event()

    def slow(connection):
        connection.execute(ROWS.insert(), {"name": "slow"})
        holding.set()
        assert go_on.wait(5)

    async def scenario():
        writing = asyncio.create_task(store.write(slow))
        await asyncio.to_thread(holding.wait, 5)
        assert await store.read(lambda c: c.execute(select(ROWS)).all()) == []
        go_on.set()
        await writing
        assert len(await store.read(lambda c: c.execute(select(ROWS)).all())) == 1
        assert await store.read(lambda c: c.exec_driver_sql("PRAGMA synchronous").scalar()) == 2

    asyncio.run(scenario())


def test_the_kernel_tables_can_be_prepared_again(tmp_path):
    make_context(tmp_path).store.close()
    make_context(tmp_path).store.close()
