"""Getters: find a field, and check it with an operator of the assertion engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, Final

from assertionengine import AssertionOperator, verify_assertion

from QMSLibrary.checks.asked import Asked
from QMSLibrary.checks.verdict import Verdict
from QMSLibrary.contract.model import Model, noun
from QMSLibrary.formats.names import did_you_mean

from .errors import CheckFailed, KeywordError, NoSuchEntry
from .kinds import alike
from .words import shown

_RAW: Final = frozenset({"validate", "then"})
_NEGATIVE: Final = frozenset({"!=", "not contains"})
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
        if name.lstrip("-").isdigit():
            many = f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
            raise NoSuchEntry(f"There is no entry {name}{where}: the list has {many}, counted from 0.")
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
    wanted = expected
    if symbol not in _RAW:
        plain, wanted = alike(plain, expected, symbol, asked.what)
    try:
        result = verify_assertion(plain, operator, wanted, asked.what)
    except AssertionError:
        raise CheckFailed(_failed(shown(plain), symbol, wanted, message, asked)) from None
    except TypeError:
        raise KeywordError(
            f"The {asked.what} is {shown(value)}, which cannot be compared with {shown(expected)} by {symbol!r}."
        ) from None
    except re.error as error:
        raise KeywordError(f"{expected!r} is no pattern that can be searched for: {error.msg}.") from None
    except RuntimeError as error:  # what Robot raises for an expression that cannot be evaluated
        # The operator is for those who know Python; the name of its exception helps nobody.
        raise KeywordError(_EXCEPTION.sub("", str(error))) from None
    # What is not there yet lacks everything, and that proves nothing.
    if asked.not_yet and (symbol in _NEGATIVE or (symbol in ("==", "validate") and plain in (None, [], {}, ""))):
        raise CheckFailed(_failed(shown(plain), symbol, wanted, message, asked))
    return value if symbol not in _RAW and symbol != "$" else result


def not_there(error: NoSuchEntry, operator: Operator, expected: Any, message: str | None, asked: Asked) -> Exception:
    """What to raise when the value to be checked is in no list yet: the check failed. Without one the error stands."""
    if operator is None or operator.value not in _EXPECTED:
        return error
    return CheckFailed(_failed(str(error), operator.value, expected, message, asked))


def _refuse_unknown(kind: type[Enum], expected: str) -> None:
    """A name that does not exist is never right, whatever the QMS says. Raises KeywordError with those that do."""
    names = [str(member.value) for member in kind]
    if expected not in names:
        raise KeywordError(
            f"There is no {noun(kind)} {expected!r}.{did_you_mean(expected, names)} There are: {', '.join(names)}."
        )


def _failed(seen: str, symbol: str, wanted: Any, message: str | None, asked: Asked) -> str:
    verdict = Verdict(
        title=f"The {asked.what}",
        passed=False,
        expected=_EXPECTED[symbol].format(shown(wanted)),
        actual=f"{seen}; {asked.not_yet}" if asked.not_yet else seen,
        blame=asked.blame,
        look_at=asked.look_at,
    )
    if not message:
        return verdict.message
    # The places that the assertion engine's own messages have; other braces are the tester's.
    own = message.replace("{value}", seen).replace("{expected}", shown(wanted))
    return f"{own}\n{verdict.message}"
