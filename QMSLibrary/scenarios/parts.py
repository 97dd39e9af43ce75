"""What every part of a scenario is, and how a new kind of part is registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final, TypeVar

from QMSLibrary.environments import Capability
from QMSLibrary.formats.yaml_file import Steps

from .calls import Call, Subject
from .player import Player
from .values import Name, Short
from .where import Where

P = TypeVar("P", bound="type[Part]")
KINDS: Final[dict[str, type[Part]]] = {}
"""Every kind of part by the name it has in a file."""


def kind(name: str) -> Callable[[P], P]:
    """Register a class as the kind of part with this name: ``@kind("wait_for_step")``."""

    def register(part: P) -> P:
        part.kind = name
        KINDS[name] = part
        return part

    return register


class Part(Short):
    """Something that stands in a list of steps."""

    kind: ClassVar[str] = ""
    needs: ClassVar[frozenset[Capability]] = frozenset()
    """What the environment must be able to do."""
    disturbs: ClassVar[bool] = False
    """It disturbs everybody else, so the scenario needs an environment of its own."""
    records: ClassVar[bool] = False
    """It looks at events, so they are recorded from the beginning."""

    def inner(self) -> Iterator[tuple[Steps, list[Any]]]:
        """The lists of parts in it, and the way to each."""
        yield from ()

    def names(self) -> Iterator[tuple[Steps, str]]:
        """The pull requests that it names, and where."""
        yield from ()

    def at(self, place: Where) -> Where:
        """``place`` with what it is called there; an act is told by its number alone."""
        return place.into(self.kind, word=self.kind)

    def capabilities(self) -> frozenset[Capability]:
        """What the environment must be able to do for it."""
        return self.needs

    def run(self, run: Player, at: Where, name: str | None) -> Iterator[None]:
        """Do it, step by step: it stops before each thing that it does, so that others can have their turn."""
        raise NotImplementedError


class Act(Part):
    """A part that is one act of somebody, or one look at the QMS."""

    fixed: ClassVar[frozenset[str]] = frozenset({"pull_request"})
    pull_request: Name | None = None
    """The pull request that it is about; in a branch the branch's, else the main one."""

    def calls(self, subject: Subject) -> list[Call]:
        """The keywords that do it."""
        raise NotImplementedError

    def names(self) -> Iterator[tuple[Steps, str]]:
        """The pull request that it is about."""
        if self.pull_request is not None:
            yield ("pull_request",), self.pull_request

    def at(self, place: Where) -> Where:
        """``place``."""
        return place.into(self.kind)

    def before(self, run: Player, at: Where, subject: Subject) -> None:
        """What has to be known before it is done."""

    def after(self, run: Player, at: Where, subject: Subject, value: Any) -> None:
        """What follows from it; ``value`` is what its last keyword has returned."""

    def run(self, run: Player, at: Where, name: str | None) -> Iterator[None]:
        """Do it."""
        yield
        run.perform(self, at, name)


class Observed(Act):
    """An act that is about a workflow, so the pull request must have been triggered."""

    def before(self, run: Player, at: Where, subject: Subject) -> None:
        """There has to be a workflow."""
        run.require_workflow(subject, at)
