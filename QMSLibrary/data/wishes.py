"""What somebody wants a pull request to be like, read and checked before anything is made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .errors import WishError, unknown
from .flaws import FlawWish, catalogue, read_flaws
from .operations import LANGUAGES, LAYERS, PATTERNS
from .personas import Persona, persona

MAXIMUM_FILES: Final = 500
"""Files of a generated pull request. A QMS takes more; nobody writes more in one go."""
MAXIMUM_LINES_PER_FILE: Final = 1000
"""Changed lines, on average."""
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_CHANGES = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,79}")


class ChangeKind(StrEnum):
    """What a change is about; the word is its Conventional Commit type."""

    FEATURE = "feat"
    FIX = "fix"
    REFACTORING = "refactor"
    PERFORMANCE = "perf"
    DOCUMENTATION = "docs"
    CHORE = "chore"

    @property
    def has_code(self) -> bool:
        """Whether such a change touches source files."""
        return self not in (ChangeKind.DOCUMENTATION, ChangeKind.CHORE)


_KIND_OF_WORD: Final = {
    **dict.fromkeys(("fix", "bugfix", "hotfix", "bug", "quickfix", "correction"), ChangeKind.FIX),
    **dict.fromkeys(("refactoring", "refactor", "cleanup", "restructuring"), ChangeKind.REFACTORING),
    **dict.fromkeys(("performance", "perf", "optimisation", "optimization"), ChangeKind.PERFORMANCE),
    **dict.fromkeys(("documentation", "docs"), ChangeKind.DOCUMENTATION),
    **dict.fromkeys(("dependency", "dependencies", "chore", "upgrade"), ChangeKind.CHORE),
}


@dataclass(frozen=True)
class Size:
    """How big a complexity is: the lowest and the highest number of files and of changed lines per file."""

    files: tuple[int, int]
    lines_per_file: tuple[int, int]
    domains: int


COMPLEXITIES: Final = {
    "low": Size((3, 6), (14, 34), 1),
    "medium": Size((9, 16), (32, 60), 1),
    "high": Size((20, 34), (45, 75), 2),
}


@dataclass(frozen=True)
class Wishes:
    """Everything that may be asked of a generated pull request. None means: as the persona or the complexity has it."""

    changes: str
    kind: ChangeKind
    complexity: str
    author: Persona
    files: int | None
    lines_changed: int | None
    language: str
    layers: tuple[str, ...]
    test_coverage: float | None
    """Percent."""
    code_style: float | None
    """0–1."""
    missing_tests: bool
    missing_documentation: bool
    flaws: tuple[FlawWish, ...]
    repository: str
    base_branch: str
    title: str | None
    description: str | None


def read_wishes(
    *,
    changes: str = "feature_implementation",
    complexity: str = "medium",
    author: str = "senior_developer",
    files: Any = None,
    lines_changed: Any = None,
    language: str = "typescript",
    code_patterns: Any = None,
    test_coverage: Any = None,
    code_style: Any = None,
    missing_tests: bool = False,
    missing_documentation: bool = False,
    security_issues: Any = None,
    performance_issues: Any = None,
    repository: str | None = None,
    base_branch: str = "main",
    title: str | None = None,
    description: str | None = None,
) -> Wishes:
    """Read and check. WishError when a wish names something unknown or contradicts another one."""
    wishes = Wishes(
        changes=_changes(changes),
        kind=kind_of(changes),
        complexity=_choice("complexity", complexity, COMPLEXITIES),
        author=persona(str(author)),
        files=_whole("files", files, 1, MAXIMUM_FILES),
        lines_changed=_whole("lines_changed", lines_changed, 1, MAXIMUM_FILES * MAXIMUM_LINES_PER_FILE),
        language=_choice("language", language, LANGUAGES),
        layers=_layers(code_patterns),
        test_coverage=_number("test_coverage", test_coverage, 1, 100, "percent"),
        code_style=_number("code_style", code_style, 0, 1, "the share of tidy functions"),
        missing_tests=bool(missing_tests),
        missing_documentation=bool(missing_documentation),
        flaws=(
            *read_flaws(security_issues, "security", "security_issues"),
            *read_flaws(performance_issues, "performance", "performance_issues"),
        ),
        repository=repository or "creo/creo-roo-commander",
        base_branch=base_branch,
        title=title,
        description=description,
    )
    _agree(wishes)
    return wishes


def kind_of(changes: str) -> ChangeKind:
    """``quick_fix`` is a fix; words that say nothing make a feature."""
    parts = re.split(r"[ _-]+", changes.strip().lower())
    return next((_KIND_OF_WORD[part] for part in parts if part in _KIND_OF_WORD), ChangeKind.FEATURE)


def smallest_file_count(wishes: Wishes) -> tuple[int, str]:
    """The fewest files that can hold what is wanted, and why."""
    if not wishes.kind.has_code:
        return 1, "one file is enough"
    if wishes.missing_tests:
        return 1, "one source file is enough"
    return 2, "a source file and its test are two files (missing_tests=True asks for none)"


def _agree(wishes: Wishes) -> None:
    if not _REPOSITORY.fullmatch(wishes.repository):
        raise WishError(f"repository={wishes.repository!r}: write it as owner/name, like 'creo/creo-roo-commander'.")
    smallest, why = smallest_file_count(wishes)
    if wishes.files is not None and wishes.files < smallest:
        raise WishError(f"files={wishes.files} is too few: {why}.")
    _agree_on_lines(wishes)
    if wishes.missing_tests and wishes.test_coverage is not None:
        raise WishError("missing_tests=True and test_coverage contradict each other: leave one of them out.")
    if not wishes.kind.has_code and wishes.test_coverage is not None:
        raise WishError(
            f"changes={wishes.changes!r} touches no code, so there is nothing that test_coverage could cover."
        )
    if wishes.missing_documentation and wishes.kind is ChangeKind.DOCUMENTATION:
        raise WishError("changes='documentation' and missing_documentation=True contradict each other.")
    for wish in wishes.flaws:
        if not wishes.kind.has_code:
            raise WishError(f"changes={wishes.changes!r} touches no code, so there is no place for {wish.type}.")
        languages = catalogue()[wish.type].code
        if wishes.language not in languages:
            raise WishError(f"{wish.type} does not exist in {wishes.language}; it does in: {', '.join(languages)}.")


def _agree_on_lines(wishes: Wishes) -> None:
    if wishes.lines_changed is None:
        return
    smallest, _ = smallest_file_count(wishes)
    least = wishes.files or smallest
    if wishes.lines_changed < least:
        raise WishError(
            f"lines_changed={wishes.lines_changed} is too few for {least} files: every file changes at least one line."
        )
    most = (wishes.files or MAXIMUM_FILES) * MAXIMUM_LINES_PER_FILE
    if wishes.lines_changed > most:
        raise WishError(
            f"lines_changed={wishes.lines_changed} is too many for {wishes.files or MAXIMUM_FILES} files: "
            f"at most {MAXIMUM_LINES_PER_FILE} per file on average, that is {most}."
        )


def _changes(value: str) -> str:
    if not _CHANGES.fullmatch(str(value).strip()):
        raise WishError(f"changes={value!r}: a few words are expected, like 'feature_implementation' or 'quick_fix'.")
    return str(value).strip()


def _choice(option: str, value: Any, choices: Iterable[str]) -> str:
    key = str(value).strip().lower()
    if key not in choices:
        raise unknown(option, value, choices)
    return key


def _layers(value: Any) -> tuple[str, ...]:
    if value is None:
        value = PATTERNS
    names = [part.strip() for part in value.split(",")] if isinstance(value, str) else [str(part) for part in value]
    found = [layer for name in names if name for layer in PATTERNS[_choice("code pattern", name, PATTERNS)]]
    if not found:
        raise WishError(f"code_patterns names no pattern. Choose from: {', '.join(PATTERNS)}.")
    return tuple(layer for layer in LAYERS if layer in found)


def _whole(option: str, value: Any, lowest: int, highest: int) -> int | None:
    if value is None:
        return None
    try:
        number = int(str(value).replace("_", ""))
    except ValueError:
        raise WishError(f"{option}={value!r}: a whole number is expected.") from None
    if not lowest <= number <= highest:
        raise WishError(f"{option}={number}: a number from {lowest} to {highest} is expected.")
    return number


def _number(option: str, value: Any, lowest: float, highest: float, meaning: str) -> float | None:
    if value is None:
        return None
    try:
        number = float(str(value).rstrip("% "))
    except ValueError:
        raise WishError(f"{option}={value!r}: a number is expected ({meaning}).") from None
    if not lowest <= number <= highest:
        raise WishError(f"{option}={number:g}: a number from {lowest:g} to {highest:g} is expected ({meaning}).")
    return number
