"""What tests of several rooms use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest


def processes_in(folder: Path) -> list[str]:
    """Living processes whose command line names something in ``folder``: number and command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in command:
                found.append(f"{entry.name} {command}")
    return found


def becomes_true(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether ``condition`` comes true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def ours() -> Callable[[Path], list[str]]:
    return processes_in


@pytest.fixture
def wait_until() -> Callable[..., bool]:
    return becomes_true


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A place for environments of the test's own; at its end no process of it and no file in it may be left.

    Logs of an environment that was killed are kept for a day, so they may.
    """
    folder = tmp_path / "home"
    monkeypatch.setenv("QMS_HOME", str(folder))
    yield folder
    assert becomes_true(lambda: not processes_in(tmp_path)), processes_in(tmp_path)

    def left() -> list[Path]:
        return [one for one in folder.iterdir() if one.suffix != ".died"] if folder.exists() else []

    assert becomes_true(lambda: not left()), left()
