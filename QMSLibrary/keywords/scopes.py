"""Tells the session when a suite or a test begins and ends."""

from __future__ import annotations

from typing import Any

from .session import Session


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
        """It ends."""
        self._session.end(data.full_name)

    def close(self) -> None:
        """The run is over."""
        self._session.close()
