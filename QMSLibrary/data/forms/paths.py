"""Paths in a repository: which ones there cannot be, and how they are shown."""

from __future__ import annotations

import re


def path_text(path: bytes) -> str:
    """A path as text; bytes that are no UTF-8 are written with escapes."""
    return path.decode("utf-8", "backslashreplace")


def fault_of(path: bytes) -> str | None:
    """Why no repository can hold a file at this path, in words; None when one can."""
    parts, name = path.split(b"/"), path_text(path)
    if path.startswith(b"/") or re.match(rb"[A-Za-z]:[\\/]", path):
        return f"names an absolute path, {name}; a file lies in its own folder"
    if b".." in parts:
        return f"leads out of its folder: {name}"
    if any(part.lower() == b".git" for part in parts):
        return f"changes git's own files: {name}"
    if b"" in parts or b"." in parts or b"\0" in path:
        return f"names a path that is none: {name!r}"
    return None
