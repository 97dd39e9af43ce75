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
    """Lines on which a statement starts; the head of a function is none, the body of an arrow function is one."""
    at_import = inside = 0
    in_function, before = False, ""
    for line in code:
        text = line.strip()
        if in_function:
            follows = before.endswith((";", "{", "}")) and not text.endswith(",")
            starts = follows and not text.startswith(("}", ")", "]"))
            inside += starts or text.startswith("} else if") or _ARROW.search(text) is not None
        else:
            at_import += text.startswith("const ")
            in_function = line.startswith("export ")
        before = text
    return Count(at_import + inside, at_import)
