"""Pull requests from a real git repository.

Only ``git`` itself reads the repository, with plumbing commands that no user setting changes. Nothing is written to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from QMSLibrary.contract.pull_requests import MAXIMUM_FILES, PullRequest
from QMSLibrary.data.errors import GitError
from QMSLibrary.data.identity import unique_part
from QMSLibrary.data.wording import slug

from .git_command import EMPTY_TREE, Git, repository_at
from .git_files import changed_files, trees_between
from .trees import Origin, remember_origin

_LOG: Final = ("log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%an%x00%cI%x00%s%x00%b")
_PREFIX_OF_TYPE: Final = {"fix": "bugfix", "docs": "docs", **dict.fromkeys(("chore", "build", "ci", "test"), "chore")}


@dataclass(frozen=True)
class _Ends:
    """The two ends of a range."""

    base: str
    """A commit, or the empty tree."""
    head: str
    base_name: str
    head_name: str


def pull_request_from_git(
    path: str | Path,
    range_: str = "HEAD~1..HEAD",
    *,
    author: str | None = None,
    title: str | None = None,
    description: str | None = None,
    head_branch: str | None = None,
    repository: str | None = None,
) -> PullRequest:
    """The changes of ``base..head`` (or ``base...head`` from their merge base, or one commit) as a pull request.

    Title, description and author come from the head commit unless given. The head branch is the one that the range
    names; when that is the base itself, or no branch, a name is made from the commit's type: ``feature/``, ``bugfix/``,
    ``docs/`` or ``chore/``. A binary file has no content; a submodule's content is the line that git shows for it; text
    that is not UTF-8 is read as UTF-16 when it says so and as Latin-1 otherwise; a path that is not UTF-8 is written
    with escapes.

    GitError when there is no such repository or range, when nothing was changed, or when git cannot be run.
    """
    git = repository_at(Path(path))
    ends = _ends(git, range_)
    files = changed_files(git, ends.base, ends.head)
    if not files:
        raise GitError(f"{range_!r} in {git.path} changes no file, so there is nothing to review.")
    if len(files) > MAXIMUM_FILES:
        raise GitError(f"{range_!r} in {git.path} changes {len(files)} files; a review takes at most {MAXIMUM_FILES}.")
    name, date, subject, body = git.text(*_LOG, ends.head).split("\0", 3)
    heading = title or subject.strip() or "(no subject)"
    base_branch = _branch_of(git, ends.base_name) or _main_branch(git)
    made = PullRequest(
        id=f"git-{ends.head[:12]}-{unique_part()}",
        title=heading[:256],
        description=body.strip() if description is None else description,
        author=(author or name or "unknown")[:128],
        repository=repository or _repository_name(git),
        base_branch=base_branch,
        head_branch=head_branch or _head_branch(git, ends.head_name, base_branch, heading),
        head_sha=ends.head,
        created_at=datetime.fromisoformat(date),
        files=files,
    )
    root = ends.base == EMPTY_TREE
    return remember_origin(
        made,
        Origin(
            lambda: trees_between(git, ends.base, ends.head),
            None if root else ends.base,
            lambda: 1 if root else int(git.text("rev-list", "--count", f"{ends.base}..{ends.head}")),
        ),
    )


def _ends(git: Git, range_: str) -> _Ends:
    if "..." in range_:
        left, _, right = range_.partition("...")
        base, head = _commit(git, left or "HEAD", range_), _commit(git, right or "HEAD", range_)
        common = git.try_text("merge-base", base, head)
        if not common:
            raise GitError(f"The two ends of {range_!r} in {git.path} have no common ancestor.")
        return _Ends(common, head, left or "HEAD", right or "HEAD")
    if ".." in range_:
        left, _, right = range_.partition("..")
        return _Ends(_commit(git, left or "HEAD", range_), _commit(git, right or "HEAD", range_), left, right or "HEAD")
    head = _commit(git, range_, range_)
    parents = git.text("rev-list", "--parents", "-1", head).split()[1:]
    return _Ends(parents[0] if parents else EMPTY_TREE, head, "", range_)


def _commit(git: Git, revision: str, range_: str) -> str:
    found = git.commit(revision)
    if found is not None:
        return found
    if git.commit("HEAD") is None:
        raise GitError(f"{git.path} has no commit yet.")
    hint = ""
    if match := re.fullmatch(r"(.+?)(~\d*|\^)+", revision):
        hint = f" {match[1]} may be the first commit: name that commit alone instead of a range to review it."
        if git.text("rev-parse", "--is-shallow-repository") == "true":
            hint = " The repository is a shallow clone without that commit: run `git fetch --unshallow` first."
    raise GitError(f"There is no commit {revision!r} (of the range {range_!r}) in {git.path}.{hint}")


def _branch_of(git: Git, revision: str) -> str | None:
    """The branch that a revision names: itself, a remote one without the remote's name, or what HEAD stands on."""
    if not revision or re.search(r"[~^@{}:]", revision):
        return None
    full = git.try_text("rev-parse", "--symbolic-full-name", "--end-of-options", revision) or ""
    # Old versions of git print the marker itself.
    full = full.splitlines()[-1] if full else ""
    if full.startswith("refs/heads/"):
        return full.removeprefix("refs/heads/")
    if full.startswith("refs/remotes/"):
        return full.removeprefix("refs/remotes/").partition("/")[2]
    return None


def _main_branch(git: Git) -> str:
    remote = git.try_text("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    if remote:
        return remote.partition("/")[2]
    for name in ("main", "master", "trunk"):
        if git.commit(f"refs/heads/{name}") is not None:
            return name
    return "main"


def _head_branch(git: Git, revision: str, base_branch: str, heading: str) -> str:
    named = _branch_of(git, revision)
    if named is not None and named != base_branch:
        return named[:255]
    return branch_named_after(heading)


def branch_named_after(heading: str) -> str:
    """A head branch for a change that has none, by the type of its Conventional Commit."""
    match = re.match(r"([a-z]+)(\([^)]*\))?!?: ", heading)
    kind = match[1] if match else ""
    rest = heading[match.end() :] if match else heading
    return f"{_PREFIX_OF_TYPE.get(kind, 'feature')}/{slug(rest)}"


def _repository_name(git: Git) -> str:
    url = git.try_text("config", "--get", "remote.origin.url") or ""
    match = re.search(r"([A-Za-z0-9._-]+)/([A-Za-z0-9._-]+?)(?:\.git)?/?$", url.replace(":", "/"))
    if match and ("://" in url or "@" in url):
        return f"{match[1]}/{match[2]}"
    top = git.try_text("rev-parse", "--show-toplevel") or str(git.path.resolve())
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(top).name).strip("-") or "repository"
    return f"local/{name}"
