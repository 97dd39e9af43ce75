"""``qms run``: Run suites in parallel, on an environment held for them, and write one report."""

from __future__ import annotations

import argparse
import os
import random
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from QMSLibrary.formats.counts import counted

from . import WRONG_USAGE

if TYPE_CHECKING:
    from QMSLibrary.environments.base import Environment
    from QMSLibrary.environments.embedded import EmbeddedEnvironment

    from .categories import Category
    from .runner import Work

NAME: Final = "run"
EXAMPLES: Final = """\
examples:
  qms run                                        every suite
  qms run end_to_end data_flow                   these categories (folders of suites/)
  qms run --include id:E2E-* --exclude load      by tag; Robot's patterns (`id:FLOW-0?`, `securityANDcompliance`)
  qms run --environment staging                  on the QMS described in variables/staging.yaml
  qms run --processes 2 --results /tmp/results

Each run has a folder of its own in results/; results/latest is the one whose report was made last, so not
one that is still at work or was killed before its report was made (its folder has an unfinished.txt). Passwords are
taken from the environment variables that the environment's file names; do not give secrets as arguments.

exit codes: 0 all passed, 1-249 so many tests failed, 250 that many or more, 252 nothing ran because what was asked for
cannot be done, 253 stopped by Ctrl-C or a signal (what had run is in the report).
"""


class _UsageError(Exception):
    """What was asked for cannot be done; the message lists the choices."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("categories", nargs="*", metavar="CATEGORY", help="folders of suites/ (default: all)")
    parser.add_argument("--environment", "-e", default="embedded", metavar="NAME", help="default: embedded")
    parser.add_argument("--processes", "-p", type=_positive, metavar="N", help="Robot processes at once")
    parser.add_argument("--include", "-i", action="append", default=[], metavar="TAG", help="only tests with this tag")
    parser.add_argument("--exclude", "-x", action="append", default=[], metavar="TAG", help="no tests with this tag")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    parser.add_argument("--seed", type=int, metavar="N", help="repeat a run's random data (default: a new one)")
    parser.add_argument("--suites", type=Path, metavar="DIR", help="where the categories are (default: suites)")


def run(options: argparse.Namespace) -> int:
    """Robot's exit code."""
    from QMSLibrary.environments import EnvironmentUseError, use

    from . import console
    from .categories import NoSuitesError, find_categories, find_suites

    begun = time.monotonic()
    try:
        suites = find_suites(options.suites)
        chosen = [category.name for category in find_categories(suites, options.categories)]
        works = _plan(find_categories(suites, []), chosen, options.include, options.exclude)
    except (NoSuitesError, _UsageError) as error:
        console.error(str(error))
        return WRONG_USAGE
    seed = random.randrange(2**32) if options.seed is None else options.seed
    try:
        environment = use(options.environment)
    except EnvironmentUseError as error:
        console.error(str(error))
        return WRONG_USAGE
    with environment:
        # Only now: of a run that was stopped or killed while the environment started nothing is left.
        try:
            folder = _new_folder(options.results)
        except _UsageError as error:
            console.error(str(error))
            return WRONG_USAGE
        return _run_on(environment, options, suites, works, folder, seed, begun)


def _run_on(
    environment: Environment,
    options: argparse.Namespace,
    suites: Path,
    works: Sequence[Work],
    folder: Path,
    seed: int,
    begun: float,
) -> int:
    from QMSLibrary.environments.embedded import EmbeddedEnvironment
    from QMSLibrary.reports.live import display
    from QMSLibrary.reports.plan import Plan

    from . import console, finish
    from .heir import Heir
    from .runner import Runner

    count = sum(work.planned.test_count for work in works)
    console.say(
        f"{counted(count, 'test')} in {', '.join(work.category.name for work in works)} on {environment.name}, "
        f"seed {seed}"
    )
    metadata = {
        "Environment": environment.name
        if environment.name == environment.kind
        else f"{environment.name} ({environment.kind})",
        "Repeat": _command(options, works, seed),
    }
    embedded = environment if isinstance(environment, EmbeddedEnvironment) else None
    plan = Plan(
        name=_name_of(suites),
        source=suites,
        planned={work.category.name: work.planned for work in works},
        metadata=metadata,
        logs=embedded.directory / "logs" if embedded else None,
        runner=os.getpid(),
    )
    finish.begin(plan, folder)
    with finish.alone(folder):
        heir = Heir(folder)
        show = display(colors=console.colors())
        runner = Runner(
            works,
            folder / "parts",
            show,
            processes=options.processes,
            include=options.include,
            exclude=options.exclude,
            variables={
                "QMS_ENVIRONMENT": _absolute(options.environment),
                "QMS_HISTORY_DIR": str(folder / "history"),
                "QMS_SEED": str(seed),
            },
            held_by_guards=heir.guards,
        )
        try:
            left = runner.run()
        finally:
            show.close()
        ended = _take_logs(embedded, folder) if embedded else {}
        result, code = finish.finish(plan, left, folder, metadata=ended)
        heir.dismiss()
    finish.summarise(result, folder, time.monotonic() - begun)
    if runner.stopped_by:
        console.say(f"Stopped by {runner.stopped_by}.")
        return 253
    return code


def _take_logs(environment: EmbeddedEnvironment, folder: Path) -> dict[str, str]:
    """Bring its services' logs into the run's folder; what the report must say of the environment, if it has ended."""
    from . import console, finish

    died = environment.why_ended()
    finish.copy_logs(environment.died_place if died else environment.directory / "logs", folder)
    if not died:
        return {}
    console.error(f"Warning: {died}\nThis run has a copy of the logs in {finish.shown(folder / 'services')}.")
    return {
        "Environment ended": f"{died}\nSuites of this run that started after that ran on another environment. "
        "A copy of the logs is in services, beside this report."
    }


def _positive(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return number


def _plan(categories: Sequence[Category], chosen: list[str], include: list[str], exclude: list[str]) -> list[Work]:
    """The tests of each chosen category.

    Raises _UsageError with the tags there are when a pattern fits none in any category: a pipeline may use the same
    options for all of them.
    """
    from robot.errors import DataError
    from robot.model import TagPatterns
    from robot.running import TestSuite

    from .runner import Work

    works = []
    tags: set[str] = set()
    for category in categories:
        try:
            planned = TestSuite.from_file_system(category.folder, allow_empty_suite=True)
        except DataError as error:
            if category.name not in chosen:
                continue
            raise _UsageError(f"The suites in {category.folder} cannot be read: {error.message}") from None
        works.append(Work(category, planned))
        tags |= {str(tag) for test in planned.all_tests for tag in test.tags}
    for pattern in (*include, *exclude):
        if not any(TagPatterns([pattern]).match([tag]) for tag in tags) and not _combined(pattern, works):
            there = f"There are: {', '.join(sorted(tags))}." if tags else "No test has any tag."
            raise _UsageError(f"No test has the tag {pattern!r}. {there}")
    works = [work for name in chosen for work in works if work.category.name == name]
    if not any(work.planned.test_count for work in works):
        raise _UsageError(f"There are no tests in {', '.join(chosen)}.")
    for work in works:
        work.planned.filter(included_tags=include or None, excluded_tags=exclude or None)
    works = [work for work in works if work.planned.test_count]
    if not works:
        raise _UsageError(f"No test in {', '.join(chosen)} has the tags that were asked for together.")
    return works


def _combined(pattern: str, works: Sequence[Work]) -> bool:
    """A pattern such as `fastANDsmoke` fits no single tag, but may fit a test."""
    from robot.model import TagPatterns

    wanted = TagPatterns([pattern])
    return any(wanted.match(test.tags) for work in works for test in work.planned.all_tests)


def _new_folder(results: Path) -> Path:
    folder = results.absolute() / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise _UsageError(f"The results cannot be written to {folder}: {error.strerror}.") from None
    return folder


def _absolute(environment: str) -> str:
    path = Path(environment)
    return str(path.absolute()) if path.is_file() else environment


def _command(options: argparse.Namespace, works: Sequence[Work], seed: int) -> str:
    """The command that runs the same again."""
    import shlex

    words = ["qms", "run", *(work.category.name for work in works), "--seed", str(seed)]
    if options.environment != "embedded":
        words += ["--environment", options.environment]
    if options.suites is not None:
        words += ["--suites", str(options.suites)]
    for name, patterns in (("--include", options.include), ("--exclude", options.exclude)):
        for pattern in patterns:
            words += [name, pattern]
    return shlex.join(words)


def _name_of(suites: Path) -> str:
    from robot.running import TestSuite

    return str(TestSuite.name_from_source(suites))
