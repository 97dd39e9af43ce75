"""Runs categories one after the other, each with pabot, and sees to it that they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from QMSLibrary.reports import plan
from QMSLibrary.reports.live import Display
from QMSLibrary.reports.merge import NOT_STARTED, Part
from QMSLibrary.reports.progress import FILE_VARIABLE, Ended, Progress

from .categories import ALONE, Category, and_tag
from .worker import FOLDER_VARIABLE

if TYPE_CHECKING:
    from robot.running import TestSuite

_HERE: Final = Path(__file__).parent
_PYTHON: Final = Path(sys.executable)
_LOOK_EVERY: Final = 0.1
"""Seconds between two looks at the progress."""
_GRACE: Final = 10.0
"""Seconds that tests have for their teardowns when they are stopped."""


@dataclass(frozen=True, slots=True)
class Work:
    """A category and the tests of it that are wanted."""

    category: Category
    planned: TestSuite


class Runner:
    """One run. It can be stopped at any moment by SIGINT, SIGTERM or SIGHUP; the second one is less patient."""

    def __init__(
        self,
        works: Sequence[Work],
        parts: Path,
        display: Display,
        *,
        processes: int | None,
        include: Sequence[str],
        exclude: Sequence[str],
        variables: Mapping[str, str],
        held_by_guards: int,
    ) -> None:
        self.works = works
        self.stopped_by: str | None = None
        """The signal that stopped the run."""
        self._parts = parts
        self._display = display
        self._processes = processes
        self._include = list(include)
        self._exclude = list(exclude)
        self._variables = dict(variables)
        self._held_by_guards = held_by_guards
        self._progress = [
            Progress(work.category.name, work.planned.test_count, parts / work.category.name / "progress.jsonl")
            for work in works
        ]
        self._guard: subprocess.Popen[bytes] | None = None
        self._give_up_at: float | None = None

    def run(self) -> list[Part]:
        """Run everything; what each category left."""
        before = {
            number: signal.signal(number, self._told) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            return [self._run(work, progress) for work, progress in zip(self.works, self._progress, strict=True)]
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self, work: Work, progress: Progress) -> Part:
        folder = self._parts / work.category.name
        folder.mkdir(parents=True)
        if self.stopped_by:
            return Part(work.planned, [], self._stop_reason())
        limit = work.category.limits.time
        deadline = time.monotonic() + limit.total_seconds()
        out_of_time = False
        progress.begun = time.monotonic()
        for name, workers, options in self._passes(work):
            if self.stopped_by or out_of_time:
                break
            self._give_up_at = None
            self._guard = self._start(work, folder, name, workers, options)
            self._show(progress)
            while self._wait(_LOOK_EVERY) is None:
                self._show(progress)
                if not out_of_time and not self.stopped_by and time.monotonic() > deadline:
                    out_of_time = True
                    self._display.note(f"{work.category.name} has used up its time ({limit}); its tests are stopped.")
                    self._stop_robots()
                if self._give_up_at is not None and time.monotonic() > self._give_up_at:
                    self._end_guard()
            self._end_guard()
        progress.over = True
        progress.running.clear()
        self._show(progress)
        if self.stopped_by:
            reason = self._stop_reason()
        elif out_of_time:
            reason = f"The category {work.category.name} used up its time limit of {limit} (h:mm:ss)."
        else:
            reason = _why_missing(folder)
        plan.done(folder, reason)
        return Part(work.planned, plan.outputs_of(folder), reason)

    def _passes(self, work: Work) -> list[tuple[str, int, list[str]]]:
        """The times that pabot runs for a category: name, workers, what is chosen. What measures comes last, alone."""
        workers = self._processes or work.category.limits.workers
        chosen = [f"--include={pattern}" for pattern in self._include]
        excluded = [f"--exclude={pattern}" for pattern in self._exclude]
        alone = sum(ALONE in test.tags for test in work.planned.all_tests)
        passes = []
        if alone < work.planned.test_count:
            passes.append(("together", workers, [*chosen, *excluded, *([f"--exclude={ALONE}"] if alone else [])]))
        if alone:
            only = [f"--include={and_tag(pattern, ALONE)}" for pattern in self._include] or [f"--include={ALONE}"]
            passes.append(("alone", 1, [*only, *excluded]))
        return passes

    def _start(self, work: Work, folder: Path, name: str, workers: int, options: list[str]) -> subprocess.Popen[bytes]:
        command = [
            sys.executable, "-P", str(_HERE.parent / "environments" / "guard.py"),
            sys.executable, "-m", "pabot.pabot",
            "--command", _PYTHON.name, "-P", "-m", "QMSLibrary.cli.worker", "--end-command",
            # The QMS is no resource to be handed out by pabot, and each Robot process costs its imports: share them.
            "--no-pabotlib", "--chunk", "--processes", str(workers),
            "--no-rebot", "--pabotconsole", "none", "--outputdir", str(folder / name),
            "--listener", "QMSLibrary.reports.progress.Listener",
            *options,
            str(work.category.folder),
        ]  # fmt: skip
        package_root = str(_HERE.parents[1])
        variables = {**os.environ, **self._variables, FILE_VARIABLE: str(folder / "progress.jsonl")}
        variables[FOLDER_VARIABLE] = str(Path.cwd())
        for name, first in (("PYTHONPATH", package_root), ("PATH", str(_PYTHON.parent))):
            variables[name] = os.pathsep.join(filter(None, [first, variables.get(name)]))
        with (folder / "pabot.log").open("ab") as log:
            # pabot leaves .pabotsuitenames where it is started. A session of its own, so that a Ctrl-C reaches only us:
            # we know better than pabot how to stop (it would run everything again, dry, over what has been written).
            return subprocess.Popen(
                command,
                cwd=folder,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[self._held_by_guards],
                start_new_session=True,
            )

    def _wait(self, seconds: float) -> int | None:
        assert self._guard is not None
        try:
            return self._guard.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _show(self, current: Progress) -> None:
        ended: list[tuple[Progress, Ended]] = [(current, one) for one in current.read()]
        self._display.show(self._progress, ended)

    # --- stopping

    def _told(self, number: int, frame: FrameType | None) -> None:
        if self.stopped_by is None:
            self.stopped_by = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
            self._stop_robots()
        else:
            self._end_guard()

    def _stop_robots(self) -> None:
        self._give_up_at = time.monotonic() + _GRACE
        if self._guard is not None and self._guard.stdin is not None and not self._guard.stdin.closed:
            self._tell(lambda pipe: os.write(pipe, b"t"))

    def _end_guard(self) -> None:
        """Let go of the pipe: the guard then ends whatever is left."""
        if self._guard is not None and self._guard.stdin is not None and not self._guard.stdin.closed:
            self._tell(os.close)
            # Closed by its number above, in a way that is safe in a signal handler; the object is only told so.
            self._guard.stdin = None

    def _tell(self, act: Callable[[int], Any]) -> None:
        assert self._guard is not None
        assert self._guard.stdin is not None
        try:
            act(self._guard.stdin.fileno())
        except (BrokenPipeError, ValueError):
            return  # the guard has ended already

    def _stop_reason(self) -> str:
        return f"The run was stopped by {self.stopped_by}."


def _why_missing(folder: Path) -> str:
    """The last words of Robot or pabot, for tests that were to run and have not."""
    for file in [*sorted(folder.glob("*/pabot_results/**/*_stderr.out")), folder / "pabot.log"]:
        lines = file.read_text(encoding="utf-8", errors="replace").strip().splitlines() if file.exists() else []
        if lines:
            return "\n".join([NOT_STARTED, *lines[-8:]])
    return NOT_STARTED
