"""The folder of environments and its locks."""

from __future__ import annotations

import fcntl
import os
import threading

import pytest

from QMSLibrary.environments import EnvironmentUseError, home
from QMSLibrary.environments.files import Description


def test_a_start_lock_is_one_holders_and_leaves_no_file(tmp_path):
    inside = 0
    most = 0
    guard = threading.Lock()

    def enter() -> None:
        nonlocal inside, most
        with home.start_lock(tmp_path / "one", timeout=30):
            with guard:
                inside += 1
                most = max(most, inside)
            with guard:
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_a_start_lock_that_is_held_is_waited_for_no_longer_than_said(tmp_path):
    with (
        home.start_lock(tmp_path / "one", timeout=0),
        pytest.raises(TimeoutError),
        home.start_lock(tmp_path / "one", timeout=0.05),
    ):
        pass


def test_sweep_removes_the_dead_and_leaves_the_living(tmp_path):
    for name in ("dead", "living", "beginning", "dead.ending"):
        (tmp_path / name).mkdir()
    held = os.open(tmp_path / "living" / "keeper.lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    (tmp_path / "dead" / "keeper.lock").touch()
    with home.start_lock(tmp_path / "beginning", timeout=0):
        home.sweep(tmp_path)
    os.close(held)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["beginning", "living"]


def test_the_key_follows_the_settings():
    assert home.key_of(Description("embedded")) == home.key_of(Description("embedded"))
    assert home.key_of(Description("embedded")) != home.key_of(Description("embedded", movable_clock=False))
    here, there = (Description("embedded", code_host_url=url) for url in ("http://here", "http://there"))
    assert len({home.key_of(one) for one in (Description("embedded"), here, there)}) == 3


def test_a_home_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("QMS_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(EnvironmentUseError, match="QMS_HOME"):
        home.home()
