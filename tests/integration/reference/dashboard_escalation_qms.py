"""A reference QMS of its own for a test: four real processes that end with the test, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

T = TypeVar("T")
STARTED_WITHIN = 40.0


class RunningQms:
    """Speaks to the services as whoever is asked for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        content = json.loads((directory / "environment.json").read_text())
        self.urls: dict[str, str] = content["urls"]
        self._accounts = content["accounts"]
        self._client = httpx.Client(timeout=20, trust_env=False)
        self._tokens: dict[Role, str] = {}
        self._offset = 0.0

    def close(self) -> None:
        self._client.close()

    def request(
        self, role: Role, method: str, service: Service, path: str, body: Any = None, **query: str
    ) -> httpx.Response:
        return self._client.request(
            method,
            self.urls[service] + path,
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {self.token(role)}"},
        )

    def anonymous(self, method: str, service: Service, path: str) -> httpx.Response:
        """A request without a token and without a body."""
        return self._client.request(method, self.urls[service] + path)

    def get(self, service: Service, path: str, role: Role = Role.ADMIN, **query: str) -> Any:
        return self.request(role, "GET", service, path, **query).raise_for_status().json()

    def post(self, service: Service, path: str, body: Any = None, role: Role = Role.ADMIN) -> Any:
        answer = self.request(role, "POST", service, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    def token(self, role: Role) -> str:
        if role not in self._tokens:
            url = self.urls[Service.ORCHESTRATION] + "/api/auth/token"
            self._tokens[role] = (
                self._client.post(url, json=self._accounts[role]).raise_for_status().json()["access_token"]
            )
        return self._tokens[role]

    def deliver(self, service: Service, *events: dict[str, Any]) -> dict[str, Any]:
        return self.post(service, "/api/events", {"events": list(events)})

    def move_clock(self, seconds: float) -> None:
        self._offset += seconds
        for service in (Service.ESCALATION, Service.DASHBOARD, Service.DECISION, Service.ORCHESTRATION):
            body = {"offset_seconds": self._offset}
            self.request(Role.ADMIN, "PUT", service, "/api/clock", body).raise_for_status()

    def keeper(self, do: str, service: Service) -> None:
        """Have the keeper ``kill`` (SIGKILL), ``stop`` or ``start`` a service."""
        folder = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(40)
                connection.connect(f"/proc/self/fd/{folder}/control")
                connection.sendall(json.dumps({"do": do, "service": service}).encode() + b"\n")
                answer = json.loads(connection.makefile("rb").readline())
        finally:
            os.close(folder)
        assert answer.get("ok"), answer

    def crash(self, service: Service) -> None:
        """Kill a service with SIGKILL and start it again."""
        self.keeper("kill", service)
        self.keeper("start", service)


def eventually(look: Callable[[], T], enough: Callable[[T], bool], timeout: float = 15) -> T:
    """What ``look`` gives as soon as it is ``enough``; fails with the last thing seen."""
    deadline = time.monotonic() + timeout
    while not enough(seen := look()):
        assert time.monotonic() < deadline, f"not within {timeout} s; the last thing seen was {seen}"
        time.sleep(0.02)
    return seen


@contextmanager
def running_qms(directory: Path, variables: Mapping[str, str] | None = None) -> Iterator[RunningQms]:
    """Start a QMS in ``directory``. It ends when this does: the lock held here is gone then, even after SIGKILL."""
    directory.mkdir(parents=True)
    lock = os.open(directory / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    read, write = os.pipe()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "QMSLibrary.reference", "--directory", str(directory), "--own", "--users"),
            *("--grace", "0", "--ready-fd", str(write)),
        ],
        pass_fds=[write],
        env={**os.environ, **(variables or {})},
    )
    os.close(write)
    qms: RunningQms | None = None
    try:
        with os.fdopen(read) as ready:
            said = json.loads(ready.readline() or '{"error": "the keeper ended"}')
        assert "error" not in said, said["error"]
        qms = RunningQms(directory)
        yield qms
    finally:
        if qms is not None:
            qms.close()
        os.close(lock)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)
            raise
