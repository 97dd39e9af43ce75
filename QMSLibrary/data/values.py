"""Reads single values of a wish; what is wrong with one is said in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from .errors import WishError, unknown
from .operations import PATTERNS

_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_CHANGES = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,79}")


def changes(value: str) -> str:
    """What a change is about, in a few words. WishError for anything else."""
    if not _CHANGES.fullmatch(str(value).strip()):
        raise WishError(f"changes={value!r}: a few words are expected, like 'feature_implementation' or 'quick_fix'.")
    return str(value).strip()


def choice(option: str, value: Any, choices: Iterable[str]) -> str:
    """One of several words. WishError for anything else."""
    key = str(value).strip().lower()
    if key not in choices:
        raise unknown(option, value, choices)
    return key


def patterns(value: Any) -> tuple[str, ...]:
    """Names of code patterns, in their usual order; empty when nothing was said. WishError for anything else."""
    if value is None:
        return ()
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, Iterable):
        raise WishError(f"code_patterns={value!r}: names are expected, like 'mvc, service_layer'.")
    wanted = [choice("code pattern", name, PATTERNS) for name in names if str(name).strip()]
    if not wanted:
        raise WishError(f"code_patterns names no pattern. Choose from: {', '.join(PATTERNS)}.")
    return tuple(pattern for pattern in PATTERNS if pattern in wanted)


def truth(option: str, value: Any) -> bool:
    """Yes or no, in the words that people type. WishError for anything else."""
    key = str(value).strip().lower()
    if key not in _TRUTHS:
        raise WishError(f"{option}={value!r}: yes or no is expected (True or False).")
    return _TRUTHS[key]


_TRUTHS: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0", "none", ""), False),
}
# https://git-scm.com/docs/git-check-ref-format
_NO_BRANCH = re.compile(r"^[-/.@]$|^[-/]|[/.]$|\.lock$|//|\.\.|@\{|(^|/)\.|[\x00-\x20\x7f~^:?*\[\\]|\.lock/")


def branch(value: Any) -> str:
    """A branch that git takes. WishError for anything else."""
    name = str(value)
    if not name or len(name) > 255 or _NO_BRANCH.search(name):
        raise WishError(f"base_branch={name!r}: git takes no such name for a branch. Write it like 'main'.")
    return name


def repository(value: Any) -> str:
    """``owner/name``. WishError for anything else."""
    name = "creo/creo-roo-commander" if value is None else str(value)
    if not _REPOSITORY.fullmatch(name) or len(name) > 256:
        raise WishError(f"repository={name!r}: write it as owner/name, like 'creo/creo-roo-commander'.")
    return name


def text(option: str, value: Any, longest: int, *, one_line: bool) -> str | None:
    """A text, or None. WishError for anything else."""
    if value is None:
        return None
    text = str(value)
    if len(text) > longest:
        raise WishError(f"{option} has {len(text)} characters; at most {longest} are allowed.")
    if one_line and (not text.strip() or "\n" in text or "\r" in text):
        raise WishError(f"{option}={text!r}: one line of text is expected.")
    return text


def whole(option: str, value: Any, lowest: int, highest: int) -> int | None:
    """A whole number in a range, or None. WishError for anything else."""
    if value is None:
        return None
    try:
        number = int(str(value).replace("_", ""))
    except ValueError:
        raise WishError(f"{option}={value!r}: a whole number is expected.") from None
    if not lowest <= number <= highest:
        raise WishError(f"{option}={number}: a number from {lowest} to {highest} is expected.")
    return number


def number(option: str, value: Any, lowest: float, highest: float, meaning: str) -> float | None:
    """A number in a range, or None. WishError for anything else."""
    if value is None:
        return None
    try:
        number = float(str(value).rstrip("% "))
    except ValueError:
        raise WishError(f"{option}={value!r}: a number is expected ({meaning}).") from None
    if not lowest <= number <= highest:
        raise WishError(f"{option}={number:g}: a number from {lowest:g} to {highest:g} is expected ({meaning}).")
    return number
