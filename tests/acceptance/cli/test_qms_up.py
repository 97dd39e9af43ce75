"""``qms up``, ``qms status``, ``qms down``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

from QMSLibrary.environments import use

QMS = [sys.executable, "-m", "QMSLibrary.cli"]


def qms(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*QMS, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_up_status_down(home):
    up = qms("up")
    assert up.returncode == 0, up.stderr
    assert "embedded is up" in up.stdout
    again = qms("up")
    assert again.returncode == 0
    assert "up already" in again.stdout
    shown = qms("status")
    assert shown.returncode == 0
    assert shown.stdout.count("healthy") == 4
    assert "kept by qms up" in shown.stdout
    (facts,) = json.loads(qms("status", "--json").stdout)
    assert {service["health"] for service in facts["services"].values()} == {"healthy"}
    with use("embedded") as environment:
        assert environment.keeper_pid == facts["keeper_pid"]
    unsaid = qms("down", "--name", "")
    assert unsaid.returncode == 252
    assert "--name is empty" in unsaid.stderr
    down = qms("down")
    assert down.returncode == 0, down.stderr
    assert "embedded is down" in down.stdout
    assert not list(home.iterdir())
    assert "Nothing runs" in qms("status").stdout


def test_down_leaves_what_somebody_else_uses_unless_forced(home):
    qms("up")
    with use("embedded") as environment:
        down = qms("down")
        assert down.returncode == 1
        assert str(os.getpid()) in down.stderr
        assert "--force" in down.stderr
        assert environment.directory.exists()
        forced = qms("down", "--force")
        assert forced.returncode == 0, forced.stderr
        assert not environment.directory.exists()


def test_a_dead_service_is_shown_and_is_an_exit_code(home):
    qms("up")
    (facts,) = json.loads(qms("status", "--json").stdout)
    os.kill(facts["services"]["dashboard"]["pid"], signal.SIGKILL)
    shown = qms("status")
    assert shown.returncode == 1
    assert "dead" in shown.stdout
    assert qms("down").returncode == 0


def test_kill_9_of_the_holder_ends_what_it_kept(home, ours, wait_until):
    qms("up")
    (holder,) = [line for line in ours(home) if "QMSLibrary.cli.holder" in line]
    os.kill(int(holder.split()[0]), signal.SIGKILL)
    assert wait_until(lambda: not ours(home), 5), ours(home)
    assert "Nothing is up" in qms("down").stdout


def test_keyword_documents_can_be_written(tmp_path):
    ran = qms("docs", "keywords", "--to", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert "Trigger Workflow" in (tmp_path / "keywords.html").read_text()


def test_api_documents_can_be_written(tmp_path):
    ran = qms("docs", "api", "--to", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert len(list(tmp_path.glob("*.json"))) == 4


def test_up_notices_that_what_was_up_has_died(home):
    qms("up")
    (facts,) = json.loads(qms("status", "--json").stdout)
    os.kill(facts["keeper_pid"], signal.SIGKILL)
    again = qms("up")
    assert again.returncode == 0, again.stderr
    assert "embedded is up." in again.stdout
    (new,) = json.loads(qms("status", "--json").stdout)
    assert new["keeper_pid"] != facts["keeper_pid"]
    assert qms("down").returncode == 0


def test_what_keeps_a_dead_environment_up_ends_by_itself(home, ours, wait_until):
    qms("up")
    (facts,) = json.loads(qms("status", "--json").stdout)
    os.kill(facts["keeper_pid"], signal.SIGKILL)
    assert wait_until(lambda: not ours(home)), ours(home)
