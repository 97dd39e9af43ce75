"""People and companies, drawn once with Faker and kept as data.

Faker's names change from one of its versions to the next, and a seed must give the same bytes everywhere; so the
library reads ``people.yaml`` and does not import Faker. ``make people`` draws anew.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final

from .files import read_yaml

_EACH: Final = 12
"""How many people a persona has when its file names none."""


@dataclass(frozen=True)
class Person:
    """Somebody who opens pull requests or commits."""

    name: str
    username: str
    email: str


@dataclass(frozen=True)
class Company:
    """A customer: who asks for something, and what it does."""

    name: str
    business: str
    contact: str
    """Somebody who works there, with what they do."""


def named(name: str) -> Person:
    """The person with a full name; a single word is a user name, as programs have it."""
    parts = [_plain(part) for part in name.split()]
    username = parts[0] if len(parts) == 1 else f"{parts[0][0]}.{''.join(parts[1:])}"
    return Person(name, username, f"{username}@creo.example")


def people_of(persona: str) -> tuple[Person, ...]:
    """The people of a persona that names none: always the same ones for the same name."""
    return tuple(named(name) for name in Random(f"people of {persona}").sample(_file()["people"], k=_EACH))


@lru_cache(maxsize=1)
def companies() -> tuple[Company, ...]:
    """Every company."""
    return tuple(Company(entry["name"], entry["business"], entry["contact"]) for entry in _file()["companies"])


def _plain(text: str) -> str:
    """Letters and digits only, as in a user name: ``Łukasz`` becomes ``lukasz``, ``bot-1`` stays."""
    spelt = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._-]", "", spelt) or "x"


_LETTERS: Final = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "đ": "d", "ı": "i"})


@lru_cache(maxsize=1)
def _file() -> dict[str, list]:  # type: ignore[type-arg]  # YAML
    return read_yaml("people.yaml")
