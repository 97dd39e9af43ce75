"""The keeper: starts the four services, ends them with the last user, does what it is told in between.

See docs/decisions/0002-environment-lifetime.md for who holds which lock.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.services import Service

from . import databases
from .claims import RENEW_EVERY, Claim
from .crew import ORDERS, Crew, OrderError
from .locks import BusyError, start_lock
from .processes import Child, ServiceStartError
from .recipients import STAKEHOLDERS, STAKEHOLDERS_VARIABLE
from .remains import died_place, keep_logs

if TYPE_CHECKING:
    from .agent_process import AgentSettings

STARTED_WITHIN: Final = 20.0
"""Seconds that a service has to become healthy."""
_STOP_PATIENCE: Final = 10.0
_END_PATIENCE: Final = 0.5
_NEEDED_LATER: Final = (
    "anyio._backends._asyncio",
    "httpcore",
    "sqlalchemy.dialects.sqlite",
    "sqlite3",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "QMSLibrary.contract.openapi",
    "QMSLibrary.reference.kernel.common",
    "QMSLibrary.reference.kernel.stream",
)
"""What each service would import for itself while it starts: once, before the fork, is a quarter of the work."""
ENDING_SUFFIX: Final = ".ending"


@dataclass(frozen=True, slots=True)
class KeeperSettings:
    """What the starter wants."""

    directory: Path
    """The environment's own; it is removed at the end."""
    key: str
    name: str
    own: bool
    movable_clock: bool
    database_url: str | None
    grace: float
    """Seconds between the last user's going and the end."""
    wait_for_users: bool = True
    """False: it stays until it is told to end."""
    code_host_url: str | None = None
    """Where orchestration reads the files of pull requests that webhooks tell of."""
    code_host_token: str | None = field(default=None, repr=False)
    receivers: bool = False
    """Whether it has receivers of notifications of its own, so that messages really travel."""

    @property
    def start_lock(self) -> Path:
        """Held by whoever begins or puts away this environment."""
        return self.directory.with_name(f"{self.directory.name}.start")


Serve = Callable[[Any, socket.socket], object]


class Keeper:
    """One environment, from its start to its end. Everything but the wait for the users' lock is on one thread."""

    def __init__(self, settings: KeeperSettings, serve: Serve | None = None) -> None:
        self.settings = settings
        self._serve = serve
        self._children: dict[Service, Child] = {}
        self._crew = Crew(settings.directory / "logs", self._agent_settings, self._leave_parent)
        self._receivers: Child | None = None
        self._receivers_url: str | None = None
        self._service_settings: dict[Service, Any] = {}
        self._selector = selectors.DefaultSelector()
        self._control: socket.socket | None = None
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._idle_since: float | None = None
        self._claim: Claim | None = None
        """On its schemas, where it keeps its state in PostgreSQL."""
        self._watch_again = threading.Event()
        self._started = False
        self._ending = False
        self._told_by = "an error of its own"
        # Somebody may begin another environment in the same place while this one ends: names are not enough.
        self._identity = settings.directory.stat().st_ino
        self._away: Path | None = None
        self._lock = os.open(settings.directory / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._parents_alone: list[Callable[[], None]] = [
            self._selector.close,
            lambda: os.close(self._wake_read),
            lambda: os.close(self._wake_write),
            lambda: os.close(self._lock),
        ]

    # --- start

    def start(self, leave: Callable[[], None] = lambda: None) -> None:
        """Start all services; return when they are healthy and the environment file is written.

        ``leave`` closes, in each service, what the caller has open. Raises ServiceStartError.
        """
        settings = self.settings
        self._parents_alone.append(leave)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        logs = settings.directory / "logs"
        logs.mkdir(exist_ok=True)
        self._children = {service: Child(service, logs / f"{service}.log") for service in Service}
        secrets = self._prepare()
        serve = self._serve or _real_serve()
        self._serve = serve
        if settings.receivers:
            self._fork_receivers(logs / "receivers.log")
        # What is imported now is shared by all; keep the collector from touching (and so copying) its pages.
        gc.collect()
        gc.freeze()
        for service in Service:
            self._fork(service)
        deadline = time.monotonic() + STARTED_WITHIN
        for child in self._children.values():
            child.ask_health()
        for child in self._every_child():
            child.wait_healthy(max(deadline - time.monotonic(), 0.1))
        self._control = self._open_control()
        self._write_environment(secrets)
        self._started = True

    def _prepare(self) -> dict[str, Any]:
        """Make what the services need; returns what the environment's users may know of it."""
        from .kernel.secrets import create_secrets
        from .kernel.settings import CodeHostSettings, ServiceSettings

        settings = self.settings
        try:
            self._claim = databases.prepare(settings.database_url, settings.key)
        except Exception as error:
            raise ServiceStartError(f"The database cannot be used: {error}".strip()) from error
        if self._claim is not None:
            self._parents_alone.append(self._claim.leave)
        secrets_file = settings.directory / "secrets.json"
        create_secrets(secrets_file)
        urls = {service: child.url for service, child in self._children.items()}
        code_host = None
        if settings.code_host_url is not None:
            code_host = CodeHostSettings(settings.code_host_url, settings.code_host_token)
        for service in Service:
            # The number keeps a service that is ending from opening the files of an environment that came after it.
            state = settings.directory / f"{service}-{os.getpid()}"
            state.mkdir(exist_ok=True)
            self._service_settings[service] = ServiceSettings(
                service=service,
                urls=urls,
                database_url=databases.url_of(settings.database_url, settings.key, service, state),
                secrets_file=secrets_file,
                state_dir=state,
                movable_clock=settings.movable_clock,
                log_file=None,  # what it prints goes to its log as well, so one file has both in order
                code_host=code_host if service is Service.ORCHESTRATION else None,
            )
        content = json.loads(secrets_file.read_text(encoding="utf-8"))
        return {name: content[name] for name in ("accounts", "webhook_secret")}

    def _fork_receivers(self, log: Path) -> None:
        """Before the services, so that they are there when the first message is sent."""
        from .receivers import places, serve

        self._receivers = child = Child("receivers", log)
        where = places(child.url)
        self._receivers_url = where.url
        where.write(self._service_settings[Service.ESCALATION].state_dir / "receivers.json")
        child.start(lambda listener: serve(where, listener), self._leave_parent)
        where.mail.close()

    def _every_child(self) -> list[Child]:
        return [*self._children.values(), *([self._receivers] if self._receivers is not None else [])]

    def _fork(self, service: Service) -> None:
        serve, settings = self._serve, self._service_settings[service]
        assert serve is not None
        self._children[service].start(lambda listener: serve(settings, listener), self._leave_parent)

    def _leave_parent(self) -> None:
        for close in self._parents_alone:
            close()
        for child in self._every_child():
            child.close()
        self._crew.close_in_child()

    def _agent_settings(self, agent_id: str) -> AgentSettings:
        from .agent_process import AgentSettings

        orchestration = self._children[Service.ORCHESTRATION].url
        return AgentSettings(agent_id, orchestration, self.settings.directory / "secrets.json")

    def _write_environment(self, secrets: dict[str, Any]) -> None:
        settings = self.settings
        content = {
            "name": settings.name,
            "key": settings.key,
            "own": settings.own,
            "pid": os.getpid(),
            "started_at": wire_time(datetime.now(UTC)),
            "movable_clock": settings.movable_clock,
            "urls": {service: child.url for service, child in self._children.items()},
            "receivers": self._receivers_url,
            "stakeholders": str(os.environ.get(STAKEHOLDERS_VARIABLE) or STAKEHOLDERS),
            **secrets,
        }
        draft = settings.directory / "environment.json.new"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content, indent=2), encoding="utf-8")
        draft.rename(settings.directory / "environment.json")

    # --- life

    def run(self) -> None:
        """Serve until the last user has gone, or until told to end; then end everything."""
        if self.settings.wait_for_users:
            threading.Thread(target=self._watch_users, name="users", daemon=True).start()
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        assert self._control is not None
        self._selector.register(self._control, selectors.EVENT_READ)
        if self._claim is not None:
            self._selector.register(self._claim.fileno(), selectors.EVENT_READ, self._claim)
        while not self._ending:
            timeout = None if self._idle_since is None else self._idle_since + self.settings.grace - time.monotonic()
            if timeout is not None and timeout <= 0:
                if self._end_if_unused():
                    return
                timeout = 0.05 if self._idle_since is not None else None
            if self._claim is not None and not self._claim_again(self._claim):
                timeout = RENEW_EVERY if timeout is None else min(timeout, RENEW_EVERY)
            for key, _ in self._selector.select(timeout):
                if key.data is not None:
                    self._look_at_claim(key.data, key.fd)
                elif key.fileobj is self._control:
                    self._answer(self._control)
                else:
                    self._woken()
        self.end()

    def _look_at_claim(self, claim: Claim, descriptor: int) -> None:
        claim.look()
        if not claim.held:
            self._selector.unregister(descriptor)
            print(f"{wire_time(datetime.now(UTC))} the database ended the session that claims the schemas", flush=True)

    def _claim_again(self, claim: Claim) -> bool:
        if claim.held:
            return True
        if claim.renew():
            self._selector.register(claim.fileno(), selectors.EVENT_READ, claim)
            print(f"{wire_time(datetime.now(UTC))} the schemas are claimed again", flush=True)
        return claim.held

    def _watch_users(self) -> None:
        descriptor = os.open(self.settings.directory / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while True:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            self._watch_again.clear()
            os.write(self._wake_write, b"u")
            self._watch_again.wait()

    def _woken(self) -> None:
        if b"u" in os.read(self._wake_read, 4096):
            self._idle_since = time.monotonic()
        for service, child in self._children.items():
            if child.reap():
                print(f"{wire_time(datetime.now(UTC))} the {service} service ended: {child.exit_code}", flush=True)
        for agent_id in self._crew.reap():
            print(f"{wire_time(datetime.now(UTC))} the agent {agent_id} ended", flush=True)
        if self._receivers is not None and self._receivers.reap():
            print(f"{wire_time(datetime.now(UTC))} the receivers ended: {self._receivers.exit_code}", flush=True)

    def _told_to_end(self, number: int, _: object) -> None:
        self._ending = True
        self._told_by = signal.Signals(number).name
        if not self._started:
            raise ServiceStartError("The environment was told to end while it started.")

    def _end_if_unused(self) -> bool:
        """End, unless somebody has come meanwhile. Whoever comes holds the start lock while coming."""
        settings = self.settings
        try:
            with start_lock(settings.start_lock, timeout=0):
                if not self._nobody_uses_it():
                    self._idle_since = None
                    self._watch_again.set()
                    return False
                self._put_away()
        except BusyError:
            return False
        self.end()
        return True

    def _nobody_uses_it(self) -> bool:
        descriptor = os.open(self.settings.directory / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    # --- control

    def _open_control(self) -> socket.socket:
        control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # By way of the directory's descriptor, because a socket's path may have 107 bytes and a directory's more.
        folder = os.open(self.settings.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            control.bind(f"/proc/self/fd/{folder}/control")
        finally:
            os.close(folder)
        control.listen(16)
        self._parents_alone.append(control.close)
        return control

    def _answer(self, control: socket.socket) -> None:
        connection, _ = control.accept()
        with connection:
            connection.settimeout(2)
            try:
                request = json.loads(connection.makefile("rb").readline(65536))
                answer = self._obey(str(request.get("do")), request.get("service"), request)
            except (OSError, ValueError, AttributeError, LookupError, TypeError) as error:
                answer = {"error": f"not understood: {error}"}
            except (ServiceStartError, OrderError) as error:
                answer = {"error": str(error)}
            try:
                connection.sendall(json.dumps(answer).encode() + b"\n")
            except OSError as error:
                print(f"nobody waited for the answer {answer}: {error}", flush=True)

    def _obey(self, what: str, service: str | None, request: dict[str, Any]) -> dict[str, Any]:
        if what == "status":
            return {
                "services": {
                    name: {"url": child.url, "pid": child.pid, "exit_code": child.exit_code}
                    for name, child in self._children.items()
                },
                "agents": self._crew.status(),
            }
        if what == "end":
            self._ending = True
            self._told_by = "`qms down --force`"
            return {"ok": True}
        if what in ORDERS:
            return self._crew.obey(what, request)
        if what not in ("kill", "stop", "start"):
            return {"error": f"{what!r} is none of status, kill, stop, start, end, {', '.join(ORDERS)}"}
        if service not in list(Service):
            return {"error": f"{service!r} is none of {', '.join(Service)}"}
        child = self._children[Service(service)]
        child.reap()
        if what == "start":
            if not child.alive:
                self._fork(Service(service))
                child.wait_healthy(STARTED_WITHIN, alone=True)
        elif child.alive:
            child.signal(signal.SIGKILL if what == "kill" else signal.SIGTERM)
            if not child.wait_ended(_STOP_PATIENCE):
                return {"error": f"the {service} service did not end within {_STOP_PATIENCE:g} s of being told to"}
        return {"ok": True, "pid": child.pid, "exit_code": child.exit_code}

    # --- end

    def _put_away(self) -> None:
        """Take the directory's name away, so that nobody finds this environment any more. Twice is as good as once."""
        directory = self.settings.directory
        if self._away is None and identity(directory) == self._identity:
            self._away = directory.rename(ending_place(directory, os.getpid()))

    def _ends_under_its_users(self) -> bool:
        there = self._away is None and identity(self.settings.directory) == self._identity
        return self._started and there and not self._nobody_uses_it()

    def end(self) -> None:
        """End the services and remove everything. May be called at any stage of the start as well."""
        settings = self.settings
        used = self._ends_under_its_users()
        try:
            with start_lock(settings.start_lock, timeout=1):
                self._put_away()
        except BusyError:
            # Somebody is coming, or waits for us to start. They will find a dead environment and begin another.
            self._put_away()
        self._crew.tell_to_end()
        for child in self._every_child():
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + _END_PATIENCE
        for child in self._every_child():
            if not child.wait_ended(max(deadline - time.monotonic(), 0)):
                child.signal(signal.SIGKILL)
                child.wait_ended(5)
            child.close()
        self._crew.end()
        if used and self._away is not None:
            why = f"its keeper (process {os.getpid()}) was ended by {self._told_by} while it was used"
            keep_logs(self._away, died_place(settings.directory, os.getpid()), why)
        if self._claim is not None:
            self._claim.close()
        try:
            databases.drop(settings.database_url, settings.key)
        finally:
            if self._away is not None:
                shutil.rmtree(self._away, ignore_errors=True)


def identity(directory: Path) -> int | None:
    """What tells a directory from another one that has its name later; None when there is none."""
    try:
        return directory.stat().st_ino
    except FileNotFoundError:
        return None


def ending_place(directory: Path, keeper: int) -> Path:
    """Where the keeper with this process number moves its directory when it ends."""
    return directory.with_name(f"{directory.name}.{keeper}{ENDING_SUFFIX}")


def _real_serve() -> Serve:
    from .kernel.server import serve

    for name in _NEEDED_LATER:
        import_module(name)
    return serve
