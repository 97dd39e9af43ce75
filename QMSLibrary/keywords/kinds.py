"""What a tester expects, read as the kind of thing that it is held against.

A text is never less than a number, and a thing with fields never equals a text. A check that is answered by that says
nothing about the QMS, so it is refused in words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from robot.utils import timestr_to_secs

from QMSLibrary.contract.model import Model

from .errors import KeywordError
from .words import a_thing, shown

ORDER: Final = frozenset({"<", ">", "<=", ">="})
PARTS: Final = frozenset({"*=", "not contains", "^=", "$=", "$"})
"""Operators that look for something inside the value; ``$`` is how the assertion engine calls ``matches``."""
TEXTUAL: Final = frozenset({"^=", "$=", "$"})
_WORDS: Final = {"$": "matches", "*=": "contains"}
_YES_OR_NO: Final = {"true": True, "yes": True, "false": False, "no": False}
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
"""How a service writes a time in a text: RFC 3339."""


def alike(value: Any, expected: Any, symbol: str, what: str) -> tuple[Any, Any]:
    """The value and the expectation as things of one kind, ready to be compared by the operator.

    Raises KeywordError when they are of different kinds, or the operator says nothing about such a value.
    """
    if isinstance(expected, Enum):
        expected = expected.value
    if symbol in PARTS and expected == "":
        raise KeywordError(
            f"The {what} cannot be looked through for an empty text: it is in every text, so {_called(symbol)} would "
            "say nothing. Write some text; perhaps a variable has no value here."
        )
    if symbol in ORDER:
        return _ordered(value, expected, symbol, what)
    if symbol in PARTS:
        return _inside(value, expected, symbol, what)
    return value, _same_kind(value, expected, symbol, what)


def _ordered(value: Any, expected: Any, symbol: str, what: str) -> tuple[Any, Any]:
    if isinstance(value, str) and _MOMENT.fullmatch(value.strip()):
        value = _moment(value.strip())
    if isinstance(value, str):
        raise KeywordError(
            f"The {what} is {a_thing(value)}, and {symbol} compares numbers, times and dates only. "
            "Write == or != to compare texts, or contains."
        )
    if isinstance(value, bool) or not isinstance(value, int | float | timedelta | datetime):
        raise _different(value, expected, symbol, what)
    return value, _same_kind(value, expected, symbol, what)


def _inside(value: Any, expected: Any, symbol: str, what: str) -> tuple[Any, Any]:
    if isinstance(value, str):
        return value, _same_kind(value, expected, symbol, what)
    plain = isinstance(value, int | float | timedelta | datetime) and not isinstance(value, bool)
    if symbol in TEXTUAL and plain and isinstance(expected, str | int | float):
        return str(value), str(expected)
    if symbol not in TEXTUAL and isinstance(value, Mapping):
        return value, expected
    if symbol not in TEXTUAL and _is_list(value):
        one = next(iter(value), None)
        if isinstance(one, Model | Mapping) and not isinstance(expected, type(one)):
            raise KeywordError(
                f"The {what} is a list of things with fields, and none of them is {a_thing(expected)}, whatever the "
                "QMS says. Name the field of one of them, such as 0.type, or take the list and look through it."
            )
        return value, expected if one is None else _same_kind(one, expected, symbol, what)
    raise _different(value, expected, symbol, what)


def _same_kind(value: Any, expected: Any, symbol: str, what: str) -> Any:
    """The expectation as what the value is."""
    if isinstance(value, Enum):
        value = value.value
    if expected is None or value is None:
        return None if isinstance(expected, str) and expected.strip().lower() == "none" else expected
    if isinstance(expected, str):
        return _read(value, expected, symbol, what)
    number = isinstance(expected, int | float) and not isinstance(expected, bool)
    if isinstance(value, str) and number:
        return shown(expected)
    if isinstance(value, timedelta) and number:
        try:
            return timedelta(seconds=expected)
        except (OverflowError, ValueError):  # longer than any time, or no number at all
            raise _different(value, expected, symbol, what) from None
    if isinstance(value, datetime) and isinstance(expected, datetime):
        return _aware(expected)
    if isinstance(value, bool) or isinstance(expected, bool):
        same = isinstance(value, bool) and isinstance(expected, bool)
    elif isinstance(value, int | float):
        same = number
    elif _is_list(value):
        same = _is_list(expected)
    elif isinstance(value, Mapping):
        same = isinstance(expected, Mapping)
    else:
        same = isinstance(expected, type(value)) or isinstance(value, type(expected))
    if not same:
        raise _different(value, expected, symbol, what)
    return expected


def _read(value: Any, expected: str, symbol: str, what: str) -> Any:
    text = expected.strip()
    if isinstance(value, str):
        return expected
    try:
        if isinstance(value, bool):
            return _YES_OR_NO[text.lower()]
        if isinstance(value, int | float):
            return _number(text)
        if isinstance(value, timedelta):
            return timedelta(seconds=timestr_to_secs(text))
        if isinstance(value, datetime):
            return _moment(text)
    except (KeyError, ValueError, OverflowError):
        raise KeywordError(
            f"{expected!r} cannot be read as {_kind(value)}, which the value {shown(value)} is."
        ) from None
    if _is_list(value):
        parts = [part.strip() for part in text.split(",") if part.strip()]
        one = next(iter(value), None)
        if not parts or one is None or isinstance(one, str | Enum):
            return parts
        if isinstance(one, int | float) and not isinstance(one, bool):
            return [_same_kind(one, part, symbol, what) for part in parts]
    if symbol == "!=":
        raise _different(value, expected, symbol, what)
    return expected  # it is never equal, and the failure says what is there


def _different(value: Any, expected: Any, symbol: str, what: str) -> KeywordError:
    return KeywordError(
        f"The {what} is {shown(value)}, which cannot be compared with {shown(expected)} by {_called(symbol)!r}: "
        f"{'there is nothing yet' if value is None else 'they are things of different kinds'}."
    )


def _called(symbol: str) -> str:
    return _WORDS.get(symbol, symbol)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | Set) and not isinstance(value, str | bytes) and not is_dataclass(value)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _moment(text: str) -> datetime:
    """RFC 3339, or as Robot writes it: ``2026-11-24 10:00:00``, which is UTC."""
    return _aware(datetime.fromisoformat(text.upper()))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, timedelta):
        return "a time"
    return "a date and time in the form 2026-01-31T12:00:00+00:00 or 2026-01-31 12:00:00 (UTC)"
