"""What a keyword fails with: words for a tester."""

from __future__ import annotations

from pydantic import ValidationError

from QMSLibrary.contract.faults import faults


class KeywordError(ValueError):
    """Something in the suite is not as it must be; the text says what, and what to write instead."""

    ROBOT_SUPPRESS_NAME = True

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NoSuchEntry(KeywordError):  # noqa: N818 - named as KeywordError is
    """A list has fewer entries than the one that was asked for. What is being waited for may still come."""


class CheckFailed(AssertionError):  # noqa: N818 - it is a verdict, not a mistake
    """A check did not hold."""

    ROBOT_SUPPRESS_NAME = True


def plain_error(error: Exception, keyword: str) -> str:
    """An error in words: without the names of Python's types and exceptions."""
    if isinstance(error, ValidationError):
        return f"`{keyword}`: {'; '.join(faults(error))}."
    if isinstance(error, KeyError):
        return str(error.args[0]) if error.args else "A key is missing."
    return str(error)
