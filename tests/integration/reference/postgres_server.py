"""A PostgreSQL server of one's own, as an ordinary user, gone with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_PLACES = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"), Path("/usr/bin")]


@contextmanager
def postgres() -> Iterator[str]:
    """A server on a socket in a directory of its own; yields its URL. Skips the test where there is none."""
    tools = next((place for place in _PLACES if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)
    if tools is None:
        pytest.skip("PostgreSQL's server programs (initdb, pg_ctl) are not installed on this machine")
    who = _ordinary_user()
    with tempfile.TemporaryDirectory(prefix="qms-postgres-") as home:
        if who:  # PostgreSQL refuses to run as root, and the user it runs as must own its files.
            shutil.chown(home, who)
        data = Path(home) / "data"
        _run([tools / "initdb", "-D", data, "-U", "qms", "-A", "trust", "-E", "UTF8", "--no-sync"], who)
        options = f"-k {home} -c listen_addresses='' -c fsync=off"
        _run([tools / "pg_ctl", "-D", data, "-w", "-t", "30", "-l", f"{home}/log", "-o", options, "start"], who)
        try:
            yield f"postgresql+psycopg://qms@/postgres?host={home}"
        finally:
            _run([tools / "pg_ctl", "-D", data, "-w", "-t", "30", "-m", "immediate", "stop"], who)


def _ordinary_user() -> str | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' to run it as")


def _run(command: list[Any], who: str | None) -> None:
    options: dict[str, Any] = {"user": who, "group": pwd.getpwnam(who).pw_gid, "extra_groups": []} if who else {}
    done = subprocess.run(
        [str(part) for part in command],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if "start" in command else subprocess.PIPE,
        stderr=subprocess.DEVNULL if "start" in command else subprocess.STDOUT,
        timeout=60,
        **options,
    )
    assert done.returncode == 0, done.stdout
