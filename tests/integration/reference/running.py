"""Services of the reference QMS in processes of their own, for tests."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel import server
from QMSLibrary.reference.kernel.secrets import create_secrets, load_secrets
from QMSLibrary.reference.kernel.settings import CodeHostSettings, ServiceSettings
from QMSLibrary.reference.kernel.tokens import Tokens

_FORK = multiprocessing.get_context("fork")


@dataclass
class Running:
    """An environment whose services can be started, stopped and killed one by one."""

    directory: Path
    databases: dict[Service, str] = field(default_factory=dict)
    movable_clock: bool = True
    code_host: CodeHostSettings | None = None
    listeners: dict[Service, socket.socket] = field(default_factory=dict)
    processes: dict[Service, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.secrets_file = self.directory / "secrets.json"
        create_secrets(self.secrets_file)
        self.secrets = load_secrets(self.secrets_file)
        for service in Service:
            # Kept open here, so that a service that comes back finds its port, as with a real supervisor.
            listener = socket.create_server(("127.0.0.1", 0), backlog=256)
            listener.set_inheritable(True)
            self.listeners[service] = listener
        self.urls = {one: f"http://127.0.0.1:{sock.getsockname()[1]}" for one, sock in self.listeners.items()}
        self._tokens: dict[Role, str] = {}

    def settings(self, service: Service) -> ServiceSettings:
        return ServiceSettings(
            service=service,
            urls=self.urls,
            database_url=self.databases.get(service, f"sqlite:///{self.directory}/{service}.sqlite"),
            secrets_file=self.secrets_file,
            state_dir=self.directory,
            movable_clock=self.movable_clock,
            log_file=self.directory / f"{service}.log",
            code_host=self.code_host,
        )

    def start(self, services: Iterable[Service] = Service, *, wait: bool = True) -> None:
        services = list(services)
        for service in services:
            process = _FORK.Process(target=_serve, args=(self.settings(service), self.listeners[service]))
            process.start()
            self.processes[service] = process
        for service in services if wait else ():
            self.wait_alive(service)

    def wait_alive(self, service: Service, timeout: float = 15) -> None:
        deadline = time.monotonic() + timeout
        while True:
            # The listener is open before the service is, so the request itself waits; only a dead process breaks it.
            with suppress(httpx.HTTPError):
                httpx.get(
                    f"{self.urls[service]}/health", headers={"X-Health-Shallow": "1"}, timeout=timeout
                ).raise_for_status()
                return
            assert self.processes[service].is_alive(), self.log(service)
            assert time.monotonic() < deadline, self.log(service)

    def kill(self, service: Service) -> None:
        process = self.processes.pop(service)
        os.kill(process.pid, signal.SIGKILL)
        process.join(10)

    def stop(self, service: Service) -> int | None:
        process = self.processes.pop(service)
        process.terminate()
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join(5)
            raise AssertionError(f"{service} did not end on SIGTERM\n{self.log(service)}")
        return process.exitcode

    def end(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for service in list(self.processes):
            self.stop(service)
        for listener in self.listeners.values():
            listener.close()

    def log(self, service: Service) -> str:
        path = self.directory / f"{service}.log"
        return path.read_text()[-4000:] if path.exists() else "(no log)"

    def token(self, role: Role) -> str:
        if role not in self._tokens:
            account = self.secrets.accounts[role]
            answer = httpx.post(
                f"{self.urls[Service.ORCHESTRATION]}/api/auth/token",
                json={"username": account.username, "password": account.password},
            )
            answer.raise_for_status()
            self._tokens[role] = answer.json()["access_token"]
        return self._tokens[role]

    def service_token(self, source: Service, target: Service = Service.ORCHESTRATION) -> str:
        return Tokens(source, self.secrets).for_service(target)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: Role = Role.ADMIN,
        service: Service = Service.ORCHESTRATION,
        token: str | None = None,
        **options: Any,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.token(role)}", **options.pop("headers", {})}
        content = None if body is None else json.dumps(body)
        return httpx.request(method, self.urls[service] + path, content=content, headers=headers, timeout=20, **options)


def _serve(settings: ServiceSettings, listener: socket.socket) -> None:
    server.serve(settings, listener)


def eventually(check: Any, timeout: float = 10, pause: float = 0.02) -> Any:
    """The first true answer of ``check``."""
    deadline = time.monotonic() + timeout
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not true within {timeout} s"
        time.sleep(pause)


def pull_request(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"PR-{number}",
        "title": "feat: add a greeting",
        "description": "Adds a greeting to the start page, with a test and a word in the documentation.",
        "author": "somebody",
        "repository": "test/kernel",
        "head_branch": "feature/greeting",
        "head_sha": f"{number:040x}",
        "created_at": "2026-01-02T03:04:05Z",
        "files": [{"path": "src/a.py", "type": "added", "additions": 2, "content": "def a():\n    return 1\n"}],
        **changes,
    }


# A change that passes all gates: code with a test that reaches it, and documentation.
FILES = [
    {
        "path": "src/greeting.py",
        "type": "added",
        "additions": 4,
        "content": 'def greet(name: str) -> str:\n    """A greeting for ``name``."""\n    return "Hello " + name\n',
    },
    {
        "path": "tests/test_greeting.py",
        "type": "added",
        "additions": 4,
        "content": 'from src.greeting import greet\n\n\ndef test_greet():\n    assert greet("Ada") == "Hello Ada"\n',
    },
    {"path": "docs/greeting.md", "type": "added", "additions": 1, "content": "`greet` makes a greeting.\n"},
]
