"""Who opens a pull request. A persona is a YAML file in ``personas/``; a new one is a new file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .errors import unknown
from .files import names_in, read_yaml


@dataclass(frozen=True)
class Persona:
    """A kind of author. The shares are 0–1."""

    name: str
    summary: str
    people: tuple[str, ...]
    """User names; one of them becomes the author."""
    size: float
    """Times the usual number of files and lines."""
    documentation_completeness: float
    """The share of functions with a comment of their own."""
    test_coverage: float
    code_style_adherence: float
    documentation_file: bool
    """Whether functions without a comment are described in a documentation file."""


def personas() -> tuple[str, ...]:
    """The names of all personas."""
    return names_in("personas", ".yaml")


@lru_cache(maxsize=32)
def persona(name: str) -> Persona:
    """The persona with this name; an unknown one is refused with the list."""
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    if key not in personas():
        raise unknown("persona", name, personas())
    entry = read_yaml(f"personas/{key}.yaml")
    entry["people"] = tuple(entry["people"])
    return Persona(name=key, **entry)
