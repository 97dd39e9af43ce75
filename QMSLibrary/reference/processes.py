"""One service as a forked process that cannot outlive the one who forked it."""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_TAIL_LINES: Final = 12
_HEALTH_PATIENCE: Final = 20.0


class ServiceStartError(Exception):
    """A service did not come up. The message has the end of its log."""


def die_with(parent: int, sent: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send ``sent`` to this process when ``parent`` is gone; end at once if it already is."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def set_title(title: str) -> None:
    """Set the name that ``ps`` and ``top`` show (15 characters of it)."""
    _LIBC.prctl(_PR_SET_NAME, title.encode()[:15], 0, 0, 0)


class Child:
    """A service's process, its port and its log.

    The port is held by a socket that never listens, so that it stays ours while the service is dead and callers are
    refused at once. Each start gets a listening socket of its own beside it (SO_REUSEPORT), which dies with the
    process.
    """

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self.pid: int | None = None
        self.exit_code: int | None = None
        """Of the last process that ended; negative for a signal, None if none has."""
        self._asked: http.client.HTTPConnection | None = None
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]

    @property
    def alive(self) -> bool:
        """Whether there is a process now."""
        return self.pid is not None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, serve: Callable[[socket.socket], object], leave: Callable[[], None]) -> None:
        """Fork a process that calls ``serve`` with a listening socket; ``leave`` closes what is the parent's alone."""
        listener = _bound(self.port)
        # Listening before the fork: a caller that comes too early waits a moment instead of being refused.
        listener.listen(1024)
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._run(serve, listener, leave, parent)
        listener.close()
        self.pid = pid

    def _run(
        self, serve: Callable[[socket.socket], object], listener: socket.socket, leave: Callable[[], None], parent: int
    ) -> NoReturn:
        code = 1
        try:
            die_with(parent)
            set_title(f"qms {self.name}")
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            leave()
            serve(listener)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # Not sys.exit: the parent's clean-up is not this process's to do.
            os._exit(code)

    def reap(self) -> bool:
        """Collect the process if it has ended; whether it had."""
        if self.pid is None:
            return False
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        self.exit_code = os.waitstatus_to_exitcode(status)
        self.pid = None
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if there is a process."""
        if self.pid is not None:
            os.kill(self.pid, number)

    def wait_ended(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds for the process to end; whether it did."""
        deadline = time.monotonic() + timeout
        while self.pid is not None and not self.reap():
            if time.monotonic() > deadline:
                return False
            # pidfd_open would save these few wake-ups, but not every sandbox allows it.
            time.sleep(0.005)
        return True

    def ask_health(self) -> None:
        """Ask already, so that several services can work on their answers at the same time."""
        self._asked = self._connect(_HEALTH_PATIENCE)
        try:
            self._asked.request("GET", "/health")
        except OSError:
            self._asked = None  # `wait_healthy` asks again, and says what is wrong

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=min(timeout, _HEALTH_PATIENCE))

    def wait_healthy(self, timeout: float, *, alone: bool = False) -> None:
        """Wait until ``/health`` says healthy. Raises ServiceStartError with the end of the log.

        ``alone`` leaves out whether the other services can be reached: they may be down on purpose.
        """
        from .kernel.peers import SHALLOW_HEADER  # not earlier: the keeper reports ready for work before it loads that

        headers = {SHALLOW_HEADER: "1"} if alone else {}
        deadline = time.monotonic() + timeout
        seen = "no answer"
        while (remaining := deadline - time.monotonic()) > 0:
            connection = self._asked or self._connect(remaining)
            self._asked = None
            try:
                if connection.sock is None:
                    connection.request("GET", "/health", headers=headers)
                answer = connection.getresponse()
                body = answer.read(65536).decode(errors="replace")
                if answer.status == 200 and json.loads(body)["status"] == "healthy":
                    return
                seen = f"status {answer.status}: {body[:300]}"
            except (OSError, ValueError, LookupError, http.client.HTTPException) as error:
                seen = str(error) or type(error).__name__
            finally:
                connection.close()
            self.reap()
            if not self.alive:
                raise ServiceStartError(
                    f"The {self.name} service ended with {_ending(self.exit_code)} before it was healthy.{self.tail()}"
                )
            time.sleep(0.01)
        raise ServiceStartError(f"The {self.name} service was not healthy within {timeout:g} s ({seen}).{self.tail()}")

    def tail(self) -> str:
        """The last lines of its log, for a message."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
        except OSError:
            lines = []
        if not lines:
            return " Its log is empty."
        return "\nThe end of its log:\n" + "\n".join(f"    {line}" for line in lines)

    def close(self) -> None:
        """Give the port back."""
        self._place.close()


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # REUSEADDR: connections of a killed predecessor in TIME_WAIT must not keep the port from its successor.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
