"""Who starts an embedded environment, who shares it, and what ends it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.environments import Capability, EnvironmentUseError, control, use
from QMSLibrary.environments.embedded import EmbeddedEnvironment
from QMSLibrary.environments.home import directories, users

USER = """
import sys
from QMSLibrary.environments import use
environment = use("embedded", own=len(sys.argv) > 1)
print(environment.keeper_pid, environment.directory, flush=True)
sys.stdin.read()
"""


def start_user(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def health(url: str) -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    connection.request("GET", "/health")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["status"]


def refuses(url: str) -> bool:
    with socket.socket() as caller:
        caller.settimeout(2)
        parts = urlsplit(url)
        return caller.connect_ex((parts.hostname, parts.port)) != 0


def test_all_services_are_healthy_when_it_is_there(home):
    with use("embedded") as environment:
        assert list(environment.urls) == list(Service)
        assert {health(url) for url in environment.urls.values()} == {"healthy"}
        assert set(environment.connection.accounts) == set(Role)
        assert environment.capabilities == {
            Capability.CLOCK, Capability.PROCESS_CONTROL, Capability.AGENT_CONTROL, Capability.RECEIVERS
        }  # fmt: skip
        assert users(environment.directory) == [os.getpid()]


def test_what_holds_passwords_is_for_the_owner_alone(home):
    with use("embedded") as environment:
        for path in (environment.directory, environment.directory / "environment.json"):
            assert path.stat().st_mode & 0o077 == 0


def test_eight_processes_at_once_share_one_keeper(home):
    processes = [start_user() for _ in range(8)]
    assert len({process.stdout.readline() for process in processes}) == 1
    assert len(directories(home)) == 1
    for process in processes:
        process.communicate("")
        assert process.returncode == 0


def test_it_stays_for_the_next_user_and_goes_after_the_last(home, wait_until):
    first = use("embedded")
    pid = first.keeper_pid
    first.release()
    second = use("embedded")
    assert second.keeper_pid == pid
    urls = list(second.urls.values())
    second.release()
    second.release()  # harmless
    assert wait_until(lambda: all(refuses(url) for url in urls))


def test_one_that_begins_while_its_predecessor_ends_is_left_alone(home, wait_until):
    first = use("embedded")
    first.release()
    assert wait_until(lambda: not first.directory.exists())
    with use("embedded") as second:
        assert second.directory == first.directory
        assert wait_until(lambda: not Path(f"/proc/{first.keeper_pid}").exists())
        assert (second.directory / "environment.json").exists()
        assert {health(url) for url in second.urls.values()} == {"healthy"}
        assert users(second.directory) == [os.getpid()]


def test_kill_9_of_a_user_ends_it(home, ours, wait_until):
    user = start_user()
    user.stdout.readline()
    assert ours(home)
    user.kill()
    user.communicate()
    assert wait_until(lambda: not ours(home), 5), ours(home)


def test_kill_9_of_one_user_leaves_it_to_the_other(home):
    with use("embedded") as environment:
        user = start_user()
        assert int(user.stdout.readline().split()[0]) == environment.keeper_pid
        user.kill()
        user.communicate()
        time.sleep(1.5)  # longer than the grace: if it were to end, it would have
        assert health(environment.urls[Service.DASHBOARD]) == "healthy"


def test_kill_9_of_the_keeper_leaves_nothing_and_the_next_gets_a_new_one(home, ours, wait_until):
    first = use("embedded")
    os.kill(first.keeper_pid, signal.SIGKILL)
    assert wait_until(lambda: not ours(home), 5), ours(home)
    assert wait_until(lambda: not directories(home))
    # A dying process loses its command line, by which it is found here, a moment before its ports.
    assert wait_until(lambda: all(refuses(url) for url in first.urls.values()))
    with use("embedded") as second:
        assert second.keeper_pid != first.keeper_pid
        assert health(second.urls[Service.DECISION]) == "healthy"
    first.release()


def test_kill_9_of_keeper_and_janitor_is_tidied_up_by_the_next(home, ours, wait_until):
    first = use("embedded")
    children = {facts["pid"] for facts in first.processes().values()}
    for line in ours(home):
        if (pid := int(line.split()[0])) not in children and pid != first.keeper_pid:
            os.kill(pid, signal.SIGKILL)
    os.kill(first.keeper_pid, signal.SIGKILL)
    assert wait_until(lambda: not ours(home), 5), ours(home)
    # A dying process loses its command line, by which it is found here, a moment before its locks.
    assert wait_until(lambda: not first.lives())
    first.release()
    assert directories(home)
    use("embedded").release()


LOGS = {
    "dashboard.log", "decision.log", "ended.txt", "escalation.log", "keeper.log", "orchestration.log", "receivers.log",
}  # fmt: skip


def test_the_logs_of_a_killed_keepers_services_are_kept_and_named(home):
    with use("embedded") as environment:
        assert environment.why_ended() is None
        os.kill(environment.keeper_pid, signal.SIGKILL)
        died = wait_for_the_end(environment)
        assert f"'embedded' itself has ended: its keeper (process {environment.keeper_pid}) was killed" in died
        assert str(environment.died_place) in died
        assert {file.name for file in environment.died_place.iterdir()} == LOGS
        assert "dashboard is ready" in (environment.died_place / "dashboard.log").read_text()


def test_the_logs_are_kept_as_well_when_the_janitor_is_killed_too(home, ours, wait_until):
    first = use("embedded")
    children = {facts["pid"] for facts in first.processes().values()}
    for line in ours(home):
        if (pid := int(line.split()[0])) not in children and pid != first.keeper_pid:
            os.kill(pid, signal.SIGKILL)
    os.kill(first.keeper_pid, signal.SIGKILL)
    died = wait_for_the_end(first)
    assert f"logs are in {first.directory / 'logs'}; whoever begins an environment next moves them" in died
    assert str(first.died_place) in died
    first.release()
    use("embedded").release()
    assert {file.name for file in first.died_place.iterdir()} == LOGS


def test_an_environment_that_is_ended_by_force_says_by_whom(home):
    with use("embedded", own=True) as environment:
        control.ask(environment.directory, "end")
        died = wait_for_the_end(environment)
        assert f"(process {environment.keeper_pid}) was ended by `qms down --force` while it was used" in died
        assert {file.name for file in environment.died_place.iterdir()} == LOGS
        with pytest.raises(EnvironmentUseError, match="itself has ended"):
            environment.kill_service(Service.DECISION)


def test_kept_logs_go_after_a_day_and_are_no_environment(home):
    home.mkdir()
    old, new = home / "old.1.died", home / "new.2.died"
    for place, age in ((old, 24.1), (new, 23.9)):
        place.mkdir()
        os.utime(place, (time.time() - age * 3600,) * 2)
    use("embedded").release()
    assert not old.exists()
    assert new.exists()
    assert new not in directories(home)


def test_an_environment_that_ends_as_it_should_keeps_no_logs(home, wait_until):
    environment = use("embedded")
    environment.release()
    assert environment.why_ended() is None
    assert wait_until(lambda: not list(home.iterdir()))


def wait_for_the_end(environment: EmbeddedEnvironment) -> str:
    deadline = time.monotonic() + 5
    while (died := environment.why_ended()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return died


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_keeper_ends_everything(home, number, ours, wait_until):
    environment = use("embedded")
    os.kill(environment.keeper_pid, number)
    assert wait_until(lambda: not ours(home), 5), ours(home)
    environment.release()


def test_an_own_environment_is_nobody_elses_and_ends_when_released(home):
    shared = use("embedded")
    own = use("embedded", own=True)
    assert own.own
    assert not shared.own
    assert set(own.urls.values()).isdisjoint(shared.urls.values())
    own.release()
    assert not own.directory.exists()
    assert all(refuses(url) for url in own.urls.values())
    assert health(shared.urls[Service.ORCHESTRATION]) == "healthy"
    shared.release()


def test_an_own_environment_ends_when_its_owner_is_killed(home, ours, wait_until):
    user = start_user("own")
    assert "-own-" in user.stdout.readline()
    user.kill()
    user.communicate()
    assert wait_until(lambda: not ours(home), 5), ours(home)


def test_a_killed_service_refuses_and_comes_back_on_its_address(home):
    with use("embedded", own=True) as environment:
        url = environment.urls[Service.DECISION]
        environment.kill_service(Service.DECISION)
        assert refuses(url)
        assert environment.processes()[Service.DECISION] == {"url": url, "pid": None, "exit_code": -9}
        environment.start_service(Service.DECISION)
        assert health(url) == "healthy"
        environment.stop_service(Service.DECISION)
        assert refuses(url)
        assert environment.processes()[Service.DECISION]["exit_code"] == 0


def test_a_service_can_be_started_while_another_is_down(home):
    with use("embedded", own=True) as environment:
        environment.kill_service(Service.DECISION)
        environment.kill_service(Service.DASHBOARD)
        environment.start_service(Service.DASHBOARD)
        assert health(environment.urls[Service.DASHBOARD]) == "degraded"
        environment.start_service(Service.DECISION)
        assert health(environment.urls[Service.DASHBOARD]) == "healthy"


def test_a_shared_environments_services_are_not_to_kill(home):
    with use("embedded") as environment, pytest.raises(EnvironmentUseError, match="own=True"):
        environment.kill_service(Service.DECISION)


def test_a_database_that_cannot_be_reached_is_named_at_once(home, tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("kind: embedded\ndatabase_url: postgresql://nobody@127.0.0.1:1/nothing\n")
    begun = time.monotonic()
    with pytest.raises(EnvironmentUseError, match="database cannot be used"):
        use(str(file))
    assert time.monotonic() - begun < 20


def test_a_service_that_dies_at_once_is_told_with_the_end_of_its_log(home, tmp_path, monkeypatch):
    # A sitecustomize is the one way to break a service that is started elsewhere without changing it.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, types\n"
        "server = types.ModuleType('QMSLibrary.reference.kernel.server')\n"
        "def serve(settings, listener):\n"
        "    raise RuntimeError(f'{settings.service} has no heart')\n"
        "server.serve = serve\n"
        "sys.modules[server.__name__] = server\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EnvironmentUseError, match=r"(?s)orchestration service ended with exit code 1.*has no heart"):
        use("embedded")
