"""The shape of a scenario: one after the other, side by side, again and again, or only when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from QMSLibrary.environments import Capability
from QMSLibrary.formats.counts import counted
from QMSLibrary.formats.yaml_file import Steps

from .conditions import Condition
from .parts import Part, kind
from .values import Name, wrong
from .where import Where

if TYPE_CHECKING:
    AnyPart = Any

MOST_TIMES: Final = 200
Times = Annotated[int, Field(ge=1, le=MOST_TIMES)]


def needed(parts: list[Any]) -> frozenset[Capability]:
    """What the environment must be able to do for all of these."""
    return frozenset(one for part in parts for one in part.content.capabilities())


@kind("sequence")
class Sequence(Part):
    """Parts that belong together, one after the other. With `name:` beside it the log shows them under that name."""

    short = "steps"
    fixed: ClassVar[frozenset[str]] = frozenset({"steps"})
    steps: Annotated[list[AnyPart], Field(min_length=1)]

    def inner(self) -> Iterator[tuple[Steps, list[Any]]]:
        yield ("steps",), self.steps

    def capabilities(self) -> frozenset[Capability]:
        return needed(self.steps)

    def run(self, run: Any, at: Where, name: str | None) -> Iterator[None]:
        with run.group(at, name or "sequence"):
            yield from run.parts(self.steps, at.within(("steps",)))


@kind("parallel")
class Parallel(Part):
    """Branches side by side, each with a pull request of its own, whose name it has.

    The QMS works on all of them at once. The branches take turns, one part each, in the order in which they are
    written. A branch that fails ends; the others go on.
    """

    short = "branches"
    fixed: ClassVar[frozenset[str]] = frozenset({"branches"})
    branches: Annotated[dict[Name, Annotated[list[AnyPart], Field(min_length=1)]], Field(min_length=2)]

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return value if isinstance(value, dict) and set(value) == {"branches"} else {"branches": value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = super().__get_pydantic_json_schema__(core, handler)
        full = handler.resolve_ref_schema(found)
        branches = full["anyOf"][0]["properties"]["branches"]
        full.clear()
        full.update({"description": cls.__doc__, **branches, "additionalProperties": False})
        return found

    def inner(self) -> Iterator[tuple[Steps, list[Any]]]:
        for name, parts in self.branches.items():
            yield ("branches", name), parts

    def names(self) -> Iterator[tuple[Steps, str]]:
        for name in self.branches:
            yield ("branches", name), name

    def capabilities(self) -> frozenset[Capability]:
        return frozenset().union(*map(needed, self.branches.values()))

    def run(self, run: Any, at: Where, name: str | None) -> Iterator[None]:
        return run.side_by_side(self, at, name)  # type: ignore[no-any-return]


@kind("repeat")
class Repeat(Part):
    """The same again: so many times, or until a condition is so, but at most so often."""

    fixed: ClassVar[frozenset[str]] = frozenset({"steps", "counter", "until", "pull_request"})
    times: Times | None = None
    until: Condition | None = None
    """Looked at after each time. That it has not come true after the last one is a failure."""
    at_most: Times | None = None
    counter: Name | None = None
    """The variable that counts, from 1."""
    pull_request: Name | None = None
    """The one that `until` is about."""
    steps: Annotated[list[AnyPart], Field(min_length=1)]

    @model_validator(mode="after")
    def _bounded(self) -> Repeat:
        if self.times is None and self.until is None:
            raise wrong("`times: 3`, or `until:` with `at_most:`", got="a repeat without a bound")
        if self.times is not None and (self.until is not None or self.at_most is not None):
            raise wrong("either `times:`, or `until:` with `at_most:`", key="times", got="both")
        if self.until is not None and self.at_most is None:
            raise wrong("`at_most: 5` beside `until:`, so that it ends", key="until", got="a repeat without a bound")
        return self

    def inner(self) -> Iterator[tuple[Steps, list[Any]]]:
        yield ("steps",), self.steps

    def names(self) -> Iterator[tuple[Steps, str]]:
        if self.pull_request is not None:
            yield ("pull_request",), self.pull_request

    def capabilities(self) -> frozenset[Capability]:
        return needed(self.steps)

    def run(self, run: Any, at: Where, name: str | None) -> Iterator[None]:
        times: int = run.whole(self.times or self.at_most, at, "times" if self.times else "at_most", MOST_TIMES)
        title = f"until {self.until}" if self.until is not None else counted(times, "time")
        with run.group(at, name or f"repeat {title}"):
            for number in range(1, times + 1):
                if self.counter is not None:
                    run.stage.set(self.counter, number)
                once = at.into(word=f"time {number}")
                with run.group(once, f"{self.counter or 'time'} {number} of {times}"):
                    yield from run.parts(self.steps, once.within(("steps",)))
                    if self.until is not None:
                        yield
                        if run.holds(self.until, self.pull_request, once.into("until", word="until")):
                            return
            if self.until is not None:
                run.fail(
                    at.into("until"),
                    f"After {counted(times, 'time')} it is still not so that {self.until}.\n{run.seen}",
                )


@kind("when")
class When(Part):
    """Only when a condition is so; and else something else, or nothing."""

    fixed: ClassVar[frozenset[str]] = frozenset({"if_", "then", "else_", "pull_request"})
    if_: Condition = Field(alias="if")
    pull_request: Name | None = None
    """The one that the condition is about."""
    then: Annotated[list[AnyPart], Field(min_length=1)]
    else_: list[AnyPart] = Field([], alias="else")

    def inner(self) -> Iterator[tuple[Steps, list[Any]]]:
        yield ("then",), self.then
        yield ("else",), self.else_

    def names(self) -> Iterator[tuple[Steps, str]]:
        if self.pull_request is not None:
            yield ("pull_request",), self.pull_request

    def capabilities(self) -> frozenset[Capability]:
        """Nothing: whether they are done is for the condition to say."""
        return frozenset()

    def run(self, run: Any, at: Where, name: str | None) -> Iterator[None]:
        yield
        with run.group(at, name or f"when {self.if_}"):
            so = run.holds(self.if_, self.pull_request, at.into("if", word="if"))
            way, parts = ("then", self.then) if so else ("else", self.else_)
            yield from run.parts(parts, at.within((way,)))
