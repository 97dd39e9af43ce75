"""What a model alone cannot see: names that have to fit together, across a whole scenario."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from QMSLibrary.formats.names import did_you_mean
from QMSLibrary.formats.yaml_file import Place, Steps, Values

from .faults import Inject, Lift
from .model import MAIN, Scenario
from .parts import Part
from .structure import Parallel, Repeat
from .values import ANY_VARIABLE, VARIABLE
from .where import Where


class Problem(NamedTuple):
    """Something that does not fit."""

    steps: Steps
    text: str
    of_key: bool = False


RESERVED: Final = ("escalation", "current step")
"""Variables that steps use themselves."""


def look(scenario: Scenario, values: Values) -> tuple[list[Problem], dict[str, Place]]:
    """What does not fit, and the variables that come from outside with the place where each is used first."""
    problems = [*_names(scenario), *_pull_requests(scenario), *_lifts(scenario)]
    outside: dict[str, Place] = {}
    known = {_same(name) for name in _own_variables(scenario)}
    for steps, text in _texts(values.value, ()):
        for match in ANY_VARIABLE.finditer(text):
            plain = VARIABLE.match(text, match.start())
            if plain is None:
                got = text[match.start() : match.start() + 30]
                expected = "expected a plain variable such as `${files}`. A scenario holds no Python."
                problems.append(Problem(steps, f"got {got!r}; {expected}"))
            elif _same(plain[1]) not in known:
                outside.setdefault(plain[1], values.place(steps))
    return problems, outside


def _own_variables(scenario: Scenario) -> Iterator[str]:
    yield from RESERVED
    yield from scenario.variables
    for name in scenario.wishes():
        yield from (name, f"{name} workflow")
    for _, part in scenario.all_parts():
        if isinstance(part, Repeat) and part.counter:
            yield part.counter


def _names(scenario: Scenario) -> Iterator[Problem]:
    """Robot does not tell `my_name` from `myname`, so neither may a scenario."""
    taken = {_same(name): name for name in RESERVED}
    taken |= {_same(f"{name} workflow"): f"{name} workflow" for name in scenario.wishes()} | {MAIN: MAIN}
    used: list[tuple[Steps, str]] = [(("pull_requests", name), name) for name in scenario.pull_requests]
    used += [(("variables", name), name) for name in scenario.variables]
    counters: set[str] = set()
    for at, part in scenario.all_parts():
        if isinstance(part, Repeat) and part.counter and part.counter not in counters:
            counters.add(part.counter)
            used.append(((*at.steps, "counter"), part.counter))
    for steps, name in used:
        if _same(name) in taken:
            text = f"the name {name!r} is taken by {taken[_same(name)]!r}; expected another one."
            yield Problem(steps, text, of_key=steps[-1] == name)
        taken[_same(name)] = name


def _pull_requests(scenario: Scenario) -> Iterator[Problem]:
    known = list(scenario.wishes())
    for at, part in scenario.all_parts():
        for way, name in part.names():
            if name not in known:
                hint = did_you_mean(name, known)
                yield Problem(
                    (*at.steps, *way),
                    f"there is no pull request {name!r}; expected one of {', '.join(known)} "
                    f"(further ones are made under `pull_requests:`).{hint}",
                    of_key=isinstance(part, Parallel),
                )
        if isinstance(part, Parallel):
            yield from _apart(at, part)


def _apart(at: Where, parallel: Parallel) -> Iterator[Problem]:
    """Branches that act on the same pull request would get into each other's way, in an order that nobody sees."""
    owner: dict[str, str] = {}
    for branch, parts in parallel.branches.items():
        for name in dict.fromkeys([branch, *_named(parts)]):
            if owner.setdefault(name, branch) != branch:
                yield Problem(
                    (*at.steps, "branches", branch),
                    f"the branches {owner[name]} and {branch} are both about the pull request {name!r}; expected each "
                    "to have its own.",
                    of_key=True,
                )


def _named(parts: list[Any]) -> Iterator[str]:
    for entry in parts:
        part: Part = entry.content
        yield from (name for way, name in part.names() if way != ("files_of",))
        for _, inner in part.inner():
            yield from _named(inner)


def _lifts(scenario: Scenario) -> Iterator[Problem]:
    injected = [part.meant for _, part in scenario.all_parts() if isinstance(part, Inject)]
    for at, part in scenario.all_parts():
        if isinstance(part, Lift) and part.meant not in injected:
            yield Problem(
                (*at.steps, "fault"), "this was never injected; expected `inject:` with the same fault before it."
            )


def _texts(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, (*steps, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*steps, number))


def _same(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "")
