"""Runs a command, and ends all that came of it when whoever started this is gone.

Standard library only, run as a script: ``python guard.py [--remove FOLDER] COMMAND…`` with a pipe as standard input.

- The other end of the pipe is held by the runner alone. When it closes (the runner has ended, even by SIGKILL),
  everything below the command is told to end, and killed two seconds later; the command itself is killed when nothing
  is left below it.
- A ``t`` on the pipe asks the Robot processes to stop gracefully: each writes what it has.
- When the command has ended by itself, what it left behind is ended too, and its exit code is this one's.
- In the end ``FOLDER`` is removed, with what the processes have left in it.

A process group would not do: pabot puts each Robot in a session of its own. So this process has itself made the parent
of orphans (PR_SET_CHILD_SUBREAPER) and can find all its descendants, whatever died in between. Keepers of environments
are left alone: they end with their users, and others may be using them.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

GRACE: Final = 2.0
"""Seconds between being told to end and being killed."""
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_KEEPER: Final = b"\0-m\0QMSLibrary.reference\0"
_WORKER: Final = os.fsencode(Path(__file__).with_name("worker.py"))


def main(command: list[str], remove: str | None = None) -> int:
    """Run ``command``, then remove a folder; its exit code, or 128 + the signal that ended it."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    own_pid = os.getpid()

    def die_with_guard() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != own_pid:
            os._exit(1)

    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_guard)
    code: int | None = None
    open_pipe = True
    while code is None and open_pipe:
        for ready in select.select([0, wake_read], [], [])[0]:
            if ready == 0:
                told = os.read(0, 64)
                open_pipe = bool(told)
                if told:
                    _send(_robots(), signal.SIGTERM)
            else:
                received = os.read(wake_read, 64)
                code = _reap(child.pid)
                if code is None and set(received) & {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}:
                    open_pipe = False
    _end_all(child.pid)
    if remove is not None:
        shutil.rmtree(remove, ignore_errors=True)
    if code is None:
        return 128 + signal.SIGTERM
    return code if code >= 0 else 128 - code


def _reap(child: int) -> int | None:
    """Collect whatever has ended; the exit code of ``child`` if it is among it."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)


def _end_all(child: int) -> None:
    # The command is held still meanwhile: it starts nothing any more, and the pipes into which its Robots speak do not
    # break, which would fail the tests they are about to stop.
    _send([child] if child in _descendants() else [], signal.SIGSTOP)
    _send([pid for pid in _descendants() if pid != child], signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while True:
        _reap(child)
        left = _descendants()
        if not left:
            return
        if left == [child] or time.monotonic() > deadline:
            _send(left, signal.SIGKILL)
        time.sleep(0.02)


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _robots() -> list[int]:
    # The third word: pabot's own command line names the worker too, further back.
    return [pid for pid in _descendants() if _command(pid).split(b"\0")[2:3] == [_WORKER]]


def _descendants() -> list[int]:
    """All processes below this one, without keepers and what is below them."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                # The name, in parentheses, may hold anything; what follows it does not.
                fields = Path(f"/proc/{entry}/stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue
            if fields and fields[0] != b"Z":
                children.setdefault(int(fields[1]), []).append(int(entry))
    found: list[int] = []
    queue = list(children.get(os.getpid(), ()))
    while queue:
        pid = queue.pop()
        if _KEEPER in _command(pid):
            continue
        found.append(pid)
        queue += children.get(pid, ())
    return found


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(words[2:], words[1]) if words[:1] == ["--remove"] else main(words))
