"""Who opens a pull request. A persona is a YAML file: those of the library are in ``personas/``; a tester's own ones in
the folder that the environment variable ``QMS_PERSONAS`` names, or in ``variables/personas`` where the run is started.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from .errors import WishError, unknown
from .files import ROOM, read_marked_yaml
from .people import Person, named, people_of

FOLDER_VARIABLE: Final = "QMS_PERSONAS"
"""The environment variable with the folder of a tester's own personas."""
USUAL_FOLDER: Final = Path("variables", "personas")


@dataclass(frozen=True)
class Persona:
    """A kind of author. The shares are 0–1."""

    name: str
    summary: str
    people: tuple[Person, ...]
    """One of them becomes the author."""
    size: float
    """Times the usual number of files and lines."""
    documentation_completeness: float
    """The share of functions with a comment of their own."""
    test_coverage: float
    code_style_adherence: float
    documentation_file: bool
    """Whether functions without a comment are described in a documentation file."""
    security_awareness: float = 0.0
    """The share of pull requests that say what was considered about security."""
    architectural_impact: float = 0.0
    """The share of pull requests with a record of an architecture decision, where there is room for one."""


_SHARES: Final = (
    "documentation_completeness", "test_coverage", "code_style_adherence", "security_awareness", "architectural_impact",
)  # fmt: skip
_OPTIONAL: Final = ("people", "security_awareness", "architectural_impact")
_FIELDS: Final = ("summary", "people", "size", *_SHARES, "documentation_file")


def personas() -> tuple[str, ...]:
    """The names of all personas."""
    return tuple(sorted(_files()))


def persona(name: str) -> Persona:
    """The persona with this name; an unknown one is refused with the list."""
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    files = _files()
    if not key:
        raise WishError(f"author is empty. Choose one of: {', '.join(sorted(files))}; or leave author out.")
    if key not in files:
        raise unknown("persona", name, files)
    path = files[key]
    return _read(key, path, path.stat().st_mtime_ns)


def _files() -> dict[str, Path]:
    """The file of each persona. One in the tester's folder is used instead of the library's of the same name."""
    found = _in_folder(ROOM / "personas")
    wanted = os.environ.get(FOLDER_VARIABLE)
    if wanted and not Path(wanted).is_dir():
        raise WishError(f"{FOLDER_VARIABLE} names {wanted}, which is no folder.")
    own = Path(wanted) if wanted else USUAL_FOLDER
    return {**found, **_in_folder(own)} if wanted or own.is_dir() else found


def _in_folder(folder: Path) -> dict[str, Path]:
    return _listed(folder, folder.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _listed(folder: Path, changed: int) -> dict[str, Path]:
    """``changed``: when something was last added or removed there; a new file is seen."""
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


@lru_cache(maxsize=64)
def _read(key: str, path: Path, changed: int) -> Persona:
    """``changed``: when the file was last written; a corrected one is read again."""
    entry, lines = read_marked_yaml(path)
    for field in entry:
        if field not in _FIELDS:
            raise _wrong(path, lines[field], unknown("field of a persona", field, _FIELDS))
    for field in _FIELDS:
        if field not in entry and field not in _OPTIONAL:
            raise _wrong(path, 1, f"The field {field!r} is missing.")
    values: dict[str, Any] = {}
    for field, value in entry.items():
        try:
            values[field] = _value(field, value)
        except ValueError as error:
            raise _wrong(path, lines[field], f"{field}: {error}") from None
    return Persona(name=key, **{"people": people_of(key), **values})


def _value(field: str, value: Any) -> Any:
    if field == "summary":
        if not isinstance(value, str) or not value.strip():
            raise ValueError("a sentence about this persona is expected.")
        return value
    if field == "people":
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(name, str) and name.strip() for name in value)
        ):
            raise ValueError("a list of names is expected, like [Ada Byron, release-bot].")
        return tuple(map(named, value))
    if field == "documentation_file":
        if not isinstance(value, bool):
            raise ValueError(f"true or false is expected, not {value!r}.")
        return value
    lowest, highest = (0.0, 1.0) if field in _SHARES else (0.1, 5.0)
    number = not isinstance(value, bool) and isinstance(value, (int, float))
    if not number or not lowest <= value <= highest:
        raise ValueError(f"a number from {lowest:g} to {highest:g} is expected, not {value!r}.")
    return float(value)


def _wrong(path: Path, line: int, problem: object) -> WishError:
    return WishError(f"Persona {path}, line {line}: {problem}")
