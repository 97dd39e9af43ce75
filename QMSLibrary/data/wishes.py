"""What somebody wants a pull request to be like, read and checked before anything is made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from . import values
from .errors import WishError
from .flaws import FlawWish, catalogue, read_flaws
from .operations import LANGUAGES, LAYERS, OTHER_LANGUAGES, PATTERNS
from .personas import Persona, persona

MAXIMUM_FILES: Final = 500
"""Files of a generated pull request. A QMS takes more; nobody writes more in one go."""
MAXIMUM_LINES_PER_FILE: Final = 1000
"""Changed lines, on average."""
MINIMUM_COVERAGE: Final = 30
"""Percent. What runs at import, and one tested function in each file, make about this much of a small file."""


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
WITHOUT_CODE: Final = {
    "low": Size((1, 3), (12, 28), 1),
    "medium": Size((3, 6), (18, 34), 1),
    "high": Size((6, 12), (24, 40), 2),
}
"""The same for changes without code: a table, an image or a page is done in fewer files. The lines are about those of a
text whose length is free; how many are changed follows from the texts."""
USUAL_LINES: Final = {"sql": 20, "dockerfile": 18, "yaml": 30}
"""About as many lines as a file has that nobody can make longer at will."""


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
    patterns: tuple[str, ...]
    """Those that were asked for; empty when it was left open."""
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

    @property
    def has_code(self) -> bool:
        """Whether source files are among the changed ones."""
        return self.kind.has_code and self.language in LANGUAGES

    @property
    def size(self) -> Size:
        """What the complexity says about such a change."""
        return (COMPLEXITIES if self.has_code else WITHOUT_CODE)[self.complexity]

    @property
    def lines_follow(self) -> bool:
        """Whether the changed lines follow from the files: nobody asked for a number, and no code needs one."""
        return self.lines_changed is None and not self.has_code

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that source files may belong to."""
        found = {layer for pattern in self.patterns or PATTERNS for layer in PATTERNS[pattern]}
        return tuple(layer for layer in LAYERS if layer in found)


@dataclass(frozen=True)
class Need:
    """What a pull request must have at least, to hold what is wanted."""

    sources: int
    tests: int
    companions: int
    documents: int
    flawed_lines: int
    """The lines of the functions with flaws: they are part of the change."""
    reasons: tuple[str, ...]

    @property
    def files(self) -> int:
        """The fewest files."""
        return self.sources + self.tests + self.companions + self.documents

    @property
    def lines(self) -> int:
        """The fewest changed lines."""
        return self.files + self.flawed_lines


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
    written_in = values.choice("language", language, (*LANGUAGES, *OTHER_LANGUAGES))
    wishes = Wishes(
        changes=values.changes(changes),
        kind=ChangeKind.DOCUMENTATION if written_in == "markdown" else kind_of(str(changes)),
        complexity=values.choice("complexity", complexity, COMPLEXITIES),
        author=persona(str(author)),
        files=values.whole("files", files, 1, MAXIMUM_FILES),
        lines_changed=values.whole("lines_changed", lines_changed, 1, MAXIMUM_FILES * MAXIMUM_LINES_PER_FILE),
        language=written_in,
        patterns=values.patterns(code_patterns),
        test_coverage=values.number("test_coverage", test_coverage, MINIMUM_COVERAGE, 100, "percent"),
        code_style=values.number("code_style", code_style, 0, 1, "the share of tidy functions"),
        missing_tests=values.truth("missing_tests", missing_tests),
        missing_documentation=values.truth("missing_documentation", missing_documentation),
        flaws=(
            *read_flaws(security_issues, "security", "security_issues"),
            *read_flaws(performance_issues, "performance", "performance_issues"),
        ),
        repository=values.repository(repository),
        base_branch=values.branch(base_branch),
        title=values.text("title", title, 256, one_line=True),
        description=values.text("description", description, 65536, one_line=False),
    )
    _agree(wishes)
    return wishes


def kind_of(changes: str) -> ChangeKind:
    """``quick_fix`` is a fix; words that say nothing make a feature."""
    parts = re.split(r"[ _-]+", changes.strip().lower())
    return next((_KIND_OF_WORD[part] for part in parts if part in _KIND_OF_WORD), ChangeKind.FEATURE)


@lru_cache(maxsize=64)
def need_of(wishes: Wishes) -> Need:
    """The least that can hold what is wanted, and why."""
    high = COMPLEXITIES[wishes.complexity].domains > 1
    if not wishes.has_code:
        far = (2 - wishes.missing_documentation) if high else 0
        documents = (1 + high) if wishes.kind is ChangeKind.DOCUMENTATION else 0
        return Need(0, 0, far + (0 if documents else 1 + high), documents, 0, (_FAR_REACHING,) if high else ())
    sources, reasons = max(1, len(wishes.patterns)), list[str]()
    if len(wishes.patterns) > 1:
        reasons.append(f"each of the {len(wishes.patterns)} code patterns shows in a source file of its own")
    if high:
        sources = max(2, sources) + 1
        reasons.append(_FAR_REACHING)
    if not wishes.missing_tests:
        reasons.append("a source file and its test are two files (missing_tests=True asks for none)")
    flawed = sum(_flawed_lines(wish, wishes.language) for wish in wishes.flaws)
    companions = (2 - wishes.missing_documentation) if high else 0
    return Need(sources, 0 if wishes.missing_tests else 1, companions, 0, flawed, tuple(reasons))


_FAR_REACHING: Final = (
    "complexity='high' means that it concerns two domains and what they share, the owners of both"
    " and, unless documentation is to be missing, a record of the decision"
)


def _flawed_lines(wish: FlawWish, language: str) -> int:
    return catalogue()[wish.type].code[language].flawed.count("\n")


def _agree(wishes: Wishes) -> None:
    _agree_on_code(wishes)
    need = need_of(wishes)
    if wishes.files is not None and wishes.files < need.files:
        why = "; ".join(need.reasons) or "one file is enough"
        raise WishError(f"files={wishes.files} is too few, {need.files} are needed: {why}.")
    _agree_on_lines(wishes, need)


def _agree_on_code(wishes: Wishes) -> None:
    if not wishes.has_code:
        _refuse_code_wishes(wishes)
    if wishes.missing_tests and wishes.test_coverage is not None:
        raise WishError("missing_tests=True and test_coverage contradict each other: leave one of them out.")
    if wishes.missing_documentation and wishes.kind is ChangeKind.DOCUMENTATION:
        said = "language='markdown'" if wishes.language == "markdown" else f"changes={wishes.changes!r}"
        raise WishError(f"{said} is documentation, and missing_documentation=True contradicts that.")
    for wish in wishes.flaws:
        languages = catalogue()[wish.type].code
        if wishes.language not in languages:
            raise WishError(f"{wish.type} does not exist in {wishes.language}; it does in: {', '.join(languages)}.")


def _refuse_code_wishes(wishes: Wishes) -> None:
    """Without code there is nothing that tests, style, patterns or flaws could be about."""
    by = f"language={wishes.language!r}" if wishes.language in OTHER_LANGUAGES else f"changes={wishes.changes!r}"
    if wishes.flaws:
        raise WishError(f"{by} touches no code, so there is no place for {wishes.flaws[0].type}.")
    asked = {
        "test_coverage": (wishes.test_coverage is not None, "could cover"),
        "code_style": (wishes.code_style is not None, "could be about"),
        "code_patterns": (bool(wishes.patterns), "could shape"),
        "missing_tests": (wishes.missing_tests, "could leave untested"),
    }
    for option, (is_asked, verb) in asked.items():
        if is_asked:
            raise WishError(f"{by} touches no code, so there is nothing that {option} {verb}.")


def _agree_on_lines(wishes: Wishes, need: Need) -> None:
    if wishes.lines_changed is None:
        return
    least = wishes.files or need.files
    if wishes.lines_changed < least:
        raise WishError(
            f"lines_changed={wishes.lines_changed} is too few for {least} files: every file changes at least one line."
        )
    if wishes.lines_changed < least + need.flawed_lines:
        raise WishError(
            f"lines_changed={wishes.lines_changed} is too few: the functions with the flaws have {need.flawed_lines} "
            f"lines, and every one of {least} files changes at least one more."
        )
    most = (wishes.files or MAXIMUM_FILES) * MAXIMUM_LINES_PER_FILE
    if wishes.lines_changed > most:
        raise WishError(
            f"lines_changed={wishes.lines_changed} is too many for {wishes.files or MAXIMUM_FILES} files: "
            f"at most {MAXIMUM_LINES_PER_FILE} per file on average, that is {most}."
        )
