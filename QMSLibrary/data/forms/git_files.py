"""What git says about the files between two trees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from QMSLibrary.contract.pull_requests import ChangeType, FileChange
from QMSLibrary.data.errors import GitError

from .git_command import Git
from .paths import path_text
from .trees import SUBMODULE, Blob, Tree, Trees

LARGEST: Final = 10_000_000
"""Bytes of a file whose content is handed on; no reviewer reads more, and GitHub shows far less."""
_TYPES: Final = {"A": ChangeType.ADDED, "D": ChangeType.DELETED, "R": ChangeType.RENAMED}
_OPTIONS: Final = ("--no-ext-diff", "--no-textconv", "--no-color", "-z", "-r")
_NOTHING: Final = "000000"


@dataclass(frozen=True)
class _Entry:
    """One changed file."""

    old_mode: str
    mode: str
    old_blob: str
    blob: str
    status: str
    path: bytes
    previous: bytes | None


def changed_files(git: Git, base: str, head: str) -> list[FileChange]:
    """The files that differ between two commits or trees, renames found.

    A binary file, and one of more than ``LARGEST`` bytes, has no content; a submodule's is the line that git shows for
    it; a symbolic link's is where it leads.
    """
    entries, numbers = _parse(git.output("diff-tree", "--raw", "--numstat", "--no-abbrev", "-M", *_OPTIONS, base, head))
    contents = read_blobs(git, (e.blob for e in entries if e.status != "D" and e.mode != SUBMODULE), most=LARGEST)
    files = []
    for entry in entries:
        additions, deletions = numbers.get(entry.path, (0, 0))
        content: str | None = None
        if entry.status != "D":
            content = f"Subproject commit {entry.blob}\n" if entry.mode == SUBMODULE else _text(contents[entry.blob])
        files.append(
            FileChange(
                path=path_text(entry.path),
                type=_TYPES.get(entry.status, ChangeType.MODIFIED),
                additions=additions,
                deletions=deletions,
                content=content,
                previous_path=path_text(entry.previous) if entry.previous is not None else None,
            )
        )
    return files


def trees_between(git: Git, base: str, head: str) -> Trees:
    """What differs between two commits or trees, at both ends, to the byte."""
    entries, _ = _parse(git.output("diff-tree", "--raw", "--no-abbrev", "--no-renames", *_OPTIONS, base, head))
    sides = [(e.old_mode, e.old_blob) for e in entries] + [(e.mode, e.blob) for e in entries]
    contents = read_blobs(git, (blob for mode, blob in sides if mode not in (SUBMODULE, _NOTHING)))
    old: Tree = {}
    new: Tree = {}
    for entry in entries:
        for tree, mode, blob in ((old, entry.old_mode, entry.old_blob), (new, entry.mode, entry.blob)):
            if mode != _NOTHING:
                data = blob.encode() if mode == SUBMODULE else contents[blob] or b""
                tree[entry.path] = Blob(data, mode)
    return Trees(old, new)


def read_blobs(git: Git, blobs: Iterable[str], *, most: int | None = None) -> dict[str, bytes | None]:
    """The bytes of these objects; None for one of more than ``most`` bytes. GitError when one is missing."""
    wanted = list(dict.fromkeys(blobs))
    if not wanted:
        return {}
    names = "".join(f"{blob}\n" for blob in wanted).encode()
    sizes: dict[str, int] = {}
    for line in git.text("cat-file", "--batch-check", given=names).splitlines():
        name, kind, *size = line.split()
        if kind != "blob":
            raise GitError(f"The object {name} is missing from {git.path}: the clone is incomplete.")
        sizes[name] = int(size[0])
    small = [blob for blob in wanted if most is None or sizes[blob] <= most]
    answer = git.output("cat-file", "--batch", given="".join(f"{blob}\n" for blob in small).encode()) if small else b""
    contents: dict[str, bytes | None] = dict.fromkeys(wanted)
    position = 0
    for blob in small:
        start = answer.index(b"\n", position) + 1
        contents[blob] = answer[start : start + sizes[blob]]
        position = start + sizes[blob] + 1
    return contents


def _parse(raw: bytes) -> tuple[list[_Entry], dict[bytes, tuple[int, int]]]:
    """What ``--raw --numstat -z`` prints: the entries, then additions and deletions by path. Binary files have none."""
    fields = iter(raw.split(b"\0"))
    entries: list[_Entry] = []
    numbers: dict[bytes, tuple[int, int]] = {}
    for field in fields:
        if field.startswith(b":"):
            old_mode, mode, old_blob, blob, status = field[1:].decode("ascii").split()
            first = next(fields)
            path, previous = (next(fields), first) if status[0] in "RC" else (first, None)
            kind = "A" if status[0] == "C" else status[0]
            entries.append(_Entry(old_mode, mode, old_blob, blob, kind, path, previous if kind == "R" else None))
        elif b"\t" in field:
            added, deleted, path = field.split(b"\t", 2)
            if not path:  # a rename: the two paths follow
                next(fields)
                path = next(fields)
            numbers[path] = (0, 0) if added == b"-" else (int(added), int(deleted))
    return entries, numbers


def _text(content: bytes | None) -> str | None:
    """The text of a file, or None for a binary one (git's own rule: a NUL in the first 8,000 bytes)."""
    if content is None:
        return None
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
