"""What is wrong with a value that is no contract model, in words: pydantic's own name Python's types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be less than {lt:g}",
    "finite_number": "must be a number",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must have the form {pattern}",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "json_invalid": "is not JSON: {error}",
    "timezone_aware": "must say its time zone",
}
_FORMS: Final = {
    r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$": "owner/name",
    r"^[A-Za-z0-9._-]+$": "letters, digits and . _ - without blanks",
    r"^[A-Za-z0-9._#-]+$": "letters, digits and . _ # - without blanks",
    r"^[0-9a-f]{40}$": "40 digits of a commit's hash",
}
"""Patterns that have a name of their own."""
_KINDS: Final = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "yes or no",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "dict": "an object with fields",
    "model": "an object with fields",
    "dataclass": "an object with fields",
    "datetime": "a date and time",
    "date": "a date",
    "time": "a time",
    "time_delta": "a time",
    "url": "an address",
}


def in_words(fault: ErrorDetails | Mapping[str, Any]) -> str:
    """One fault that pydantic found: ``must be at most 5``."""
    kind, context = str(fault["type"]), fault.get("ctx", {})
    if kind in ("string_too_short", "too_short") and context.get("min_length") == 1:
        return "must not be empty"
    if kind == "string_pattern_mismatch" and context.get("pattern") in _FORMS:
        return f"must be written as {_FORMS[context['pattern']]}"
    if kind in _WORDS:
        return _WORDS[kind].format_map(context)
    if kind in ("value_error", "assertion_error"):
        return f"is not right: {context.get('error', fault['msg'])}"
    for name in sorted(_KINDS, key=len, reverse=True):  # time_delta_parsing is no fault of a time
        if kind.startswith(f"{name}_") or kind == name:
            return f"must be {_KINDS[name]}"
    return f"is not right ({kind.replace('_', ' ')})"


def faults(error: ValidationError, most: int = 3) -> list[str]:
    """The first faults, each with its field: ``rating must be at most 5``."""
    told = []
    for one in error.errors(include_url=False)[:most]:
        place = ".".join(str(part) for part in one["loc"]) or "it"
        plain = isinstance(one["input"], str | int | float) and one["type"] != "json_invalid"
        told.append(f"{place} {in_words(one)}" + (f" (got {one['input']!r:.60})" if plain else ""))
    more = error.error_count() - most
    return [*told, f"and {more} more"] if more > 0 else told


def wanted(error: ValidationError) -> str:
    """What the first faulty value should have been: ``a number``, ``at most 1``."""
    return in_words(error.errors(include_url=False)[0]).removeprefix("must be ")
