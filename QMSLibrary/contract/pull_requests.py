"""A pull request as it is given to a QMS."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from .model import Model, Moment, Request

BRANCH_PREFIXES: Final = ("feature/", "bugfix/", "hotfix/", "chore/", "docs/")
# https://www.conventionalcommits.org/en/v1.0.0/ with the types of its common preset.
COMMIT_TYPES: Final = (
    "feat", "fix", "docs", "style", "refactor", "perf", "test", "build", "ci", "chore", "revert",
)  # fmt: skip
MINIMUM_DESCRIPTION: Final = 50
MAXIMUM_FILES: Final = 3000
"""GitHub lists at most 3,000 files of a pull request; nobody reviews more."""


class ChangeType(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"


class FileChange(Request):
    """One changed file."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    type: ChangeType = ChangeType.MODIFIED
    additions: Annotated[int, Field(ge=0)] = 0
    deletions: Annotated[int, Field(ge=0)] = 0
    content: str | None = None
    """The whole file at the head commit; None for a deleted or a binary file."""
    previous_path: str | None = None
    """Where a renamed file was."""


class PullRequest(Request):
    """A pull request with its files."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._#-]+$")]
    title: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    description: Annotated[str, StringConstraints(max_length=65536)] = ""
    author: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    repository: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$", max_length=256)]
    base_branch: Annotated[str, StringConstraints(min_length=1, max_length=255)] = "main"
    head_branch: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    head_sha: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")] | None = None
    created_at: Moment
    files: Annotated[list[FileChange], Field(min_length=1, max_length=MAXIMUM_FILES)]

    @property
    def lines_changed(self) -> int:
        """Additions and deletions of all files."""
        return sum(file.additions + file.deletions for file in self.files)


class PullRequestSummary(Model):
    """A pull request without its files' contents, as it stands in a workflow."""

    id: str
    title: str
    author: str
    repository: str
    base_branch: str
    head_branch: str
    head_sha: str | None = None
    files: int
    lines_changed: int
