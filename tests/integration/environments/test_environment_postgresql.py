"""An embedded environment whose services keep their state in PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from QMSLibrary.environments import use


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


def test_the_database_password_is_not_among_the_processes_arguments(home, described, server, ours):
    with use(described):
        assert not any(server in line for line in ours(home))
