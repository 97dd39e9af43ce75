"""What can be taken out of a file so that the rest is still a file of its kind.

Whole parts first (a function, a section, a block of settings), then single lines (a statement, a comment, a blank
line). Python is read by its own parser; of other languages it is known how people lay them out.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

CODE = frozenset({"ts", "js", "tsx", "jsx", "mjs", "cjs"})
_LONGEST = 8
"""Lines of a block of settings that goes as a whole."""
_CLOSER = re.compile(r"[)\]}]")
_SCALAR = re.compile(r"\s+\"[^\"]+\": (\"[^\"]*\"|[\d.]+|true|false|null),$")


@dataclass(frozen=True)
class Parts:
    """Line numbers, from 0."""

    units: list[range]
    """Parts that can go as a whole; the first lines of a file, which everything leans on, are in none."""
    singles: list[int]
    """Lines that can go one by one, also all of them."""


def kind_of(path: str) -> str:
    """``py``, ``ts``, ``yaml``, …; a Dockerfile has no ending and is one all the same."""
    name = PurePosixPath(path).name.lower()
    if name.startswith("dockerfile") or name.endswith(".dockerfile"):
        return "dockerfile"
    suffix = name.rpartition(".")[2] if "." in name else ""
    return {"yml": "yaml", "pyi": "py", "markdown": "md"}.get(suffix, suffix)


def parts_of(path: str, lines: list[str]) -> Parts:
    """The parts of a text; ``lines`` have no ends."""
    kind = kind_of(path)
    if kind == "py":
        try:
            return _python(lines)
        except (SyntaxError, ValueError):
            pass
    if kind == "yaml":
        return Parts(_indented_blocks(lines), [number for number in range(1, len(lines)) if _yaml_leaf(lines, number)])
    if kind == "json":
        return Parts([], [number for number, line in enumerate(lines) if _SCALAR.fullmatch(line)])
    if kind == "dockerfile":
        return Parts([], [number for number in range(1, len(lines)) if _instruction(lines, number)])
    if kind in CODE:
        units = [inner for unit in _paragraphs(lines) for inner in _cases(lines, unit)]
        if lines and re.match(r"export |/\*\*|function ", lines[0]):  # a file without imports begins with such a part
            units.insert(0, range(min((unit.start for unit in units), default=len(lines))))
        return Parts(units, [number for number in range(1, len(lines)) if _statement(lines, number)])
    if kind == "sql":
        return Parts(_paragraphs(lines), [number for number, line in enumerate(lines) if _sql_line(line)])
    if kind == "py":
        return Parts([], [])
    units = _sections(lines) if kind == "md" else []
    return Parts(units or _paragraphs(lines), list(range(1, len(lines))))


def _sections(lines: list[str]) -> list[range]:
    """The sections of a page with the blank line before each; what comes before the first one stays."""
    starts = [n - 1 for n in range(2, len(lines)) if lines[n].startswith("## ") and not lines[n - 1].strip()]
    return [range(first, second) for first, second in pairwise([*starts, len(lines)])]


def _paragraphs(lines: list[str]) -> list[range]:
    """From one line at the margin that follows a blank one to the next, with the blank lines before it."""
    starts = []
    for number in range(1, len(lines)):
        line = lines[number]
        if line and not lines[number - 1].strip() and not line[0].isspace() and not _CLOSER.match(line):
            start = number
            while start > 0 and not lines[start - 1].strip():
                start -= 1
            starts.append(start)
    return [range(first, second) for first, second in pairwise([*starts, len(lines)]) if first > 0]


def _cases(lines: list[str], unit: range) -> list[range]:
    """The cases of a test suite one by one; anything else as the whole that it is."""
    if not any(lines[number].startswith("describe(") for number in unit):
        return [unit]
    starts = [number for number in unit if re.match(r"  (it|test)(\.\w+)?\(", lines[number])]
    found = []
    for start in starts:
        end = next((number + 1 for number in range(start, unit.stop) if lines[number] == "  });"), None)
        if end is not None and not _in_template(lines, start):
            found.append(range(start - (not lines[start - 1].strip()), end))
    return found or [unit]


def _indented_blocks(lines: list[str]) -> list[range]:
    """Keys and items of lists with what is indented below them; of a long one its own parts. Those at the margin stay.

    Long ones are taken apart, or there would be no way to have taken out more than the short ones and less than a
    long one but to cut it.
    """
    depths = [len(line) - len(line.lstrip()) if line.strip() else -1 for line in lines]
    found: list[range] = []
    bodies = [body[1:] for body in _at_one_depth(range(len(lines)), depths)]
    while bodies:
        for block in _at_one_depth(bodies.pop(), depths):
            head = lines[block.start].rstrip()
            if len(block) > _LONGEST and not head.endswith(("|", ">", "-", "+")):  # what comes after those is text
                bodies.append(block[1:])
            elif len(block) > 1 or head.lstrip().startswith("- "):
                found.append(block)
    return sorted(found, key=lambda block: block.start)


def _at_one_depth(body: range, depths: list[int]) -> list[range]:
    """The parts of ``body`` that begin at the depth of the least indented of them."""
    level = min((depths[number] for number in body if depths[number] >= 0), default=0)
    starts = [number for number in body if depths[number] == level]
    return [range(first, second) for first, second in pairwise([*starts, body.stop])]


def _yaml_leaf(lines: list[str], number: int) -> bool:
    line = lines[number]
    if not line.strip() or line.lstrip().startswith("#"):
        return True
    if re.search(r"[|>][+-]?\s*$", line) or not re.match(r"\s+(- )?[\w\"'-]+: \S", line) or line.lstrip()[0] == "-":
        return False
    depth = len(line) - len(line.lstrip())
    following = next((one for one in lines[number + 1 :] if one.strip()), "")
    # The first key of a list's item stands beside the dash; those after it are as deep as it is.
    return len(following) - len(following.lstrip()) <= depth


def _instruction(lines: list[str], number: int) -> bool:
    line, before = lines[number], lines[number - 1]
    return not before.rstrip().endswith("\\") and not line.rstrip().endswith("\\") and not line.startswith("FROM")


def _sql_line(line: str) -> bool:
    column = re.match(r"\s+[a-z]\w* .*,$", line) is not None and line.count("(") == line.count(")")
    return column or not line.strip() or line.lstrip().startswith("--")


def _statement(lines: list[str], number: int) -> bool:
    """A line of ECMAScript that stands for itself."""
    line = lines[number].strip()
    if not line or line.startswith("//") or (line.startswith("* ") and not line.endswith("*/")):
        return not _in_template(lines, number)
    if not line.endswith((";", ",")) or line[0] in ")]}.?:&|+":
        return False
    if any(line.count(a) != line.count(b) for a, b in ("()", "[]", "{}")) or line.count("`") % 2:
        return False
    before = next((one.strip() for one in reversed(lines[:number]) if one.strip()), "{")
    begins = (";", "{", "}", "*/") if line.endswith(";") else (",", "{", "[", "(")
    return before.endswith(begins) and not _in_template(lines, number)


def _in_template(lines: list[str], number: int) -> bool:
    """Whether a line lies in a text between backticks that goes over several lines."""
    return sum(line.count("`") for line in lines[:number]) % 2 == 1


def _python(lines: list[str]) -> Parts:
    tree = ast.parse("\n".join(lines) + "\n")
    units = []
    end = 0
    for position, node in enumerate(tree.body):
        start, end = end, node.end_lineno or node.lineno
        movable = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign)
        if movable and position > 0 and start > 0:
            units.append(range(start, end))
    texts = {
        number
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant | ast.JoinedStr) and (node.end_lineno or 0) > node.lineno
        for number in range(node.lineno - 1, node.end_lineno or 0)
    }
    singles = [
        number
        for number, line in enumerate(lines)
        if number > 0 and number not in texts and (not line.strip() or line.lstrip().startswith("#"))
    ]
    for block in ast.walk(tree):
        body = [one for one in getattr(block, "body", []) if isinstance(one, ast.stmt)] if _is_block(block) else []
        # The last statement of a block stays, or there would be none.
        for part in body[:-1]:
            simple = isinstance(part, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Assert)
            if simple and part.lineno == part.end_lineno and part.lineno - 1 not in texts:
                singles.append(part.lineno - 1)
    shared = {number for number in singles if ";" in lines[number]}
    return Parts(units, sorted(set(singles) - shared))


def _is_block(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.For | ast.With)
