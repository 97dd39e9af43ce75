"""Reads single values of a wish; what is wrong with one is said in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

from .errors import WishError, unknown
from .operations import PATTERNS

_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
LONGEST_CHANGES: Final = 80
"""Characters of what a change is about."""
_BETWEEN: Final = frozenset(" _-'’.,:/&()")
"""What may stand between the letters and digits of words."""


def changes(value: str) -> str:
    """What a change is about, in a few words of any language. WishError for anything else."""
    words = unicodedata.normalize("NFC", str(value).strip())
    strange = next((letter for letter in words if not _in_words(letter)), "")
    if strange or not 0 < len(words) <= LONGEST_CHANGES or not words[0].isalpha():
        what = f" {strange!r} belongs to no word." if strange else ""
        raise WishError(
            f"changes={str(value)[:LONGEST_CHANGES]!r}: a few words are expected, like 'feature_implementation' or "
            f"'quick_fix', or words of your own that begin with a letter, {LONGEST_CHANGES} characters at most.{what}"
        )
    return words


def _in_words(letter: str) -> bool:
    # Letters, the marks that belong to them in many scripts, and digits.
    return letter in _BETWEEN or unicodedata.category(letter)[0] in "LMN"


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
