"""Pull requests from a real git repository.

Only ``git`` itself reads the repository, with plumbing commands that no user setting changes. Nothing is written to it.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from QMSLibrary.contract.pull_requests import MAXIMUM_FILES, ChangeType, FileChange, PullRequest

from .errors import GitError
from .identity import unique_part
from .wording import slug

EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_TIME_LIMIT: Final = 120
_TYPES: Final = {"A": ChangeType.ADDED, "D": ChangeType.DELETED, "R": ChangeType.RENAMED}
_SUBMODULE: Final = "160000"
_PREFIX_OF_TYPE: Final = {"fix": "bugfix", "docs": "docs", **dict.fromkeys(("chore", "build", "ci", "test"), "chore")}


@dataclass(frozen=True)
class _Ends:
    """The two ends of a range."""

    base: str
    """A commit, or the empty tree."""
    head: str
    base_name: str
    head_name: str


@dataclass(frozen=True)
class _Entry:
    """One line of ``git diff --raw``."""

    mode: str
    blob: str
    status: str
    path: bytes
    previous: bytes | None


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
    git = _Git(Path(path))
    ends = _ends(git, range_)
    files = _files(git, ends)
    if not files:
        raise GitError(f"{range_!r} in {git.path} changes no file, so there is nothing to review.")
    if len(files) > MAXIMUM_FILES:
        raise GitError(f"{range_!r} in {git.path} changes {len(files)} files; a review takes at most {MAXIMUM_FILES}.")
    name, date, subject, body = git.text("log", "-1", "--format=%an%x00%cI%x00%s%x00%b", ends.head).split("\0", 3)
    heading = title or subject.strip() or "(no subject)"
    base_branch = _branch_of(git, ends.base_name) or _main_branch(git)
    return PullRequest(
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


class _Git:
    """Runs git in one repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_dir():
            raise GitError(f"There is no folder {path}.")
        if self.try_text("rev-parse", "--git-dir") is None:
            raise GitError(f"{path} is no git repository (or git may not read it).")

    def bytes(self, *arguments: str, given: bytes | None = None) -> bytes:
        """What a command prints; GitError with git's own words when it fails."""
        command = ["git", "-C", str(self.path), "--no-optional-locks", "--literal-pathspecs", *arguments]
        try:
            done = subprocess.run(command, input=given, capture_output=True, timeout=_TIME_LIMIT, env=_environment())
        except FileNotFoundError:
            raise GitError("git is not installed, or not on PATH.") from None
        except subprocess.TimeoutExpired:
            raise GitError(f"git {arguments[0]} in {self.path} did not end within {_TIME_LIMIT} seconds.") from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
            raise GitError(f"git {arguments[0]} in {self.path} failed: {said or f'exit code {done.returncode}'}")
        return done.stdout

    def text(self, *arguments: str) -> str:
        """What a command prints, as text without the last line's end."""
        return self.bytes(*arguments).decode("utf-8", "replace").rstrip("\n")

    def try_text(self, *arguments: str) -> str | None:
        """The same; None when the command fails."""
        try:
            return self.text(*arguments)
        except GitError as error:
            if "not installed" in str(error):
                raise
            return None

    def commit(self, revision: str) -> str | None:
        """The commit that a revision names."""
        return self.try_text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") or None


def _environment() -> dict[str, str]:
    import os

    # A hook that runs the tests sets GIT_DIR and friends, and they would beat -C.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


def _ends(git: _Git, range_: str) -> _Ends:
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


def _commit(git: _Git, revision: str, range_: str) -> str:
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


def _files(git: _Git, ends: _Ends) -> list[FileChange]:
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "-M", "-z", "-r")
    raw = git.bytes("diff-tree", "--raw", "--no-abbrev", *options, ends.base, ends.head)
    numbers = _numbers(git.bytes("diff-tree", "--numstat", *options, ends.base, ends.head))
    entries = _entries(raw)
    blobs = [entry.blob for entry in entries if entry.status != "D" and entry.mode != _SUBMODULE]
    contents = _contents(git, blobs)
    files = []
    for entry in entries:
        additions, deletions = numbers.get(entry.path, (0, 0))
        content: str | None = None
        if entry.status != "D":
            content = f"Subproject commit {entry.blob}\n" if entry.mode == _SUBMODULE else _text(contents[entry.blob])
        files.append(
            FileChange(
                path=_path(entry.path),
                type=_TYPES.get(entry.status, ChangeType.MODIFIED),
                additions=additions,
                deletions=deletions,
                content=content,
                previous_path=_path(entry.previous) if entry.previous is not None else None,
            )
        )
    return files


def _entries(raw: bytes) -> list[_Entry]:
    fields = iter(raw.split(b"\0"))
    found = []
    for field in fields:
        if not field.startswith(b":"):
            continue
        _, mode, _, blob, status = field.decode("ascii").split()
        first = next(fields)
        if status[0] in "RC":
            found.append(_Entry(mode, blob, "R" if status[0] == "R" else "A", next(fields), first))
        else:
            found.append(_Entry(mode, blob, status[0], first, None))
    return found


def _numbers(raw: bytes) -> dict[bytes, tuple[int, int]]:
    """Additions and deletions by path; binary files have none."""
    fields = iter(raw.split(b"\0"))
    found = {}
    for field in fields:
        if field.count(b"\t") != 2:
            continue
        added, deleted, path = field.split(b"\t")
        if not path:  # a rename: the two paths follow
            next(fields)
            path = next(fields)
        found[path] = (0, 0) if added == b"-" else (int(added), int(deleted))
    return found


def _contents(git: _Git, blobs: list[str]) -> dict[str, bytes]:
    wanted = list(dict.fromkeys(blobs))
    if not wanted:
        return {}
    answer = git.bytes("cat-file", "--batch", given="".join(f"{blob}\n" for blob in wanted).encode())
    contents, position = {}, 0
    for blob in wanted:
        end = answer.index(b"\n", position)
        head = answer[position:end].split()
        if head[1:2] != [b"blob"]:
            raise GitError(f"The object {blob} is missing from {git.path}: the clone is incomplete.")
        size = int(head[2])
        contents[blob] = answer[end + 1 : end + 1 + size]
        position = end + 1 + size + 1
    return contents


def _text(content: bytes) -> str | None:
    """The text of a file, or None for a binary one (git's own rule: a NUL in the first 8,000 bytes)."""
    for mark in (b"\xff\xfe", b"\xfe\xff"):
        if content.startswith(mark) and len(content) % 2 == 0:
            try:
                return content.decode("utf-16")
            except UnicodeDecodeError:
                return None
    if b"\0" in content[:8000]:
        return None
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _path(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def _branch_of(git: _Git, revision: str) -> str | None:
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


def _main_branch(git: _Git) -> str:
    remote = git.try_text("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    if remote:
        return remote.partition("/")[2]
    for name in ("main", "master", "trunk"):
        if git.commit(f"refs/heads/{name}") is not None:
            return name
    return "main"


def _head_branch(git: _Git, revision: str, base_branch: str, heading: str) -> str:
    named = _branch_of(git, revision)
    if named is not None and named != base_branch:
        return named[:255]
    match = re.match(r"([a-z]+)(\([^)]*\))?!?: ", heading)
    kind = match[1] if match else ""
    rest = heading[match.end() :] if match else heading
    return f"{_PREFIX_OF_TYPE.get(kind, 'feature')}/{slug(rest)}"


def _repository_name(git: _Git) -> str:
    url = git.try_text("config", "--get", "remote.origin.url") or ""
    match = re.search(r"([A-Za-z0-9._-]+)/([A-Za-z0-9._-]+?)(?:\.git)?/?$", url.replace(":", "/"))
    if match and ("://" in url or "@" in url):
        return f"{match[1]}/{match[2]}"
    top = git.try_text("rev-parse", "--show-toplevel") or str(git.path.resolve())
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(top).name).strip("-") or "repository"
    return f"local/{name}"
