"""The reference QMS in processes of its own; started by the first who needs it, ended with the last."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from QMSLibrary.client.connection import Account, Connection
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

from . import control, home, remains
from .base import Capability, Environment
from .errors import EnvironmentUseError
from .files import Description

if TYPE_CHECKING:
    from .receivers import Receivers

_START_PATIENCE: Final = 60.0
"""Seconds to wait for the environment, its own start and others' included."""
_LOG_LINES: Final = 15
_LOGS_PATIENCE: Final = 2.0
"""Seconds that the janitor of a killed keeper has to put the logs where they are kept. It needs a few milliseconds; a
keeper that is told to end first ends its services."""


class EmbeddedEnvironment(Environment):
    """The reference QMS. It stays as long as somebody has not released it."""

    def __init__(self, description: Description, directory: Path, users_lock: int, content: dict[str, Any]) -> None:
        capabilities = {Capability.PROCESS_CONTROL, Capability.AGENT_CONTROL}
        if content["movable_clock"]:
            capabilities.add(Capability.CLOCK)
        if content.get("receivers"):
            capabilities.add(Capability.RECEIVERS)
        super().__init__(
            name=description.name,
            kind=description.kind,
            connection=Connection(
                name=description.name,
                urls={Service(name): url for name, url in content["urls"].items()},
                accounts={Role(role): Account(**account) for role, account in content["accounts"].items()},
                adapter=None,
                timeout=description.timeout,
            ),
            capabilities=frozenset(capabilities),
            targets=description.targets,
            own=content["own"],
        )
        self.directory = directory
        """Its state and logs (``logs/<service>.log``); gone when it has ended."""
        self.keeper_pid: int = content["pid"]
        self.died_place = remains.died_place(directory, self.keeper_pid)
        """Where its logs are kept, should it end while it is used."""
        self._receivers_url: str | None = content.get("receivers")
        self._stakeholders = Path(content["stakeholders"])
        self._receivers: Receivers | None = None
        self._why_ended: str | None = None
        self._users_lock: int | None = users_lock

    @property
    def receivers(self) -> Receivers:
        """What its notifications come to."""
        if self._receivers_url is None:
            return super().receivers
        if self._receivers is None:
            from .receivers import Receivers

            self._receivers = Receivers(self._receivers_url, self._stakeholders)
        return self._receivers

    def kill_service(self, service: Service) -> None:
        """End a service with SIGKILL, as a crash would."""
        self._control("kill", service)

    def stop_service(self, service: Service) -> None:
        """End a service with SIGTERM."""
        self._control("stop", service)

    def start_service(self, service: Service) -> None:
        """Start it again, on its old address."""
        self._control("start", service)

    def start_agents(self, agent_ids: Sequence[str]) -> dict[str, str]:
        """Start agents, also where the environment is shared: each works only for whom it is registered."""
        agents = self._told("start_agents", agents=list(agent_ids))["agents"]
        return {agent_id: f"{url}/health" for agent_id, url in agents.items()}

    def change_agent(self, agent_id: str, way: str, pause: timedelta) -> None:
        """Tell an agent how to work from now on."""
        self._told("change_agent", agent=agent_id, way=way, pause=pause.total_seconds())

    def kill_agent(self, agent_id: str) -> None:
        """End an agent with SIGKILL."""
        self._told("kill_agent", agent=agent_id)

    def agents(self) -> dict[str, dict[str, Any]]:
        """Each agent's ``url``, ``pid`` (None when dead) and last ``exit_code``."""
        found: dict[str, dict[str, Any]] = control.ask(self.directory, "status")["agents"]
        return found

    def processes(self) -> dict[Service, dict[str, Any]]:
        """Each service's ``url``, ``pid`` (None when dead) and last ``exit_code``."""
        answer = control.ask(self.directory, "status")
        return {Service(name): facts for name, facts in answer["services"].items()}

    def lives(self) -> bool:
        """Whether it is still the one that was taken, and not gone or followed by another one in the same place."""
        if self._users_lock is None or not home.keeper_lives(self.directory):
            return False
        return home.same_file(self.directory / "users.lock", self._users_lock)

    def why_ended(self) -> str | None:
        """What to tell a tester when it has ended while it was used from here; None while it lives."""
        if self._why_ended is None and self._users_lock is not None and not self.lives():
            why = remains.why(self.died_place, _LOGS_PATIENCE)
            logs = (
                f"in {self.died_place}, for a day"
                if why
                else f"in {self.directory / 'logs'}; whoever begins an environment next moves them to {self.died_place}"
            )
            self._why_ended = (
                f"The environment {self.name!r} itself has ended: "
                f"{why or f'its keeper (process {self.keeper_pid}) was killed or crashed'}. Expected it to live as "
                "long as somebody uses it. Its four services have ended with it, so what fails from then on says "
                "nothing about the QMS.\n"
                f"Its services' logs are {logs}.\n"
                f"Look at: what ended process {self.keeper_pid} (the end of keeper.log there; `dmesg` if memory ran "
                "out). Then run again: Robot processes that start from now on begin a new environment."
            )
        return self._why_ended

    def _control(self, what: str, service: Service) -> None:
        if not self.own:
            raise EnvironmentUseError(
                f"The environment {self.name!r} is shared with others, so its services are not to {what}. "
                f"Take one of your own: `Use Environment    {self.name}    own=True`."
            )
        self._told(what, service)

    def _told(self, what: str, service: Service | None = None, **more: Any) -> dict[str, Any]:
        if why := self.why_ended():
            raise EnvironmentUseError(why)
        return control.ask(self.directory, what, service, **more)

    def release(self) -> None:
        """Give it up; the last one to do so ends it. One of one's own has ended when this returns."""
        if self._users_lock is None:
            return
        if self._receivers is not None:
            self._receivers.close()
        watch = home.EndWatch(self.directory)
        os.close(self._users_lock)
        self._users_lock = None
        if self.own:
            watch.wait(5)
        watch.close()


def use_embedded(description: Description, *, own: bool) -> EmbeddedEnvironment:
    """Join the environment that ``description`` asks for, or start it if nobody has.

    Raises EnvironmentUseError with the end of the log when it cannot be started.
    """
    folder = home.home()
    home.sweep(folder)
    key = home.key_of(description)
    if own:
        key = f"{key}-own-{secrets.token_hex(4)}"
    directory = folder / key
    try:
        with home.start_lock(directory, timeout=_START_PATIENCE):
            return _join(description, directory) or _start(description, directory, own=own)
    except TimeoutError:
        raise EnvironmentUseError(
            f"Another process has been starting the environment in {directory} for more than {_START_PATIENCE:g} s."
        ) from None


def _join(description: Description, directory: Path) -> EmbeddedEnvironment | None:
    """Under the start lock: use what is there. What is dead is removed."""
    deadline = time.monotonic() + _START_PATIENCE
    while home.keeper_lives(directory):
        try:
            users_lock = _users_lock(directory)
            content = json.loads((directory / "environment.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            # Its starter was killed in the middle; the keeper comes up, or goes, on its own.
            if time.monotonic() > deadline:
                raise EnvironmentUseError(f"The environment in {directory} does not come up and does not go.") from None
            time.sleep(0.05)
            continue
        return EmbeddedEnvironment(description, directory, users_lock, content)
    remains.remove(directory)
    return None


def _users_lock(directory: Path) -> int:
    descriptor = os.open(directory / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    # The keeper has it exclusively for a moment when it looks whether anybody is there; no longer.
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _start(description: Description, directory: Path, *, own: bool) -> EmbeddedEnvironment:
    directory.mkdir(mode=0o700)
    users_lock = _users_lock(directory)
    try:
        _start_keeper(description, directory, own=own)
        content = json.loads((directory / "environment.json").read_text(encoding="utf-8"))
    except BaseException:
        os.close(users_lock)
        raise
    return EmbeddedEnvironment(description, directory, users_lock, content)


def _start_keeper(description: Description, directory: Path, *, own: bool) -> None:
    read, write = os.pipe()
    package_root = Path(__file__).parents[2]
    command = [
        sys.executable, "-m", "QMSLibrary.reference", "--detach", "--users",
        "--directory", str(directory), "--name", description.name, "--ready-fd", str(write),
        "--grace", "0" if own else str(description.grace.total_seconds()),
        "--movable-clock" if description.movable_clock else "--no-movable-clock", "--receivers",
    ]  # fmt: skip
    if own:
        command.append("--own")
    variables = dict(os.environ)
    # By the environment and not as an argument, because everybody can see a process's arguments.
    variables["QMS_DATABASE_URL"] = description.database_url or ""
    variables["QMS_CODE_HOST_URL"] = description.code_host_url or ""
    variables["QMS_CODE_HOST_TOKEN"] = description.code_host_token or ""
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, [str(package_root), variables.get("PYTHONPATH")]))
    try:
        with (directory / "keeper.log").open("ab") as log:
            # Nothing of ours may stay open in it: whoever reads our output would wait for its end.
            starter = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[write], env=variables
            )
        os.close(write)
        write = -1
        answer = _read_line(read, _START_PATIENCE)
        starter.wait()
    finally:
        os.close(read)
        if write != -1:
            os.close(write)
    if "ready" not in answer:
        reason = answer.get("error") or _log_tail(directory)
        raise EnvironmentUseError(f"The environment {description.name!r} cannot be started. {reason}")


def _read_line(descriptor: int, timeout: float) -> dict[str, Any]:
    """The keeper's one line; nothing if it went without a word."""
    content = b""
    deadline = time.monotonic() + timeout
    while not content.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            return {"error": f"It was not ready within {timeout:g} s."}
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return {}
        content += chunk
    found: dict[str, Any] = json.loads(content)
    return found


def _log_tail(directory: Path) -> str:
    try:
        lines = (directory / "keeper.log").read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
    except OSError:
        lines = []
    return "Its log ends with:\n" + "\n".join(f"    {line}" for line in lines)
