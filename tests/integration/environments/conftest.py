"""A home of its own for each test, which must be empty again at its end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest


def ours(home: Path) -> list[str]:
    """Processes whose command line names something in ``home``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(home) in command:
                found.append(f"{entry.name} {command}")
    return found


def wait_until(condition, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture()
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("QMS_HOME", str(folder))
    yield folder
    assert wait_until(lambda: not ours(folder)), ours(folder)
    assert wait_until(lambda: not folder.exists() or not list(folder.iterdir())), list(folder.iterdir())
