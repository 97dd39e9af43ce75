"""One noun in all its spellings, and the archetype's words replaced by them.

The code templates are written about a *parcel* with a *carrier*, a *weight* and a date *dispatchedAt*, which is
*waiting* or *delivered*. These words are replaced by those of the domain that a pull request is about; in capitals they
stand in prose, where a noun of two words is written with a blank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

_Words = tuple[str, ...]


def words(text: str) -> _Words:
    """The words of a name from the vocabulary."""
    return tuple(text.split())


def camel(parts: _Words) -> str:
    """``('meter', 'reading')`` as ``meterReading``."""
    return parts[0] + "".join(part.capitalize() for part in parts[1:])


def pascal(parts: _Words) -> str:
    """``('meter', 'reading')`` as ``MeterReading``."""
    return "".join(part.capitalize() for part in parts)


def snake(parts: _Words) -> str:
    """``('meter', 'reading')`` as ``meter_reading``."""
    return "_".join(parts)


def kebab(parts: _Words) -> str:
    """``('meter', 'reading')`` as ``meter-reading``."""
    return "-".join(parts)


_RESERVED: Final = ("import", "export")


@dataclass(frozen=True)
class Noun:
    """What a module is about: an entity of a domain, or a part or variant of one."""

    one: _Words
    many: _Words

    @property
    def short(self) -> _Words:
        """Its last word, as people name a variable; the whole noun where that is a reserved word."""
        return self.one if self.one[-1] in _RESERVED else self.one[-1:]

    @property
    def short_many(self) -> _Words:
        """The same for several of them."""
        return self.many if self.one[-1] in _RESERVED else self.many[-1:]


@dataclass(frozen=True, eq=False)
class Domain:
    """A field of business with its words. There is one object for each, so they are compared by identity."""

    noun: Noun
    texts: tuple[_Words, ...]
    numbers: tuple[_Words, ...]
    date: _Words
    open: str
    done: str
    features: tuple[str, ...]
    faults: tuple[str, ...]

    @cached_property
    def fields(self) -> tuple[_Words, ...]:
        """What is known about each entity, in the order of the columns of its table."""
        return (("id",), ("status",), *self.texts, *self.numbers, self.date)

    def part(self, word: str) -> Noun:
        """``invoice`` and ``line`` give ``invoice line``."""
        return Noun((*self.noun.one, word), (*self.noun.one, f"{word}s"))

    def variant(self, word: str) -> Noun:
        """``invoice`` and ``draft`` give ``draft invoice``."""
        return Noun((word, *self.noun.one), (word, *self.noun.many))


@dataclass(frozen=True)
class Naming:
    """The words that one function is written with."""

    domain: Domain
    noun: Noun
    text: _Words
    number: _Words
    snake_case: bool
    """Whether identifiers are written like_this (Python) or likeThis."""

    @cached_property
    def _spelt(self) -> dict[str, str]:
        name = snake if self.snake_case else camel
        capital = (lambda parts: "_".join(p for p in parts).capitalize()) if self.snake_case else pascal
        noun, domain = self.noun, self.domain
        fields = domain.fields
        variable = name(noun.short), name(noun.short_many)
        separator = ",\n" + " " * (12 if self.snake_case else 6)
        spelt = {
            "parcel_columns": ", ".join(map(snake, fields)),
            "parcel_marks": ", ".join("%s" if self.snake_case else f"${number}" for number, _ in enumerate(fields, 1)),
            "parcel_values": separator.join(f"{variable[0]}.{name(field)}" for field in fields),
            "parcels_table": snake(noun.many),
            "parcels-path": kebab(noun.many),
            "parcel-": kebab(noun.one) + "-",
            "parcels": name(noun.many),
            "parcel": name(noun.one),
            "parcels alone": variable[1],
            "parcel alone": variable[0],
            "Parcels": pascal(noun.many),
            "Parcel": pascal(noun.one),
            "PARCELS": " ".join(noun.many),
            "PARCEL": " ".join(noun.one),
            "carrier_column": snake(self.text),
            "weight_column": snake(self.number),
            "carrier": name(self.text),
            "Carriers": f"{capital(self.text)}s",
            "Carrier": capital(self.text),
            "CARRIER": " ".join(self.text),
            "weight": name(self.number),
            "Weight": capital(self.number),
            "WEIGHT": " ".join(self.number),
            "dispatched_at": snake(domain.date),
            "dispatchedAt": camel(domain.date),
            "waiting": domain.open,
            "delivered": domain.done,
        }
        for token in ("PARCEL", "WEIGHT", "CARRIER"):
            article = "an" if spelt[token][0] in "aeiou" else "a"
            spelt[f"a {token}"] = f"{article} {spelt[token]}"
            spelt[f"A {token}"] = f"{article.capitalize()} {spelt[token]}"
        return spelt

    def __call__(self, text: str) -> str:
        """``text`` with the archetype's words replaced."""
        parts = _split(text)
        if len(parts) == 1:
            return text
        spelt, found = self._spelt, list(parts)
        found[1::2] = [spelt[token] for token in parts[1::2]]
        return "".join(found)


@lru_cache(maxsize=4096)
def naming_of(domain: Domain, noun: Noun, text: _Words, number: _Words, snake_case: bool) -> Naming:
    """A naming, the same object for the same words, so that its spellings are worked out once."""
    return Naming(domain, noun, text, number, snake_case)


_ARCHETYPE = re.compile(
    r"(\b[Aa] (?:PARCEL|WEIGHT|CARRIER)\b|parcel_columns|parcel_marks|parcel_values|parcels_table|parcels-path|parcel-"
    r"|parcels|parcel|Parcels|Parcel|PARCELS|PARCEL|carrier_column|weight_column|carrier|Carriers|Carrier|CARRIER"
    r"|weight|Weight|WEIGHT|dispatched_at|dispatchedAt|\bwaiting\b|\bdelivered\b)"
)


@lru_cache(maxsize=4096)
def _split(text: str) -> tuple[str, ...]:
    """What stays and what is replaced, in turn. The templates are few, so each is looked through once."""
    parts = _ARCHETYPE.split(text)
    for index in range(1, len(parts), 2):
        if parts[index] in ("parcel", "parcels") and not _INSIDE_A_NAME.search(
            f"{parts[index - 1][-1:]} {parts[index + 1][:1]}"
        ):
            parts[index] += " alone"
    return tuple(parts)


_INSIDE_A_NAME = re.compile(r"\w")


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, list[str]]:
    """The word lists that belong to no domain: parts, variants, why, prose."""
    return {name: value for name, value in _file().items() if name != "domains"}


@lru_cache(maxsize=1)
def domains() -> tuple[Domain, ...]:
    """Every domain of the vocabulary."""
    return tuple(
        Domain(
            noun=Noun(words(entry["noun"]), words(entry["plural"])),
            texts=tuple(words(text) for text in entry["texts"]),
            numbers=tuple(words(number) for number in entry["numbers"]),
            date=words(entry["date"]),
            open=entry["open"],
            done=entry["done"],
            features=tuple(entry["features"]),
            faults=tuple(entry["faults"]),
        )
        for entry in _file()["domains"]
    )


@lru_cache(maxsize=1)
def _file() -> dict[str, list]:  # type: ignore[type-arg]  # YAML
    from .files import read_yaml

    return read_yaml("vocabulary.yaml")
