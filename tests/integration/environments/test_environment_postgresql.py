"""An embedded environment whose services keep their state in PostgreSQL."""

from __future__ import annotations

import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from QMSLibrary.contract.services import Service
from QMSLibrary.environments import use
from QMSLibrary.reference import claims


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server on a socket of its own; it refuses to run as root, so then it runs as `postgres`."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(programs[-1]) if programs else shutil.which("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    user = "postgres" if os.getuid() == 0 else None
    # Not in pytest's own folder: that one is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="qms-postgresql-"))
    if user:
        shutil.chown(folder, user)
    name = user or pwd.getpwuid(os.getuid()).pw_name
    data = folder / "data"
    subprocess.run(
        [initdb, "-D", data, "-A", "trust", "-U", name, "--no-sync"], user=user, check=True, capture_output=True
    )
    server = subprocess.Popen(
        [Path(initdb).with_name("postgres"), "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"],
        user=user,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in server.stderr:
        if "ready to accept connections" in line:
            break
    yield f"postgresql://{name}@/postgres?host={folder}"
    server.send_signal(signal.SIGQUIT)
    server.communicate()
    shutil.rmtree(folder)


def schemas(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'qms%' ORDER BY 1").fetchall()
    return [row[0] for row in rows]


@pytest.fixture
def described(tmp_path, server):
    file = tmp_path / "postgres.yaml"
    file.write_text(f"kind: embedded\ndatabase_url: {server}\n")
    return str(file)


def test_each_service_has_a_schema_of_its_own_and_it_goes_at_the_end(home, described, server, wait_until):
    environment = use(described)
    found = schemas(server)
    assert [name.rpartition("_")[2] for name in found] == ["dashboard", "decision", "escalation", "orchestration"]
    with psycopg.connect(server) as connection:
        tables = connection.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname LIKE 'qms%'").fetchall()
    assert sorted(row[0] for row in tables) == found
    assert not list(environment.directory.rglob("*.sqlite"))
    environment.release()
    assert wait_until(lambda: not schemas(server))


def test_kill_9_of_the_keeper_drops_them_too(home, described, server, wait_until):
    environment = use(described, own=True)
    assert len(schemas(server)) == 4
    os.kill(environment.keeper_pid, signal.SIGKILL)
    assert wait_until(lambda: not schemas(server), 20)
    environment.release()


def claims_held(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()[0]


def settle(server: str, wait_until) -> None:
    """A server that has just begun is not swept."""

    def old_enough() -> bool:
        with psycopg.connect(server) as connection:
            row = connection.execute(
                "SELECT now() > pg_postmaster_start_time() + %s", (f"{claims.SETTLED} s",)
            ).fetchone()
        return row[0]

    assert wait_until(old_enough, claims.SETTLED + 5)


def kill_with_janitor(environment, processes: list[str]) -> None:
    services = {facts["pid"] for facts in environment.processes().values()}
    for line in processes:
        if (pid := int(line.split()[0])) not in services and pid != environment.keeper_pid:
            os.kill(pid, signal.SIGKILL)
    os.kill(environment.keeper_pid, signal.SIGKILL)


def test_what_keeper_and_janitor_leave_is_dropped_by_the_next_and_nothing_else(
    home, described, server, wait_until, ours, monkeypatch
):
    settle(server, wait_until)
    killed = use(described, own=True)
    left = schemas(server)
    processes = ours(home)
    # It lives under another home, as one of another machine does.
    monkeypatch.setenv("QMS_HOME", str(home.parent / "elsewhere"))
    living = use(described)
    its = [name for name in schemas(server) if name not in left]
    monkeypatch.setenv("QMS_HOME", str(home))
    kill_with_janitor(killed, processes)
    assert wait_until(lambda: not ours(home))
    killed.release()
    assert sorted(left + its) == schemas(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA qms_somebodys_work")
    with use(described):
        there = schemas(server)
        assert not set(left) & set(there)
        assert set(its) < set(there)
        assert "qms_somebodys_work" in there
    living.release()
    assert wait_until(lambda: schemas(server) == ["qms_somebodys_work"])
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA qms_somebodys_work")


def test_a_living_environment_claims_its_schemas_again_when_its_session_is_ended(home, described, server, wait_until):
    settle(server, wait_until)
    with use(described) as environment:
        assert claims_held(server) == 4
        with psycopg.connect(server) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        assert wait_until(lambda: claims_held(server) == 4)
        before = schemas(server)
        with use(described, own=True):
            assert set(before) < set(schemas(server))
        assert "claimed again" in (environment.directory / "keeper.log").read_text()
    assert wait_until(lambda: not schemas(server))


def test_a_claim_ends_with_its_keeper_and_not_with_a_service(home, described, server, wait_until):
    with use(described, own=True) as environment:
        environment.kill_service(Service.DECISION)
        environment.start_service(Service.DECISION)
        environment.stop_service(Service.DASHBOARD)
        assert claims_held(server) == 4
        os.kill(environment.keeper_pid, signal.SIGKILL)
        assert wait_until(lambda: claims_held(server) == 0)


def test_a_server_that_has_just_begun_is_not_swept(server, monkeypatch):
    """Living keepers have lost their locks with it, and need a moment to take them again."""
    claim = claims.Claim(server, ["qms_lost"])
    claim.make()
    claim.close()
    monkeypatch.setattr(claims, "SETTLED", 24 * 3600.0)
    assert claims.sweep(server) == []
    monkeypatch.setattr(claims, "SETTLED", 0.0)
    assert claims.sweep(server) == ["qms_lost"]


def test_a_schema_is_claimed_once_and_a_lost_claim_is_taken_when_it_is_free(server):
    first = claims.Claim(server, ["qms_a", "qms_b"])
    with pytest.raises(claims.ClaimedError, match="qms_b is in use"):
        claims.Claim(server, ["qms_c", "qms_b"])
    with psycopg.connect(server) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    while first.held:
        assert select.select([first.fileno()], [], [], 10)[0]
        first.look()
    second = claims.Claim(server, ["qms_b"])
    assert not first.renew()
    second.close()
    deadline = time.monotonic() + 10
    while not first.renew():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first.close()


def test_the_database_password_is_not_among_the_processes_arguments(home, described, server, ours):
    with use(described):
        assert not any(server in line for line in ours(home))
