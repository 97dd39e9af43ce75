"""The categories of suites: the folders of ``suites/``, and how long and how wide each one runs."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from QMSLibrary.formats.names import did_you_mean


@dataclass(frozen=True, slots=True)
class Limits:
    """How a category runs."""

    time: timedelta
    """After this its tests are stopped; the others go on."""
    workers: int
    """Robot processes at once. Suites wait for the QMS half of the time, so on the usual two cores a third one pays;
    each further one costs more for its imports than it saves."""


# One place for all of them. A folder that is not named here runs with DEFAULT.
LIMITS: Final[dict[str, Limits]] = {
    "component": Limits(timedelta(minutes=10), 3),
    "external": Limits(timedelta(minutes=10), 3),
    "end_to_end": Limits(timedelta(minutes=10), 3),
    "data_flow": Limits(timedelta(minutes=5), 3),
    "performance": Limits(timedelta(minutes=60), 1),  # it measures, so nothing may run beside it
    "chaos": Limits(timedelta(minutes=30), 2),
    "security": Limits(timedelta(minutes=20), 3),
    "compliance": Limits(timedelta(minutes=10), 3),
}
DEFAULT: Final = Limits(timedelta(minutes=10), 3)
ALONE: Final = "load"
"""Tests with this tag measure, so they run after the others of their category, one Robot process at a time."""
SUITE_FILE: Final = ".robot"


class NoSuitesError(Exception):
    """There is nothing to run, or no such category."""


@dataclass(frozen=True, slots=True)
class Category:
    """A folder of suites."""

    name: str
    folder: Path
    limits: Limits


def and_tag(pattern: str, tag: str) -> str:
    """Robot's tag pattern for what fits ``pattern`` and has ``tag`` as well. AND binds before OR, OR before NOT."""
    wanted, *unwanted = pattern.split("NOT")
    both = "OR".join(f"{part}AND{tag}" if part else tag for part in wanted.split("OR"))
    return "NOT".join([both, *unwanted])


def find_suites(given: Path | None) -> Path:
    """The folder of suites: the one given, or ``suites`` here, or the one beside the package's checkout."""
    if given is not None:
        if given.is_dir():
            return given.resolve()
        raise NoSuitesError(f"{given} is not a folder{own_file(str(given)) or '.'}")
    for folder in (Path.cwd() / "suites", Path(__file__).parents[2] / "suites"):
        if folder.is_dir():
            return folder.resolve()
    raise NoSuitesError("There is no folder `suites` here. Go to the project's folder, or name one: `--suites FOLDER`.")


def own_file(name: str) -> str:
    """How a file of one's own is run, as the end of a sentence; empty when the name is not a suite's."""
    if not name.endswith(SUITE_FILE):
        return ""
    return f": `qms run` runs folders of suites. A file of your own runs with `robot {shlex.quote(name)}`."


def find_categories(suites: Path, names: list[str]) -> list[Category]:
    """The categories named, in that order, or all that have suites, in the order of LIMITS.

    Raises NoSuitesError with the categories there are.
    """
    for name in names:
        if name.endswith(SUITE_FILE):
            raise NoSuitesError(f"{name} is not a category (a folder in {suites}){own_file(name)}")
    there = {folder.name: folder for folder in sorted(suites.iterdir()) if any(folder.rglob("*.robot"))}
    if not there:
        raise NoSuitesError(f"There are no .robot files in the folders of {suites}.")
    ordered = [name for name in LIMITS if name in there] + [name for name in there if name not in LIMITS]
    # `suites/end_to_end/` is what a shell completes, so it is understood as well.
    wanted = list(dict.fromkeys(Path(name).name for name in names)) or ordered
    for name in wanted:
        if name not in there:
            hint = did_you_mean(name, ordered)
            raise NoSuitesError(f"There is no category {name!r} in {suites}.{hint} There are: {', '.join(ordered)}.")
    return [Category(name, there[name], LIMITS.get(name, DEFAULT)) for name in wanted]
