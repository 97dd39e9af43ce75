"""What the commands print, in colour where that is wanted and possible."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

_CODES: Final = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}
_wanted = True


def use_colors(wanted: bool) -> None:
    """Say whether colours may be used at all."""
    global _wanted
    _wanted = wanted


def colors() -> bool:
    """Whether output is coloured: on a terminal, unless somebody said no (https://no-color.org)."""
    return _wanted and not os.environ.get("NO_COLOR") and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str) -> str:
    """``text`` in a style of _CODES, or as it is."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if colors() else text


def say(text: str = "") -> None:
    """A line for the user."""
    print(text, flush=True)


def error(text: str) -> None:
    """A line about something wrong."""
    sys.stdout.flush()
    print(f"qms: {text}", file=sys.stderr, flush=True)


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as aligned lines; the first row is the heading. Widths are counted before painting."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
