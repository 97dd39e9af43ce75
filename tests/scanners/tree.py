"""Every flaw in every language that can have it, flawed and mended, as files that scanners can look through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from QMSLibrary.data import create_pull_request, fix_pull_request
from QMSLibrary.data.flaws import catalogue

SEED = "scanners"
LANGUAGES = ("python", "typescript", "javascript")


@dataclass(frozen=True)
class Case:
    """A flaw in a language: the files with it and without it, and where it is."""

    flaw: str
    language: str
    flawed: dict[str, str]
    mended: dict[str, str]

    @property
    def place(self) -> tuple[str, range]:
        """The file that has the flaw, and the lines of the flawed function."""
        archetype = catalogue()[self.flaw].code[self.language].function
        name = re.sub("parcels?", r"\\w+", archetype, flags=re.IGNORECASE)
        head = re.compile(rf"^(?:export )?(?:async )?(?:def|function) {name}\(")
        for path, text in self.flawed.items():
            lines = text.split("\n")
            for first, line in enumerate(lines, 1):
                if head.match(line):
                    # No function of the templates that has a flaw has an empty line in it.
                    last = next(number for number, one in enumerate(lines[first:], first) if not one.strip())
                    return path, range(first, last + 1)
        raise AssertionError(f"No function like {archetype} in {', '.join(self.flawed)}")


@cache
def cases() -> tuple[Case, ...]:
    """All of them, always the same."""
    return tuple(
        _case(flaw.type, language) for flaw in catalogue().values() for language in LANGUAGES if language in flaw.code
    )


def _case(flaw: str, language: str) -> Case:
    wish = {f"{catalogue()[flaw].kind}_issues": flaw}
    pull_request = create_pull_request(
        seed=SEED, language=language, files=4, lines_changed=90, code_style=1, test_coverage=100, **wish
    )
    flawed, mended = (
        {file.path: file.content or "" for file in one.files} for one in (pull_request, fix_pull_request(pull_request))
    )
    return Case(flaw, language, flawed, mended)


def write(root: Path) -> None:
    """``flawed/python/xss/app/…`` and ``mended/python/xss/app/…``, and so on."""
    for case in cases():
        for kind, files in (("flawed", case.flawed), ("mended", case.mended)):
            for path, text in files.items():
                target = root / kind / case.language / case.flaw / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
