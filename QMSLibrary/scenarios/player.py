"""What a part of a scenario may ask of whoever plays it.

Parts know this and not the run itself, which knows all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from .calls import Subject
from .conditions import Conditions
from .stage import Stage
from .where import Where

if TYPE_CHECKING:
    from QMSLibrary.contract.pull_requests import PullRequest
    from QMSLibrary.contract.workflows import Workflow


class Player(Protocol):
    """One run of a scenario. What an act, a fault or a parallel part is, is told by its own class."""

    stage: Stage
    workflows: dict[str, Workflow]
    """The workflow of each pull request that was triggered, as it was then."""
    pull_requests: dict[str, PullRequest]
    """Every pull request as it is now: mended, when it was."""
    seen: str
    """What a condition saw last, in words."""

    def create(self, name: str) -> None:
        """Make a pull request."""

    def parts(self, parts: list[Any], at: Where) -> Iterator[None]:
        """One after the other; it stops before each thing that is done."""

    def perform(self, act: Any, at: Where, name: str | None) -> None:
        """Do what one act consists of."""

    def side_by_side(self, parallel: Any, at: Where, name: str | None) -> Iterator[None]:
        """The branches in turns."""

    def group(self, at: Where, title: str) -> AbstractContextManager[None]:
        """Show what is inside under a title."""

    def fail(self, at: Where, message: str) -> None:
        """Fail at a part that is no keyword itself."""

    def require_workflow(self, subject: Subject, at: Where) -> None:
        """Fail unless the pull request was triggered."""

    def holds(self, condition: Conditions, pull_request: str | None, at: Where) -> bool:
        """Whether a condition is so now."""

    def whole(self, value: int | str, at: Where, what: str, most: int) -> int:
        """A number that may have been a variable until now."""

    def injected(self, fault: Any, at: Where) -> None:
        """Something is about to be broken."""

    def lifted(self, fault: Any) -> None:
        """It has been put right."""
