"""What a keyword fails with: words for a tester."""

from __future__ import annotations

from pydantic import ValidationError


class KeywordError(ValueError):
    """Something in the suite is not as it must be; the text says what, and what to write instead."""

    ROBOT_SUPPRESS_NAME = True

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class CheckFailed(AssertionError):  # noqa: N818 - it is a verdict, not a mistake
    """A check did not hold."""

    ROBOT_SUPPRESS_NAME = True


def plain_error(error: Exception) -> str:
    """An error in words: pydantic's names of fields without its addresses of web pages."""
    if isinstance(error, ValidationError):
        told = []
        for one in error.errors(include_url=False, include_context=False):
            place = ".".join(str(part) for part in one["loc"]) or error.title
            told.append(f"{place}: {one['msg']} (got {one['input']!r:.80})")
        return f"{error.title} cannot be made of this: {'; '.join(told)}."
    if isinstance(error, KeyError):
        return str(error.args[0]) if error.args else "A key is missing."
    return str(error)
