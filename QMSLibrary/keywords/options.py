"""Calls as testers write them: misspelled options, too many and too few values are answered with what there is.

Robot takes ``complexty=low`` for a value in the row when there is no such option, and counts "non-named arguments". So
while tests run a keyword takes whatever comes, and says itself what it does not have.

A getter cannot take any option, because Robot would read ``>=`` and ``==`` as options, too. It takes any number of
values instead, and one of them that looks like ``name=value`` where no such value belongs is a misspelled option.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

from QMSLibrary.formats.names import did_you_mean

from .conversion import convert
from .errors import KeywordError
from .words import a_thing, shown

Argument = str | tuple[Any, ...]
_EXPECTED: Final = "assertion_expected"
_OPERATOR: Final = "assertion_operator"
_OWN_WORDS: Final = "message"
_NAMING: Final = frozenset(
    # Arguments that name somebody or something, or that say which of several is meant.
    {
        "workflow", "agent", "agents", "escalation", "alert", "rule", "name", "event", "pull_request", "environment",
        "repository", "repositories", "capabilities", "expertise", "person", "people", "actor", "role", "object",
        "acknowledged_by", "action", "title", "reason", "reasons", "checks", "text", "folder", "health_endpoint",
    }
)  # fmt: skip
_MAY_BE_EMPTY: Final = frozenset({("configure_widget", "title"), ("configure_card_on_page", "title")})
"""An empty title is none: the widget is called what it is called without one."""
_LIKE_AN_OPTION: Final = re.compile(r"([a-z_]\w*)\s?=", re.IGNORECASE)


def as_asked(arguments: Sequence[Argument]) -> list[Argument]:
    """The specification that Robot is told while tests run.

    Defaults are left out, because Robot would convert by their types, and fail where they do not fit.
    """
    call = _Call(arguments)
    options = [(name, None) for name in call.options]
    if call.is_getter:
        return [*((name, None) for name in call.row), "*more", *options]
    return [*((name, None) for name in call.row), f"*{call.rest or 'more'}", *options, f"**{call.others or 'options'}"]


def understood(
    keyword: str,
    arguments: Sequence[Argument],
    types: Mapping[str, Any],
    values: Sequence[Any],
    named: Mapping[str, Any],
) -> tuple[list[Any], dict[str, Any]]:
    """The values and options of a call, each as the type that the keyword takes.

    Raises KeywordError for an option that the keyword does not have, for too many or too few values, and for a value
    that is not what it must be.
    """
    call = _Call(arguments)
    said = title(keyword)
    if call.is_getter:
        values, named = _getter(said, call, values, named)
    if not call.others:
        for option in named:
            if option not in call.known:
                raise _unknown(said, call, option)
    if len(values) > len(call.row) and not call.rest:
        raise _too_many(said, call, values[len(call.row)])
    given = dict(zip(call.row, values, strict=False)) | dict(named)
    for name in call.required:
        if given.get(name) is None:
            raise KeywordError(f"`{said}` needs a value for {name!r}. In a row it takes: {', '.join(call.row)}.")
    names = [*call.row, *[call.rest] * len(values)]
    for name, value in [*zip(names, values, strict=False), *named.items()]:
        if name in (*call.known, call.rest):  # what else there is are values of the tester's own
            _refuse_empty(keyword, name, value, optional=name not in call.required)
    converted = [convert(name, types.get(name, Any), value) for name, value in zip(names, values, strict=False)]
    return converted, {name: convert(name, types.get(name, Any), value) for name, value in named.items()}


def _refuse_empty(keyword: str, name: str, value: Any, *, optional: bool) -> None:
    """A name that is empty is nearly always a variable that has no value, and it must not mean everything, or what is
    meant without it.
    """
    if name not in _NAMING or (keyword, name) in _MAY_BE_EMPTY:
        return
    empty = isinstance(value, str) and not value.strip()
    if empty or (isinstance(value, list | tuple) and any(isinstance(one, str) and not one.strip() for one in value)):
        what = "is empty" if empty else "has an empty text in it"
        without = f", or leave {name} out" if optional else ""
        raise KeywordError(
            f"`{title(keyword)}`: {name} {what}. Perhaps a variable has no value here. Write what is meant{without}."
        )


def title(keyword: str) -> str:
    """A keyword as it is written in a table: ``Wait For Step``."""
    return keyword.replace("_", " ").title()


class _Call:
    """What a keyword takes: values in a row, then options by name."""

    def __init__(self, arguments: Sequence[Argument]) -> None:
        self.row: list[str] = []
        self.required: list[str] = []
        self.options: list[str] = []
        self.rest = self.others = ""
        in_row = True
        for one in arguments:
            name = one if isinstance(one, str) else str(one[0])
            if name.startswith("**"):
                self.others = name[2:]
            elif name.startswith("*"):
                self.rest, in_row = name[1:], False
            else:
                (self.row if in_row else self.options).append(name)
                if isinstance(one, str):
                    self.required.append(name)
        self.is_getter = _EXPECTED in self.row
        if self.is_getter:
            # A tester's own message may be the last in the row, however Robot handed it over.
            self.row.remove(_OWN_WORDS)
            self.options.insert(0, _OWN_WORDS)
        self.known = [*self.row, *self.options]


def _getter(
    said: str, call: _Call, values: Sequence[Any], named: Mapping[str, Any]
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    for name, value in zip([*call.row, *[""] * len(values)], values, strict=False):
        # What is expected may hold anything.
        if name != _EXPECTED and isinstance(value, str) and (option := _LIKE_AN_OPTION.match(value)):
            raise _unknown(said, call, option.group(1))
    place = call.row.index(_OPERATOR)
    operator = values[place] if len(values) > place else named.get(_OPERATOR)
    # What cannot be an operator is refused as such, later.
    if isinstance(operator, str | Enum) and len(values) <= place + 1 and _EXPECTED not in named:
        raise KeywordError(
            f"`{said}` has the operator {shown(operator)!r} and nothing after it. Write what is expected: "
            "state    ==    COMPLETED"
        )
    own = values[len(call.row) :]
    if len(own) > 1 or (own and _OWN_WORDS in named):
        raise _too_many(said, call, own[-1])
    return values[: len(call.row)], {**named, _OWN_WORDS: own[0]} if own else named


def _unknown(said: str, call: _Call, option: str) -> KeywordError:
    known = call.options if call.is_getter else call.known
    advice = (
        "A check is written in cells of its own: state    ==    COMPLETED; words with an equals sign: message=a=b."
        if call.is_getter
        else "A text with an equals sign that is no option is written with a backslash before it: a\\=b."
    )
    hint = did_you_mean(option, known)
    return KeywordError(f"`{said}` has no option {option!r}.{hint} It has: {', '.join(known) or 'none'}. {advice}")


def _too_many(said: str, call: _Call, value: Any) -> KeywordError:
    row = [*call.row, *[_OWN_WORDS] * call.is_getter]
    options = ", ".join(f"{name}=…" for name in call.options if name not in row)
    return KeywordError(
        f"`{said}` has one value too many: {a_thing(value)}. In a row it takes: {', '.join(row) or 'nothing'}."
        + (f" By name: {options}." if options else "")
    )
