"""Lines as they were before a change: other versions of lines that are there now, and lines that are gone."""

from __future__ import annotations

import keyword
import re
from collections.abc import Set as AbstractSet
from functools import lru_cache
from random import Random
from typing import Final

from QMSLibrary.data.files import read_yaml

from .parts_of_text import CODE, kind_of

# What must keep its spelling for a line to stay a line of its language.
_RESERVED_IN_ECMASCRIPT: Final = """
abstract any as async await boolean break case catch class const constructor continue debugger declare default delete
do else enum export extends false finally for from function get if implements import in infer instanceof interface is
keyof let module namespace never new null number object of private protected public readonly require return satisfies
set static string super switch symbol this throw true try type typeof undefined unique unknown using var void while
with yield
"""
_RESERVED: Final = frozenset({*keyword.kwlist, *keyword.softkwlist, *_RESERVED_IN_ECMASCRIPT.split()})
_WORD: Final = re.compile(r"(?<![\\\w$])[A-Za-z_]\w{3,}\b")
_NUMBER: Final = re.compile(r"(?<![\w.])(?:\d+\.)*\d{1,6}(?=(?:s|m|Mi)?(?![\w.]))")
"""A number with its unit outside, or a version."""
_FIXED: Final = re.compile(r"(?i)port:|runs-on|^version:|^apiVersion")
"""What is not set to another number: it would be another thing."""
_IMAGE: Final = re.compile(r"FROM [\w./-]+:\d")
_WITH_VALUES: Final = ("yaml", "json", "txt", "dockerfile")
_ENDINGS: Final = ("value", "entry", "data", "item", "found", "known")
_PROSE: Final = frozenset({"md", "txt", "rst", ""})


def former_version(path: str, line: str, now: AbstractSet[str], rng: Random) -> str | None:
    """The line as it may have been: one word or number of it is another one. None when there is nothing to change.

    It is no line of the text as it is ``now``, and as much a line of its language as before.
    """
    kind = kind_of(path)
    stripped = line.strip()
    if "__future__" in line or (kind == "dockerfile" and stripped.startswith("FROM") and not _IMAGE.match(stripped)):
        return None
    prose = kind in _PROSE or stripped.startswith(("#", "//", "* ", "--"))
    if prose and len(words := list(re.finditer(r"(?<= )[a-z]+ ", line))) > 2:
        gone = words[rng.randrange(len(words))]
        changed = line[: gone.start()] + line[gone.end() :]
        if changed not in now:
            return changed
    places = [*_NUMBER.finditer(line)] if kind in _WITH_VALUES else []
    places += [*_WORD.finditer(line)] if not places else []
    rng.shuffle(places)
    for place in places:
        if place[0][0].isdigit() and ("ersion" in line or stripped.startswith("FROM")):
            word = _version_before(place[0])
        else:
            word = _other(place[0], kind, rng)
        if word is not None:
            changed = line[: place.start()] + word + line[place.end() :]
            if changed not in now:
                return changed
    return None


def has_other_value(path: str, line: str) -> bool:
    """Whether a line has what people change and leave the rest as it is: a setting, a version, a word of a sentence."""
    kind = kind_of(path)
    stripped = line.strip()
    if kind in _PROSE and kind != "txt":
        return not stripped.startswith(("#", "|", "```")) and len(re.findall(r"(?<= )[a-z]+ ", line)) > 2
    if kind not in _WITH_VALUES or stripped.startswith(("#", '"version"')) or _FIXED.search(stripped):
        return False
    # Ports and users have more digits; a key is no value.
    value = re.sub(r"^[\w./-]+:$", "", stripped)
    numbers = [found[0] for found in _NUMBER.finditer(value)]
    return any(int(number) < 1000 if number.isdigit() else not number.endswith(".0") for number in numbers)


def former_lines(path: str, count: int, text: str, now: AbstractSet[str], rng: Random) -> list[str]:
    """``count`` lines that belong together and are not in the text as it is ``now``."""
    blocks = _blocks().get(_family(path), _blocks()["txt"])
    names = sorted(set(re.findall(r"\b[a-z]+(?:[A-Z_][A-Za-z_]*\w)?\b", text)) - _RESERVED)
    names = [name for name in names if 5 <= len(name) <= 32] or ["earlier"]
    found: list[str] = []
    used: set[str] = set()
    for number in range(len(now) + 20 * count + 20):
        if len(found) >= count:
            break
        fitting = [block for block in blocks if len(block) <= count - len(found)]
        if not fitting:
            break
        block = fitting[-1] if rng.random() < 0.6 else rng.choice(fitting)
        name = rng.choice(names)
        if number >= 3 * len(names) or name in used:
            name = f"{name}_{number}"
        made = _written(block, name, rng)
        if not any(line in now or line in found for line in made):
            used.add(name)
            found += made
    if len(found) != count:
        raise AssertionError(f"{count} earlier lines for {path} could not be made.")
    return found


def _family(path: str) -> str:
    kind = kind_of(path)
    if kind in CODE:
        return "ts" if kind in ("ts", "tsx") else "js"
    return kind


@lru_cache(maxsize=1)
def _blocks() -> dict[str, list[list[str]]]:
    return {name: sorted(blocks, key=len) for name, blocks in read_yaml("forms/former.yaml").items()}


def _written(block: list[str], name: str, rng: Random) -> list[str]:
    words = ["former", *(word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+", name))]
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    spellings = {
        "name": camel,
        "Name": camel[0].upper() + camel[1:],
        "name_": "_".join(words),
        "NAME": "_".join(words).upper(),
        "number": rng.randint(2, 480),
    }
    return [line.format(**spellings) for line in block]


def _other(word: str, kind: str, rng: Random) -> str | None:
    if word[0].isdigit():
        return _version_before(word) if "." in word else _other_number(int(word), rng)
    if word in _RESERVED or (kind in ("sql", "dockerfile") and word.isupper()):
        return None
    ending = rng.choice(_ENDINGS)
    if word.isupper():
        return f"{word}_{ending.upper()}"
    if "_" in word or (kind == "py" and word.islower()):
        return f"{word}_{ending}"
    return word + ending.capitalize()


def _other_number(number: int, rng: Random) -> str:
    """A number of the same sort: half of a round one, else one nearby."""
    if number < 10:
        return str(number - 1 if number > 1 else number + rng.randint(1, 9))
    if number < 1000 and number % 2 == 0 and (number % 10 == 0 or number & (number - 1) == 0):
        return str(number // 2)
    return str(number - (5 if number % 5 == 0 and number < 1000 else rng.randint(1, 9)))


def _version_before(word: str) -> str | None:
    """The version before this one. A whole number is one with long support, as the even ones are."""
    first, dot, last = word.rpartition(".")
    if not dot and not last.isdigit():
        return None
    number = int(last)
    return f"{first}.{number - 1 if number else 1}" if dot else str(number - 2 if number > 2 else number + 1)
