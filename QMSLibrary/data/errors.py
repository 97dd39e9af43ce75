"""What is said when a wish cannot be fulfilled."""

from __future__ import annotations

from collections.abc import Iterable

from QMSLibrary.formats.names import did_you_mean


class WishError(ValueError):
    """A wish that contradicts another one, or names something that does not exist."""

    ROBOT_SUPPRESS_NAME = True


class GitError(RuntimeError):
    """A repository or a range that cannot be read."""

    ROBOT_SUPPRESS_NAME = True


class PatchError(ValueError):
    """A patch that is none, that does not fit, or that reaches where it must not."""

    ROBOT_SUPPRESS_NAME = True


class PayloadError(ValueError):
    """A webhook payload that is none, or from which no pull request can be made."""

    ROBOT_SUPPRESS_NAME = True


def unknown(what: str, value: object, choices: Iterable[str]) -> WishError:
    """The error for a name that does not exist: lists those that do, and the one that was probably meant."""
    names = sorted(choices)
    return WishError(
        f"There is no {what} {str(value)!r}.{did_you_mean(value, names)} Choose one of: {', '.join(names)}."
    )
