"""A whole scenario. Every kind of step and every fault that has been registered is known here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import Field

from QMSLibrary.environments import Capability

from . import acts, expectations, faults, structure
from .faults import FAULTS
from .parts import KINDS, Part
from .structure import needed
from .unions import Entry, Labelled, one_of
from .values import CapabilityName, Name, Strict, Text
from .where import Where
from .wishes import PullRequestWishes

T = TypeVar("T")
MAIN = "main"
"""The name of the pull request that is meant when none is named."""

ROOMS = (acts, expectations, faults, structure)
"""Every file that registers kinds of steps, or faults, in the order in which they are listed."""


def _ordered(registry: dict[str, type[T]]) -> dict[str, type[T]]:
    files = [room.__name__ for room in ROOMS]
    return dict(sorted(registry.items(), key=lambda item: files.index(item[1].__module__)))


if TYPE_CHECKING:
    AnyPart = Any
else:
    AnyFault = one_of("a fault", _ordered(FAULTS), Entry)
    AnyPart = one_of("a step", _ordered(KINDS), Labelled)


class Scenario(Strict):
    """A recipe: pull requests, what is done with them, and what must then be true."""

    fixed: ClassVar[frozenset[str]] = frozenset(
        {"name", "description", "needs", "variables", "pull_request", "pull_requests", "steps"}
    )
    name: Text | None = None
    """A few words for the log; those of the file's name unless given."""
    description: Text
    """What it shows."""
    needs: list[CapabilityName] = []
    """What the environment must be able to do; else it is skipped. What its steps need is known without saying."""
    variables: dict[Name, str | int | float | bool] = {}
    """Values that the steps use as `${name}`, and that whoever runs the scenario may replace."""
    pull_request: PullRequestWishes = PullRequestWishes()
    """The main one; its name is `main`."""
    pull_requests: dict[Name, PullRequestWishes] = {}
    """Further ones, by name."""
    steps: Annotated[list[AnyPart], Field(min_length=1)]

    def wishes(self) -> dict[str, PullRequestWishes]:
        """Every pull request by its name, the main one first."""
        return {MAIN: self.pull_request, **self.pull_requests}

    def all_parts(self) -> Iterator[tuple[Where, Part]]:
        """Every part, also those inside others, in the order in which they are written."""
        yield from _parts(self.steps, Where(("steps",), ("steps",)))

    def required(self) -> list[Capability]:
        """What the environment must be able to do."""
        return [one for one in Capability if one in self.needs or one in needed(self.steps)]

    def own(self, capabilities: frozenset[Capability]) -> bool:
        """Whether it disturbs others, in an environment that can do this; what that cannot do, a `when` leaves out."""
        return any(part.disturbs and part.capabilities() <= capabilities for _, part in self.all_parts())


def _parts(parts: list[Any], at: Where) -> Iterator[tuple[Where, Part]]:
    for number, entry in enumerate(parts):
        here = entry.content.at(at.item(number))
        yield here, entry.content
        for way, inner in entry.content.inner():
            yield from _parts(inner, here.within(way))


if not TYPE_CHECKING:
    _NAMES = {"AnyPart": AnyPart, "AnyFault": AnyFault}
    for _kind in (*KINDS.values(), Scenario):
        _kind.model_rebuild(
            force=True, _types_namespace={**vars(__import__(_kind.__module__, fromlist=["_"])), **_NAMES}
        )
