"""How the changes of a pull request are spread over commits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from QMSLibrary.contract.pull_requests import PullRequest

from .trees import Trees

SMALL: Final = 5
"""Up to so many files are one commit."""
_MANIFESTS: Final = ("package.json", "requirements.txt", "pyproject.toml", "dockerfile", "makefile")


@dataclass(frozen=True)
class Commit:
    """One commit: its message and the paths that it changes."""

    message: str
    paths: list[bytes]


def commits_of(pull_request: PullRequest, trees: Trees) -> list[Commit]:
    """One commit for a small change, else tests, documents and settings before the code.

    The last one carries title and description, as the one that opens a pull request does.
    """
    changed = [path for path in {**trees.base, **trees.head} if trees.base.get(path) != trees.head.get(path)]
    heading = re.sub(r"\s+", " ", pull_request.title.replace("\0", " ")).strip() or "(no subject)"
    body = pull_request.description.replace("\0", "").strip()
    message = f"{heading}\n\n{body}\n" if body else f"{heading}\n"
    if len(changed) <= SMALL:
        return [Commit(message, changed)]
    match = re.match(r"[a-z]+(\([^)]*\))?!?: (.*)", heading)
    scope, subject = (match[1] or "", match[2]) if match else ("", heading)
    groups: dict[str, list[bytes]] = {}
    for path in sorted(changed):
        groups.setdefault(_kind(path), []).append(path)
    last = next(kind for kind in ("source", "test", "docs", "chore") if kind in groups)
    words = {
        "chore": f"chore{scope}: prepare the settings",
        "docs": f"docs{scope}: describe what changes",
        "test": f"test{scope}: say what is expected",
    }
    commits = [
        Commit(f"{words[kind]}\n\nPart of: {subject}\n", groups[kind])
        for kind in words
        if kind in groups and kind != last
    ]
    sources = groups[last]
    if len(sources) > SMALL and last == "source":
        half = len(sources) // 2
        commits.append(Commit(f"refactor{scope}: lay the ground\n\nPart of: {subject}\n", sources[:half]))
        sources = sources[half:]
    return [*commits, Commit(message, sources)]


def _kind(path: bytes) -> str:
    place = PurePosixPath(path.decode("utf-8", "replace").lower())
    if "test" in place.name or any(part in ("test", "tests", "__tests__", "spec") for part in place.parts[:-1]):
        return "test"
    if place.suffix in (".md", ".rst", ".txt") and place.name not in _MANIFESTS:
        return "docs"
    if place.name in _MANIFESTS or place.suffix in (".yaml", ".yml", ".json", ".toml", ".ini"):
        return "chore"
    return "source"
