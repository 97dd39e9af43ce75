"""Tells the session when a suite or a test begins and ends."""

from __future__ import annotations

from typing import Any, Final

from robot.running.context import EXECUTION_CONTEXTS
from robot.variables import contains_variable

from .rows import name_rows
from .session import Session

RUN_SCENARIO: Final = ("QMSLibrary", "Run Scenario")


def _trouble(arguments: list[str]) -> str:
    """What is wrong with the scenario and its overrides, as far as it can be known while no variable has a value."""
    from QMSLibrary.scenarios import ScenarioError
    from QMSLibrary.scenarios.loading import load

    name, *rest = arguments or [""]
    if contains_variable(name):
        return ""
    given = dict(one.split("=", 1) for one in rest if "=" in one)
    try:
        load(name, {option: value for option, value in given.items() if not contains_variable(value)})
    except ScenarioError as error:
        return str(error)
    return ""


class ScopeListener:
    """Robot's listener, version 3: what a test triggered is forgotten when it ends, what a suite took is given back."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self, session: Session) -> None:
        self._session = session

    def start_suite(self, data: Any, result: Any) -> None:
        """A suite begins."""
        self._session.begin(data.full_name)

    def end_suite(self, data: Any, result: Any) -> None:
        """It ends."""
        self._session.end(data.full_name)

    def start_test(self, data: Any, result: Any) -> None:
        """A test begins."""
        self._session.begin(data.full_name)

    def end_test(self, data: Any, result: Any) -> None:
        """It ends. A row of a template that failed is named in the test's message."""
        name_rows(data, result)
        self._session.end(data.full_name)

    def end_library_keyword(self, data: Any, implementation: Any, result: Any) -> None:
        """In a dry run `Run Scenario` is not run, but a scenario that is not sound is told all the same."""
        if EXECUTION_CONTEXTS.current.dry_run and (implementation.owner.real_name, implementation.name) == RUN_SCENARIO:
            trouble = _trouble([str(one) for one in data.args])
            if trouble and not result.failed:
                result.status, result.message = "FAIL", trouble

    def close(self) -> None:
        """The run is over."""
        self._session.close()
