"""A pull request as a real git repository: base branch, head branch, and commits by its author.

One ``git fast-import`` makes all of it. Names, dates and messages follow from the pull request, so the same one gives
the same commits; the date is not its own, because two of one seed are never made at one time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.data.errors import GitError
from QMSLibrary.data.identity import derived_seed
from QMSLibrary.data.pull_requests import author_of

from .commits import Commit, commits_of
from .git_command import Git
from .paths import fault_of
from .trees import SUBMODULE, Blob, Origin, Tree, Trees, origin_of, remember_origin, trees_of

_FIRST_DAY: Final = datetime(2024, 1, 8, 9, 0, tzinfo=UTC)
"""A Monday; commits are made on a working day within two years from it."""
_KEEPER: Final = ("Repository Keeper", "keeper@example.com")
_REFS: Final = ("base", "head")


@dataclass(frozen=True)
class Repository:
    """A repository that was made."""

    path: Path
    base_sha: str
    head_sha: str
    commits: int


def create_git_repository(pull_request: PullRequest, path: str | Path) -> tuple[PullRequest, Repository]:
    """Make the repository in ``path``, a folder that is empty or does not exist, and check the head branch out.

    Returns the pull request with the head commit's real name, and what was made. No setting of the machine or the user
    is read, and no identity is needed. GitError when the folder holds something, or git does not take a name or path;
    WishError when it is not known what was there before.
    """
    place = Path(path)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise GitError(f"{place} is not empty. A repository is made in a new or empty folder.")
    trees = trees_of(pull_request)
    _check_branches(pull_request)
    place.mkdir(parents=True, exist_ok=True)
    git = Git(place, own=True)
    commits = commits_of(pull_request, trees)
    base_sha, head_sha = _make(git, pull_request, trees, commits)
    git.output("symbolic-ref", "HEAD", f"refs/heads/{pull_request.head_branch}")
    git.output("reset", "--quiet", "--hard")
    count = len(commits)
    made = Repository(place, base_sha, head_sha, count)
    named = pull_request.model_copy(update={"head_sha": head_sha})
    known = origin_of(pull_request)
    remember_origin(named, Origin(known.trees if known else None, base_sha, lambda: count))
    return named, made


def import_trees(git: Git, trees: Trees) -> tuple[str, str]:
    """Both trees as two commits in an empty folder; returns their names."""
    subject = Commit("chore: change", list(dict.fromkeys([*trees.base, *trees.head])))
    return _import(git, trees, [subject], ("base", "head"), ("nobody", "nobody@example.com"), _FIRST_DAY)


def _make(git: Git, pull_request: PullRequest, trees: Trees, commits: list[Commit]) -> tuple[str, str]:
    branches = (pull_request.base_branch, pull_request.head_branch)
    return _import(git, trees, commits, branches, _person(pull_request), _day(pull_request))


def _import(
    git: Git,
    trees: Trees,
    commits: list[Commit],
    branches: tuple[str, str],
    person: tuple[str, str],
    day: datetime,
) -> tuple[str, str]:
    for path in {**trees.base, **trees.head}:
        if (fault := fault_of(path)) is not None:
            raise GitError(f"git does not take this pull request: it {fault}.")
    git.output("init", "--quiet", "--template=", "--object-format=sha1")
    stream = _Stream(person, day)
    base, head = (f"refs/heads/{name}" for name in branches)
    stream.commit(base, _KEEPER, "chore: state before the change", trees.base, list(trees.base))
    stream.parts.append(_line(b"reset " + head.encode()) + b"from :1\n")
    for commit in commits:
        stream.commit(head, person, commit.message, trees.head, commit.paths)
    stream.parts.append(b"get-mark :1\nget-mark :%d\ndone\n" % stream.mark)
    answer = git.run("fast-import", "--quiet", "--done", "--force", given=b"".join(stream.parts))
    if answer.returncode != 0:
        said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(f"git does not take this pull request: {said[0].removeprefix('fatal: ') if said else '?'}")
    base_sha, head_sha = answer.stdout.decode("ascii").split()
    return base_sha, head_sha


@dataclass
class _Stream:
    """What ``git fast-import`` reads."""

    person: tuple[str, str]
    day: datetime
    parts: list[bytes] = field(default_factory=list)
    mark: int = 0

    def commit(self, ref: str, person: tuple[str, str], message: str, tree: Tree, paths: list[bytes]) -> None:
        self.mark += 1
        when = int((self.day + timedelta(minutes=37 * (self.mark - 1))).timestamp())
        name, email = (one.encode() for one in person)
        self.parts.append(_line(b"commit " + ref.encode()) + b"mark :%d\n" % self.mark)
        for role in (b"author", b"committer"):
            self.parts.append(b"%s %s <%s> %d +0000\n" % (role, name, email, when))
        self.parts.append(_data(message.encode()))
        # What goes first makes room: a file may have become a folder, or a folder a file.
        self.parts += [b"D %s\n" % _quoted(path) for path in sorted(paths) if path not in tree]
        self.parts += [_written(path, tree[path]) for path in sorted(paths) if path in tree]
        self.parts.append(b"\n")


def _written(path: bytes, blob: Blob) -> bytes:
    if blob.mode == SUBMODULE:
        return b"M 160000 %s %s\n" % (blob.data, _quoted(path))
    return b"M %s inline %s\n" % (blob.mode.encode(), _quoted(path)) + _data(blob.data)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _line(text: bytes) -> bytes:
    return text + b"\n"


def _quoted(path: bytes) -> bytes:
    return b'"' + b"".join(_escaped(path)) + b'"'


def _escaped(path: bytes) -> Iterator[bytes]:
    for byte in path:
        if byte in b'"\\':
            yield b"\\%c" % byte
        else:
            yield b"\\%03o" % byte if byte < 32 or byte == 127 else bytes([byte])


def _check_branches(pull_request: PullRequest) -> None:
    base, head = pull_request.base_branch, pull_request.head_branch
    if base == head:
        raise GitError(f"The base branch and the head branch are both {base!r}: a repository needs two.")
    if base.startswith(f"{head}/") or head.startswith(f"{base}/"):
        raise GitError(f"Git cannot have both branches {base!r} and {head!r}: one is a folder of the other.")
    for name in (base, head):
        if not _is_branch(name):
            raise GitError(f"{name!r} is no name that git takes for a branch.")


def _is_branch(name: str) -> bool:
    """Git's own rules (``git help check-ref-format``)."""
    if re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|\.$|/$", name):
        return False
    return not name.startswith((".", "/", "-")) and name not in ("@", "HEAD")


def _person(pull_request: PullRequest) -> tuple[str, str]:
    """A name and an address that git takes; the name is the author's user name, so that it is found again."""
    author = pull_request.author
    name = re.sub(r"[<>\x00-\x1f\x7f]+", " ", author).strip(" .,:;\"'") or "unknown"
    person = author_of(pull_request)
    if person is not None:
        return name, person.email
    local = re.sub(r"[^A-Za-z0-9.+-]+", ".", name.removesuffix("[bot]")).strip(".").lower() or "unknown"
    return name, f"{local}@example.com"


def _day(pull_request: PullRequest) -> datetime:
    seed = derived_seed("commits", pull_request.title, *(file.content or file.path for file in pull_request.files))
    weeks, day, minutes = seed % 104, seed // 104 % 5, seed // 520 % 240
    return _FIRST_DAY + timedelta(weeks=weeks, days=day, minutes=minutes)
