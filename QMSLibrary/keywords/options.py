"""Options as testers write them: misspelled ones, and yes or no.

Robot takes ``complexty=low`` for a positional argument when there is no such option, and says that there are too many;
and where an option has a default, it takes any word for yes. Both are the commonest mistakes in a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from .errors import KeywordError
from .types import yes_or_no

Argument = str | tuple[Any, ...]


def with_any(arguments: Sequence[Argument]) -> list[Argument]:
    """The specification of a keyword that takes any option; `refuse_unknown` then says which there are."""
    names = [_spelled(one) for one in arguments]
    # Where there is an assertion operator nothing is added: ``>=`` would be read as an option, too.
    if _takes_any(names) or "assertion_operator" in names:
        return list(arguments)
    return [*arguments, "**options"]


def refuse_unknown(keyword: str, arguments: Sequence[Argument], given: Iterable[str]) -> None:
    """Raises KeywordError for an option that the keyword does not have, with those that it has."""
    names = [_spelled(one) for one in arguments]
    if _takes_any(names):
        return
    known = [one for one in names if not one.startswith("*")]
    for option in given:
        if option not in known:
            near = get_close_matches(option, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise KeywordError(
                f"`{keyword.replace('_', ' ').title()}` has no option {option!r}.{hint} It has: "
                f"{', '.join(known) or 'none'}. A text with an equals sign that is no option is written with a "
                "backslash before it: a\\=b."
            )


def with_truth(types: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` with every yes or no made True or False. Raises KeywordError for any other word."""
    found = dict(given)
    for option, value in given.items():
        if types.get(option) is bool and not isinstance(value, bool):
            try:
                found[option] = yes_or_no(value)
            except ValueError as error:
                raise KeywordError(f"{option}: {error}") from None
    return found


def _spelled(argument: Argument) -> str:
    return argument if isinstance(argument, str) else str(argument[0])


def _takes_any(names: Iterable[str]) -> bool:
    return any(name.startswith("**") for name in names)
