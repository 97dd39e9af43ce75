"""The unified diff of a pull request, as git writes it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from QMSLibrary.contract.pull_requests import PullRequest

from .git_command import Git
from .repository import import_trees
from .trees import trees_of


def unified_diff(pull_request: PullRequest, *, context: int = 3) -> str:
    """What ``git diff base...head`` would print, with ``context`` unchanged lines around each change.

    ``git apply`` takes it on the base; lines added and taken out are those that the pull request counts. Bytes that are
    no UTF-8 are kept as surrogate escapes, so that ``text.encode("utf-8", "surrogateescape")`` is the diff to the byte.

    WishError when it is not known what was there before; GitError when git does not take a path.
    """
    trees = trees_of(pull_request)
    with tempfile.TemporaryDirectory(prefix="qms-diff-") as folder:
        git = Git(Path(folder), own=True)
        base, head = import_trees(git, trees)
        options = ("--no-color", "--no-ext-diff", "--no-textconv", "--binary", "-M", "-r", "-p", f"-U{context}")
        return git.output("diff-tree", *options, base, head).decode("utf-8", "surrogateescape")
