"""Makes one result out of the outputs of many Robot processes, complete even when some did not come to an end."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from xml.parsers import expat

if TYPE_CHECKING:
    from datetime import datetime

    from robot.model import BodyItem
    from robot.result import Result, TestCase, TestSuite
    from robot.running import TestCase as PlannedTest
    from robot.running import TestSuite as PlannedSuite

NOT_STARTED: Final = "Robot did not start it."
"""How a reason begins when nobody stopped the run, and Robot ended all the same before it came to a test."""
_STOPPED: Final = ("Test execution stopped due to a fatal error.", "Execution terminated by signal")
_OF_THE_MACHINERY: Final = ("output", "robot_", "user_command_", "pabot_")


@dataclass(frozen=True, slots=True)
class Part:
    """What one pabot run was to do, and what it left."""

    planned: PlannedSuite
    outputs: list[Path]
    reason: str
    """Why what has not run, or not to its end, has not."""


def merge(name: str, source: Path, parts: Iterable[Part], metadata: Mapping[str, str]) -> Result:
    """One result with every planned test in it, in the order of the suites."""
    from robot.result import ExecutionResult, Result, TestSuite

    root = TestSuite(name=name, source=source, metadata=metadata)
    result = Result(suite=root, generator="qms run")
    for part in parts:
        top = _skeleton(part.planned)
        root.suites.append(top)
        for output in part.outputs:
            if (content := repaired(output)) is None:
                continue
            found = ExecutionResult(io.BytesIO(content))
            if found.suite.name == top.name:
                _take(top, found.suite)
                result.errors.messages.extend(found.errors.messages)
        _complete(top, part.planned, part.reason)
    _span(root, root.suites)
    return result


def repaired(output: Path) -> bytes | None:
    """The file's content, with what is open closed if its writer was killed; None if there is nothing in it."""
    try:
        content = output.read_bytes()
    except FileNotFoundError:
        return None
    # Robot writes > as &gt; in texts, so the last one ends a tag, and what follows it is half of something.
    content = content[: content.rfind(b">") + 1]
    is_open: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, _: is_open.append(tag)
    parser.EndElementHandler = lambda _: is_open.pop()
    try:
        parser.Parse(content, False)
    except expat.ExpatError:
        return None
    content += "".join(f"</{tag}>" for tag in reversed(is_open)).encode()
    return content if b"<suite" in content else None


def write(result: Result, folder: Path) -> int:
    """Write output.xml, log.html and report.html; Robot's exit code for the result.

    What is there under these names is whole, also when the writer is killed.
    """
    from robot.output import LOGGER
    from robot.reporting import ResultWriter

    LOGGER.unregister_console_logger()  # it would say where each file is; the caller does that
    folder.mkdir(parents=True, exist_ok=True)
    # Beside the folder and not in it, because the log's links to the suites are relative.
    draft = folder.with_name(f".{folder.name}.writing")
    draft.mkdir(exist_ok=True)
    names = ("output.xml", "log.html", "report.html")
    output, log, report = (str(draft / name) for name in names)
    ResultWriter(result).write_results(output=output, log=log, report=report)
    for name in names:
        (draft / name).replace(folder / name)
    shutil.rmtree(draft, ignore_errors=True)
    return int(result.return_code)


def collect(parts: Path, folder: Path) -> None:
    """Bring what suites wrote beside their outputs into the run's own folder, under the same names: links hold."""
    for file in sorted(parts.glob("*/*/pabot_results/**/*")):
        inside = Path(*file.relative_to(parts).parts[4:])
        if not file.is_file() or not inside.parts or inside.name.startswith(_OF_THE_MACHINERY):
            continue
        target = folder / inside
        if target.exists():
            target = folder / "-".join(file.relative_to(parts).parts[:4]) / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file, target)


def _skeleton(planned: PlannedSuite) -> TestSuite:
    from robot.result import TestSuite

    suite = TestSuite(name=planned.name, doc=planned.doc, metadata=planned.metadata, source=planned.source)
    for child in planned.suites:
        suite.suites.append(_skeleton(child))
    return suite


def _take(into: TestSuite, found: TestSuite) -> None:
    """Take over what ``found`` has. A folder's own setup runs in every process; the one that failed is to be seen."""
    if found.setup and (not into.setup or into.setup.passed):
        into.setup = found.setup
    if found.teardown and (not into.teardown or into.teardown.passed):
        into.teardown = found.teardown
    into.message = into.message or found.message
    into.doc = found.doc
    into.metadata.update(found.metadata)
    if into.tests and found.tests and into.start_time and found.start_time:
        # One suite that ran twice, each time a part of its tests: what ran between the two is not its own.
        into.elapsed_time += found.elapsed_time
        into.start_time = min(into.start_time, found.start_time)
    else:
        _span(into, [found])
    for test in list(found.tests):
        into.tests.append(test)
    for child in list(found.suites):
        mine = next((one for one in into.suites if one.name == child.name), None)
        if mine is None:
            into.suites.append(child)
        else:
            _take(mine, child)


def _span(suite: TestSuite, parts: Iterable[TestSuite | TestCase]) -> None:
    """Stretch the suite's time over that of ``parts``. What ran at the same time is not added up."""
    both = [suite, *parts]
    suite.start_time = min((one.start_time for one in both if one.start_time), default=None)
    suite.end_time = max((one.end_time for one in both if one.end_time), default=None)


def _complete(suite: TestSuite, planned: PlannedSuite, reason: str) -> None:
    # By line as well as by name, because a name may have variables in it, which Robot replaces when it runs the test.
    order = {key: number for number, test in enumerate(planned.tests) for key in (test.name, test.lineno)}
    seen = {key for test in suite.tests for key in (test.name, test.lineno)}
    for test in suite.tests:
        if test.failed and any(words in test.message for words in _STOPPED):
            test.message = f"{reason}\n\n{test.message}"
        elif test.failed and not test.message and test.start_time is None:
            # Robot writes verdict and start of a test together at its end; this one's Robot was killed before.
            test.message = _was_running(reason)
            test.start_time = _first_start(test)
    missing = [_not_run(test, reason) for test in planned.tests if seen.isdisjoint((test.name, test.lineno))]
    last = len(order)
    tests = sorted([*suite.tests, *missing], key=lambda test: order.get(test.name, order.get(test.lineno, last)))
    suite.tests.clear()
    for test in tests:
        suite.tests.append(test)
    for child in planned.suites:
        _complete(next(one for one in suite.suites if one.name == child.name), child, reason)
    # A Robot that was killed has not said when its suites began.
    _span(suite, [*suite.tests, *suite.suites])


def _was_running(reason: str) -> str:
    if reason.startswith(NOT_STARTED):
        reason = f"its Robot ended unexpectedly.{reason.removeprefix(NOT_STARTED)}"
    return f"It was running when {reason[:1].lower()}{reason[1:]}"


def _first_start(item: TestCase | BodyItem) -> datetime | None:
    """The start of the first keyword in it that has one, however deep: those that had not ended have none."""
    setup = [item.setup] if getattr(item, "has_setup", False) else []
    for child in (*setup, *getattr(item, "body", ())):
        if start := getattr(child, "start_time", None) or _first_start(child):
            return cast("datetime", start)
    return None


def _not_run(planned: PlannedTest, reason: str) -> TestCase:
    from robot.result import TestCase

    return TestCase(
        name=planned.name,
        doc=planned.doc,
        tags=list(planned.tags),
        lineno=planned.lineno,
        status="FAIL",
        message=f"Not run. {reason}",
    )
