"""The end of a run: one report of all parts, results/latest, and the last lines that the user sees."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from QMSLibrary.formats.counts import counted

if TYPE_CHECKING:
    from robot.result import Result

    from QMSLibrary.reports.merge import Part
    from QMSLibrary.reports.plan import Plan

UNFINISHED: Final = "unfinished.txt"
_TEXT: Final = """\
This run has not finished: `qms run` (process {runner}) is still at work, or it was killed.

If it was killed, this makes the report of what had run until then:

    qms report {folder}
"""
_MOST_FAILURES: Final = 10


def begin(plan: Plan, folder: Path) -> None:
    """Write down what is to be done, so that others can finish it."""
    plan.save(folder / "parts")
    (folder / UNFINISHED).write_text(_TEXT.format(runner=plan.runner, folder=folder), encoding="utf-8")


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Hold the lock of whoever is at work on a run, if it is free; whether it was."""
    from QMSLibrary.environments.home import try_lock

    descriptor = os.open(folder / UNFINISHED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield try_lock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def finish(
    plan: Plan,
    parts: Iterable[Part],
    folder: Path,
    *,
    metadata: Mapping[str, str] | None = None,
    metrics: bool = True,
) -> tuple[Result, int]:
    """Write the report of a run into its folder and remove its parts; the result and Robot's exit code for it.

    ``metrics`` is for those who have a second for it.
    """
    from QMSLibrary.reports import merge
    from QMSLibrary.reports.metrics import write_metrics

    from . import console

    result = merge.merge(plan.name, plan.source, parts, {**plan.metadata, **(metadata or {})})
    merge.collect(folder / "parts", folder)
    code = merge.write(result, folder)
    if metrics and (trouble := write_metrics(folder / "output.xml", folder / "metrics.html")):
        console.error(f"Warning: there is no metrics.html: {trouble}")
    _point_latest(folder)
    shutil.rmtree(folder / "parts", ignore_errors=True)
    (folder / UNFINISHED).unlink(missing_ok=True)
    return result, code


def copy_logs(logs: Path, folder: Path) -> None:
    """Bring the services' logs into the run's folder."""
    with suppress(OSError, shutil.Error):
        shutil.copytree(logs, folder / "services", dirs_exist_ok=True)


def summarise(result: Result, folder: Path, seconds: float) -> None:
    """Say how it went, with the first failures."""
    from . import console

    failed = [test for test in result.suite.all_tests if test.failed]
    for test in failed[:_MOST_FAILURES]:
        console.say(f"{console.paint('FAIL', 'red')}  {test.full_name}")
        for line in [line for line in test.message.splitlines() if line.strip()][:3]:
            console.say(f"      {line}")
    if len(failed) > _MOST_FAILURES:
        console.say(f"      and {len(failed) - _MOST_FAILURES} more; the report has them all")
    total = result.statistics.total
    words = f"{counted(total.total, 'test')}: {total.passed} passed, {total.failed} failed, {total.skipped} skipped"
    took = str(timedelta(seconds=round(seconds, 1)))[:9]
    console.say(f"{console.paint(words, 'red' if total.failed else 'green')} in {took}")
    console.say(f"Report: {shown(folder / 'report.html')}")


def shown(path: Path) -> str:
    """A path as short as it can be given from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _point_latest(folder: Path) -> None:
    """Move results/latest in one step, so that whoever looks finds the old one or the new one."""
    from . import console

    latest = folder.with_name("latest")
    draft = latest.with_name(f".latest-{folder.name}")
    try:
        draft.symlink_to(folder.name)
        os.replace(draft, latest)
    except OSError as error:
        draft.unlink(missing_ok=True)
        console.error(f"Warning: {latest} cannot be made to point to this run: {error.strerror}.")
