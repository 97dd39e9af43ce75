"""Reads which files a patch changes and how. It is applied by git; here it is only taken apart.

Libraries that parse unified diffs stumble over quoted names, signatures of mails and renames; git has no command that
prints all of this without the files that are changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from QMSLibrary.data.errors import PatchError

from .paths import fault_of, path_text

_HUNK: Final = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPES: Final = {
    b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v", b'"': b'"', b"\\": b"\\",
}  # fmt: skip
_HEADERS: Final = (
    b"old mode ", b"new mode ", b"deleted file mode ", b"new file mode ", b"copy from ", b"copy to ", b"rename from ",
    b"rename to ", b"similarity index ", b"dissimilarity index ", b"index ",
)  # fmt: skip


@dataclass
class Section:
    """What a patch says of one file."""

    lines: list[bytes]
    """The section itself, with line ends."""
    old: bytes | None = None
    """The path before; None for a new file. The prefix of a plain name (``a/``) is still on it (see ``plain``)."""
    new: bytes | None = None
    plain: bool = False
    """Whether both paths come from lines that have no prefix."""
    copied: bool = False
    created: bool = False
    deleted: bool = False
    mode: bytes = b""
    additions: int = 0
    deletions: int = 0
    without_data: bool = False
    """A binary file of which the patch says only that it differs."""
    submodule: bytes | None = None
    """The commit that a submodule was at before."""
    headers: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path that people know it by."""
        return path_text(self.new or self.old or b"?")


@dataclass(frozen=True)
class PatchText:
    """A patch taken apart."""

    sections: list[Section]
    strip: int
    """How many leading folders git has to take off the names: 1 as in ``a/src/x.py``, or 0."""


def read_patch(patch: bytes) -> PatchText:
    """Take a patch apart. PatchError when a hunk is cut short or a path leads out of the folder."""
    sections = list(_sections(_lines(patch)))
    strip = _strip(sections)
    for section in sections:
        if not section.plain:
            section.old = _without_prefix(section.old, strip)
            section.new = _without_prefix(section.new, strip)
        if section.created:
            section.old = None
        if section.deleted:
            section.new = None
        for path in (section.old, section.new):
            if path is not None:
                _check(path)
    return PatchText(sections, strip)


def _lines(patch: bytes) -> list[bytes]:
    """Lines end at a line feed only: a carriage return belongs to the text."""
    parts = patch.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _sections(lines: list[bytes]) -> Iterator[Section]:
    position = 0
    while position < len(lines):
        line = lines[position]
        begins = line.startswith(b"diff --git ")
        if not begins and not _is_plain(lines, position):
            position += 1
            continue
        start = position
        section = Section([])
        if begins:
            position = _read_headers(lines, position, section)
        if position < len(lines) and _is_plain(lines, position):
            position = _read_hunks(lines, position, section)
        elif position < len(lines) and lines[position].startswith(b"GIT binary patch"):
            position = _skip_binary(lines, position + 1)
        elif position < len(lines) and lines[position].startswith(b"Binary files "):
            section.without_data = True
            position += 1
        section.lines = lines[start:position]
        if section.old is not None or section.new is not None:
            yield section


def _is_plain(lines: list[bytes], position: int) -> bool:
    following = lines[position : position + 3]
    return (
        len(following) == 3
        and following[0].startswith(b"--- ")
        and following[1].startswith(b"+++ ")
        and following[2].startswith(b"@@ -")
    )


def _read_headers(lines: list[bytes], position: int, section: Section) -> int:
    section.old, section.new = _names(_content(lines[position]).removeprefix(b"diff --git "))
    position += 1
    while position < len(lines):
        line = _content(lines[position])
        header = next((one for one in _HEADERS if line.startswith(one)), None)
        if header is None:
            break
        section.headers[header.strip()] = line.removeprefix(header)
        position += 1
    said = section.headers
    section.created = b"new file mode" in said
    section.deleted = b"deleted file mode" in said
    section.copied = b"copy from" in said
    for kind in (b"rename", b"copy"):
        if kind + b" from" in said:
            section.old, section.new = _unquoted(said[kind + b" from"]), _unquoted(said.get(kind + b" to", b""))
            section.plain = True
    modes = [said.get(name, b"") for name in (b"new file mode", b"deleted file mode", b"new mode")]
    section.mode = next((mode for mode in modes if mode), said.get(b"index", b"").partition(b" ")[2])
    return position


def _read_hunks(lines: list[bytes], position: int, section: Section) -> int:
    old, new = _named(lines[position], b"--- "), _named(lines[position + 1], b"+++ ")
    if not section.plain:
        section.old, section.new = old or section.old, new or section.new
    section.created, section.deleted = section.created or old is None, section.deleted or new is None
    position += 2
    while position < len(lines) and (hunk := _HUNK.match(lines[position])):
        before, after = (int(hunk[n]) if hunk[n] is not None else 1 for n in (2, 4))
        begun = position + 1
        position += 1
        while before > 0 or after > 0:
            mark = lines[position][:1] if position < len(lines) else b"?"
            if mark not in (b" ", b"+", b"-", b"\\", b"\n", b"\r"):
                raise PatchError(f"{section.path}: the hunk in line {begun} of the patch is cut short.")
            before -= mark in (b" ", b"-", b"\n", b"\r")
            after -= mark in (b" ", b"+", b"\n", b"\r")
            section.additions += mark == b"+"
            section.deletions += mark == b"-"
            if lines[position].startswith(b"-Subproject commit "):
                section.submodule = _content(lines[position]).rpartition(b" ")[2]
            position += 1
        if position < len(lines) and lines[position].startswith(b"\\ "):
            position += 1
    return position


def _skip_binary(lines: list[bytes], position: int) -> int:
    while position < len(lines) and lines[position].startswith((b"literal ", b"delta ")):
        while position < len(lines) and _content(lines[position]):
            position += 1
        position += 1
    return min(position, len(lines))


def _content(line: bytes) -> bytes:
    return line.rstrip(b"\r\n")


def _named(line: bytes, mark: bytes) -> bytes | None:
    """The name in a line such as ``--- a/x`` with or without a time behind a tab; None for no file."""
    text = _content(line).removeprefix(mark)
    name, _, time = (text, b"", b"") if text.startswith(b'"') else text.partition(b"\t")
    # ``diff -N`` writes the beginning of time for a file that is not there.
    if name == b"/dev/null" or re.match(rb"19(70-01-01|69-12-31) ", time):
        return None
    return _unquoted(name)


def _names(text: bytes) -> tuple[bytes | None, bytes | None]:
    """Both names of ``diff --git``; unquoted ones are the same but for the prefix."""
    if text.startswith(b'"') or text.endswith(b'"'):
        found = re.findall(rb'"(?:[^"\\]|\\.)*"|\S+', text)
        return (_unquoted(found[0]), _unquoted(found[1])) if len(found) == 2 else (None, None)
    middle = len(text) // 2
    left, right = text[:middle], text[middle + 1 :]
    if text[middle : middle + 1] == b" " and left.partition(b"/")[2] == right.partition(b"/")[2]:
        return left, right
    parts = text.split(b" ")
    return (parts[0], parts[1]) if len(parts) == 2 else (None, None)


def _unquoted(name: bytes) -> bytes:
    if not (name.startswith(b'"') and name.endswith(b'"') and len(name) > 1):
        return name

    def replaced(match: re.Match[bytes]) -> bytes:
        text = match[1]
        return bytes([int(text, 8) & 255]) if text.isdigit() else _ESCAPES.get(text, text)

    return re.sub(rb"\\([0-7]{3}|.)", replaced, name[1:-1], flags=re.DOTALL)


def _strip(sections: list[Section]) -> int:
    """1 when names have a first folder that is only git's or diff's prefix, else 0 (``git diff --no-prefix``)."""
    single = []
    for section in sections:
        if section.plain:
            continue
        if section.old is None or section.new is None:
            single.append(section.old or section.new or b"")
        elif section.old == section.new:
            return 0
        else:  # a/x and b/x, or before/x and after/x; x.orig and x have no prefix
            same = section.old.partition(b"/")[2] == section.new.partition(b"/")[2] != b""
            return 1 if same or section.old.startswith(b"/") or section.new.startswith(b"/") else 0
    return int(all(re.match(rb"[abciow]?/", name) for name in single))


def _without_prefix(name: bytes | None, strip: int) -> bytes | None:
    if name is None or not strip or name.startswith(b"/"):
        return name
    return name.partition(b"/")[2]


def _check(path: bytes) -> None:
    fault = fault_of(path)
    if fault is not None:
        raise PatchError(f"The patch {fault}.")
