"""Values in words for a tester."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from QMSLibrary.checks.workflows import duration_text
from QMSLibrary.contract.model import Model, noun

LONGEST: Final = 120
"""Characters of a value that a message shows."""


def shown(value: object) -> str:
    """A value as a tester would write or call it."""
    if value is None:
        return "nothing"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return duration_text(value) if value >= timedelta(0) else f"-{duration_text(-value)}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return _cut(str(int(value) if value.is_integer() else round(value, 6) or value))
    if isinstance(value, str):
        return _cut(value if value.strip() and value == value.strip() else repr(value))
    if isinstance(value, Model) or is_dataclass(value):
        return a_thing(value)
    if isinstance(value, Mapping):
        return _cut(", ".join(f"{name}: {shown(one)}" for name, one in value.items()) or "an empty dictionary")
    if isinstance(value, Iterable):
        return _cut(", ".join(shown(one) for one in value) or "an empty list")
    return str(value) if isinstance(value, int) else a_thing(value)


def a_thing(value: object) -> str:
    """What kind of thing a value is, with its article: ``a pull request PR-1``, ``the text 'x'``, ``a list``."""
    if value is None:
        return "nothing"
    if isinstance(value, timedelta | datetime | Enum):
        return shown(value)
    if isinstance(value, str):
        return f"the text {_cut(value)!r}" if value else "an empty text"
    if isinstance(value, bool | int | float):
        return f"the number {value}" if not isinstance(value, bool) else str(value)
    if isinstance(value, Mapping):
        return "a dictionary"
    if isinstance(value, list | tuple):
        return "a list"
    identity = next((getattr(value, name) for name in ("id", "event_id") if hasattr(value, name)), "")
    return f"{article(noun(type(value)))} {identity}".rstrip()


def article(words: str) -> str:
    """``a step``, ``an event``."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _cut(text: str) -> str:
    flat = " ".join(text.split()) if "\n" in text else text
    return flat if len(flat) <= LONGEST else flat[:LONGEST] + "…"
