"""Where a scenario plays: Robot's log, its variables, and the library's keywords.

Every call is a keyword of its own in log.html, every structure a GROUP, as if somebody had written them into a test.
Robot has no public way to open a group from a library, so this file uses the same objects that its own GROUP does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from robot.errors import ExecutionFailed, ExecutionStatus
from robot.running import Keyword
from robot.running.context import EXECUTION_CONTEXTS
from robot.running.model import Group
from robot.running.statusreporter import StatusReporter

from .calls import Call


class Stage(Protocol):
    """What the runner needs of the place where it runs."""

    def call(self, call: Call) -> Any:
        """Run a keyword and return what it returns. Raises robot.errors.ExecutionFailed when it fails."""

    def group(self, title: str) -> Any:
        """A context in which everything is shown under a title."""

    def set(self, name: str, value: Any) -> None:
        """Set a variable of the scenario."""

    def text(self, text: str) -> Any:
        """``text`` with its variables replaced; a variable alone gives its value."""

    def knows(self, name: str) -> bool:
        """Whether there is such a variable."""

    def cleaning_up(self, message: str) -> Any:
        """A context that no time limit of the test reaches any more."""


class RobotStage:
    """The stage in a running Robot process."""

    def __init__(self, library: str) -> None:
        """``library`` is the name under which the suite has imported the library."""
        self._library = library
        self._context = EXECUTION_CONTEXTS.current

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Variables of one's own, as a keyword made of keywords has them.

        Meanwhile time limits of the test end a scenario between two keywords and not inside the log's bookkeeping.
        """
        context = self._context
        with context.paused_timeouts:
            context.variables.start_keyword()
            try:
                yield
            finally:
                context.variables.end_keyword()

    def call(self, call: Call) -> Any:
        """Run a keyword below the one that is running."""
        data, result, _ = self._context.steps[-1]
        name = call.keyword if "." in call.keyword else f"{self._library}.{call.keyword}"
        assign = (call.assign,) if call.assign else ()
        return Keyword(name, args=call.arguments, assign=assign, parent=data, lineno=data.lineno).run(
            result, self._context
        )

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """A GROUP below what is running; with its verdict and duration in the log."""
        data, result, _ = self._context.steps[-1]
        group = Group(title, parent=data, lineno=data.lineno)
        with StatusReporter(group, result.body.create_group(title), self._context):
            yield

    def set(self, name: str, value: Any) -> None:
        """Set a variable that ends with the scenario."""
        self._context.variables.set_local(f"${{{name}}}", value)

    def text(self, text: str) -> Any:
        """Replace the variables."""
        return self._context.variables.replace_scalar(text)

    def knows(self, name: str) -> bool:
        """Whether the suite, the test or the scenario has it."""
        return name in self._context.variables

    @contextmanager
    def cleaning_up(self, message: str) -> Iterator[None]:
        """As a keyword's teardown."""
        with self._context.keyword_teardown(message):
            yield


def ends_everything(error: ExecutionStatus) -> bool:
    """Whether no further part may be done: the test is skipped, its time is up, or it is not even Robot's syntax."""
    return bool(not isinstance(error, ExecutionFailed) or error.skip or error.dont_continue)
