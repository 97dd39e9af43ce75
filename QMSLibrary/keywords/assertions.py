"""Getters: find a field, and check it with an operator of the assertion engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from assertionengine import AssertionOperator, verify_assertion
from robot.utils import timestr_to_secs

from QMSLibrary.checks.asked import Asked
from QMSLibrary.checks.verdict import Verdict
from QMSLibrary.contract.model import Model, noun
from QMSLibrary.formats.names import did_you_mean

from .errors import CheckFailed, KeywordError
from .words import shown

_RAW: Final = frozenset({"validate", "then"})
_TEXTUAL: Final = frozenset({"^=", "$=", "$"})
_EXPECTED: Final = {
    "==": "{}",
    "!=": "anything but {}",
    "<": "less than {}",
    ">": "more than {}",
    "<=": "at most {}",
    ">=": "at least {}",
    "*=": "to contain {}",
    "not contains": "not to contain {}",
    "^=": "to begin with {}",
    "$=": "to end with {}",
    "$": "to match the pattern {}",
    "validate": "that {} holds",
}
_EXCEPTION: Final = re.compile(r"\b\w+(Error|Exception): | \(<string>, line \d+\)")
Operator = AssertionOperator | None


def lookup(value: Any, path: str) -> Any:
    """The value at a path such as ``result.quality_score`` or ``steps.0.status``.

    Raises KeywordError that lists the fields there are.
    """
    for name in path.split("."):
        value = _one(value, name.strip(), path)
    return value


def _one(value: Any, name: str, path: str) -> Any:
    where = f" (in {path!r})" if "." in path else ""
    if isinstance(value, Model):
        known = list(type(value).model_fields)
        if name in known:
            return getattr(value, name)
    elif is_dataclass(value):
        known = list(value.__dataclass_fields__)
        if name in known:
            return getattr(value, name)
    elif isinstance(value, Mapping):
        known = [str(key) for key in value]
        if name in value:
            return value[name]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        known = [str(number) for number in range(len(value))]
        if name.lstrip("-").isdigit() and -len(value) <= int(name) < len(value):
            return value[int(name)]
    else:
        raise KeywordError(f"{shown(value)} has no fields, so there is no {name!r}{where}.")
    hint = did_you_mean(name, known)
    raise KeywordError(f"There is no field {name!r}{where}.{hint} There are: {', '.join(known) or 'none'}.")


def check(value: Any, operator: Operator, expected: Any, message: str | None, asked: Asked) -> Any:
    """Return the value, checked when there is an operator. The expectation is read as what the value is.

    Raises CheckFailed with the tester's own message first, or KeywordError for an expectation that cannot be compared.
    """
    plain = value.value if isinstance(value, Enum) else value
    if operator is None:
        if expected is not None:
            raise KeywordError(
                f"There is an expected value, {shown(expected)}, and no operator. Write == before it to compare them."
            )
        return value
    symbol = operator.value
    if isinstance(value, Enum) and symbol in ("==", "!=") and isinstance(expected, str):
        _refuse_unknown(type(value), expected)
    wanted = expected if symbol in _RAW else _alike(plain, expected, symbol)
    if symbol in _TEXTUAL:
        plain = str(plain)
    try:
        result = verify_assertion(plain, operator, wanted, asked.what)
    except AssertionError:
        raise CheckFailed(_failed(plain, symbol, wanted, message, asked)) from None
    except TypeError:
        raise KeywordError(
            f"The {asked.what} is {shown(value)}, which cannot be compared with {shown(expected)} by {symbol!r}."
        ) from None
    except re.error as error:
        raise KeywordError(f"{expected!r} is no pattern that can be searched for: {error.msg}.") from None
    except RuntimeError as error:  # what Robot raises for an expression that cannot be evaluated
        # The operator is for those who know Python; the name of its exception helps nobody.
        raise KeywordError(_EXCEPTION.sub("", str(error))) from None
    return value if symbol not in _RAW and symbol != "$" else result


def _refuse_unknown(kind: type[Enum], expected: str) -> None:
    """A name that does not exist is never right, whatever the QMS says. Raises KeywordError with those that do."""
    names = [str(member.value) for member in kind]
    if expected not in names:
        raise KeywordError(
            f"There is no {noun(kind)} {expected!r}.{did_you_mean(expected, names)} There are: {', '.join(names)}."
        )


def _failed(value: Any, symbol: str, wanted: Any, message: str | None, asked: Asked) -> str:
    verdict = Verdict(
        title=f"The {asked.what}",
        passed=False,
        expected=_EXPECTED[symbol].format(shown(wanted)),
        actual=shown(value),
        blame=asked.blame,
        look_at=asked.look_at,
    )
    if not message:
        return verdict.message
    # The places that the assertion engine's own messages have; other braces are the tester's.
    own = message.replace("{value}", shown(value)).replace("{expected}", shown(wanted))
    return f"{own}\n{verdict.message}"


def _alike(value: Any, expected: Any, symbol: str) -> Any:
    if isinstance(expected, Enum):
        expected = expected.value
    if not isinstance(expected, str):
        if isinstance(value, timedelta) and isinstance(expected, int | float):
            return timedelta(seconds=expected)
        return expected
    text = expected.strip()
    if value is None:
        return None if text.lower() == "none" else expected
    if symbol in _TEXTUAL:
        return expected
    try:
        if isinstance(value, bool):
            return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
        if isinstance(value, int | float):
            return float(text)
        if isinstance(value, timedelta):
            return timedelta(seconds=timestr_to_secs(text))
        if isinstance(value, datetime):
            return datetime.fromisoformat(text)
    except (KeyError, ValueError):
        raise KeywordError(
            f"{expected!r} cannot be read as {_kind(value)}, which the value {shown(value)} is."
        ) from None
    if isinstance(value, list) and symbol in ("==", "!="):
        return [part.strip() for part in text.split(",") if part.strip()]
    return expected


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "a number"
    return "a time" if isinstance(value, timedelta) else "a date and time in the form 2026-01-31T12:00:00+00:00"
