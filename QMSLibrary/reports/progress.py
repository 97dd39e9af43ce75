"""How a run goes on: a Robot listener writes it down line by line, a reader follows."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from robot import result, running

FILE_VARIABLE: Final = "QMS_PROGRESS"


class Listener:
    """Appends a line when a test starts or ends. One short write each, so lines of several processes do not mix.

    Used as ``--listener QMSLibrary.reports.progress.Listener`` with the file's name in QMS_PROGRESS; without that it
    does nothing.
    """

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        path = os.environ.get(FILE_VARIABLE)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644) if path else None

    def start_test(self, data: running.TestCase, result: result.TestCase) -> None:
        """A test begins."""
        self._write({"test": data.full_name, "name": data.name})

    def end_test(self, data: running.TestCase, result: result.TestCase) -> None:
        """A test is over."""
        message = result.message.strip().split("\n", 1)[0][:300]
        seconds = round(result.elapsed_time.total_seconds(), 3)
        self._write(
            {"test": data.full_name, "name": data.name, "status": result.status, "message": message, "seconds": seconds}
        )

    def close(self) -> None:
        """Robot ends."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is not None:
            os.write(self._file, json.dumps(line).encode() + b"\n")


@dataclass(slots=True)
class Ended:
    """A test that is over."""

    test: str
    name: str
    status: str
    message: str
    seconds: float


@dataclass(slots=True)
class Progress:
    """How far one category has come."""

    category: str
    total: int
    path: Path
    """What the listeners write."""
    counts: dict[str, int] = field(default_factory=lambda: {"PASS": 0, "FAIL": 0, "SKIP": 0})
    running: dict[str, tuple[str, float]] = field(default_factory=dict)
    """The tests that run: name, and when it was first seen running."""
    begun: float | None = None
    over: bool = False
    _offset: int = 0

    @property
    def done(self) -> int:
        """Tests that are over."""
        return sum(self.counts.values())

    def read(self) -> list[Ended]:
        """Take in what has been written since; the tests that ended meanwhile."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except FileNotFoundError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        ended = []
        for line in whole.splitlines():
            entry = json.loads(line)
            if "status" in entry:
                self.running.pop(entry["test"], None)
                self.counts[entry["status"]] = self.counts.get(entry["status"], 0) + 1
                ended.append(Ended(**entry))
            else:
                self.running[entry["test"]] = (entry["name"], time.monotonic())
        return ended

    def remaining(self) -> float | None:
        """Seconds that are probably still needed, from the pace so far; None before the first test is over."""
        if self.begun is None or not self.done or self.over:
            return None
        elapsed = time.monotonic() - self.begun
        return elapsed / self.done * max(self.total - self.done, 0)
