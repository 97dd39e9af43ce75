"""The journal: append, read, query."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .entries import Act, Entry, Observation, Outcome, from_json, time_of, to_json

REMEMBERED_OBSERVATIONS: Final = 50_000
"""Events kept in memory; the file keeps them all."""


class Journal:
    """The one account of what this process did and saw, in memory and in a file.

    Each entry is one line, handed to the kernel in one unbuffered write, so that a process that is killed loses nothing
    that it had written and at most cuts its last line. Safe across threads.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.test: str | None = None
        """The Robot test that is running; stamped on every entry."""
        self._acts: list[Act] = []
        self._observations: deque[Observation] = deque(maxlen=REMEMBERED_OBSERVATIONS)
        self._lock = threading.Lock()
        self._path = path
        self._file: int | None = None
        self._trouble: str | None = None

    @property
    def path(self) -> Path | None:
        """Where it is written; None when it is kept in memory alone."""
        return self._path

    @property
    def trouble(self) -> str | None:
        """Why the file could not be written, if so. The entries in memory are complete all the same."""
        return self._trouble

    def write_to(self, path: Path) -> None:
        """Keep it in a file from now on; what was noted before is written there first."""
        with self._lock:
            if self._file is not None:
                return
            self._path = path
            noted: list[Entry] = [*self._acts, *self._observations]
            for entry in sorted(noted, key=time_of):
                self._write(entry)

    def append(self, entry: Entry) -> None:
        """Add an entry. Never fails because of the file: a full disk must not fail a test of something else."""
        with self._lock:
            if isinstance(entry, Act):
                self._acts.append(entry)
            else:
                self._observations.append(entry)
            if self._path is not None:
                self._write(entry)

    def _write(self, entry: Entry) -> None:
        assert self._path is not None
        line = json.dumps(to_json(entry), ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            os.write(self._file, line.encode())
        except OSError as error:
            self._trouble = f"The history cannot be written to {self._path}: {error.strerror}."

    def acts(
        self,
        *,
        workflow: str | None = None,
        action: str | None = None,
        role: str | None = None,
        outcome: Outcome | None = None,
        test: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Act]:
        """Acts that meet all the conditions, in the order in which they were written; times compare when sent."""
        with self._lock:
            known = list(self._acts)
        return [
            act
            for act in known
            if (workflow is None or act.workflow_id == workflow)
            and (action is None or act.action == action)
            and (role is None or act.role == role)
            and (outcome is None or act.outcome is outcome)
            and (test is None or act.test == test)
            and (since is None or act.sent >= since)
            and (until is None or act.sent <= until)
        ]

    def observations(
        self, *, workflow: str | None = None, type: str | None = None, since: datetime | None = None
    ) -> list[Observation]:
        """Events seen that meet all the conditions, in the order in which they came."""
        with self._lock:
            known = list(self._observations)
        return [
            one
            for one in known
            if (workflow is None or one.workflow_id == workflow)
            and (type is None or one.type == type)
            and (since is None or one.received >= since)
        ]

    def close(self) -> None:
        """Give the file back. What is in memory stays readable."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            self._path = None


def file_name() -> str:
    """A name for this process's file that no other process of any run has."""
    return f"history-{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}.jsonl"


def read(path: Path) -> Iterator[Entry]:
    """The entries of a journal's file, or of all files in a folder ordered by time.

    A last line without an end is what a killed process leaves, and is passed over. Raises ValueError, naming file
    and line, for anything else that is no entry.
    """
    if path.is_dir():
        every = [entry for file in sorted(path.glob("history-*.jsonl")) for entry in read(file)]
        yield from sorted(every, key=time_of)
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                entry = from_json(json.loads(line))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            yield entry


def acts_in(entries: Iterable[Entry]) -> list[Act]:
    """Only the acts."""
    return [entry for entry in entries if isinstance(entry, Act)]
