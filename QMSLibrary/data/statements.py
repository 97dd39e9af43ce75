"""How many statements a function has, counted the way coverage tools count them: coverage.py, and istanbul by lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple


class Count(NamedTuple):
    """The statements of a function."""

    all: int
    at_import: int
    """Those that run when the module is imported, whether anybody calls the function or not."""


def count(language: str, code: Sequence[str]) -> Count:
    """The statements of a function without its comment, ``code`` being its lines."""
    return _python("\n".join(code)) if language == "python" else _script(code)


def _python(text: str) -> Count:
    # A function whose only content is its docstring does not exist here, so the code without it still parses.
    tree = ast.parse(text)
    return Count(sum(isinstance(node, ast.stmt) for node in ast.walk(tree)), len(tree.body))


_ARROW = re.compile(r"=>\s*[^\s{]")


def _script(code: Sequence[str]) -> Count:
    """A function's head is no statement for istanbul; the body of an arrow function is one, if its line has no other."""
    inside, found, outside = False, 0, 0
    before = ""
    for line in code:
        text = line.strip()
        starts = before.endswith((";", "{", "}")) and not text.endswith(",") and not text.startswith(("}", ")", "]"))
        if not inside:
            outside += text.startswith("const ")
            inside = line.startswith("export ")
        elif not line.startswith(")"):
            arrow = _ARROW.search(text) is not None
            found += (starts and not before.startswith(")") or before.startswith(")") and before.endswith("{")) or arrow
            if text.startswith("} else if"):
                found += 1
        before = text
    return Count(found + outside, outside)
