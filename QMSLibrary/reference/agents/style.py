"""Style: what reads badly. None of it blocks a step; its share lowers the quality score."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from .source import MODULE_LEVEL, Assignment, Module
from .syntax import text

LONGEST_LINE: Final = 140
LONGEST_TIDY_FUNCTION: Final = 60
MOST_PARAMETERS: Final = 8
_SNAKE: Final = re.compile(r"^_*[a-z0-9_]*$|^[A-Z][A-Z0-9_]*$|^(?:visit|test|setUp|tearDown|do|on|handle)_?\w*$")
_CAMEL: Final = re.compile(r"^[#_$]*[a-zA-Z$][a-zA-Z0-9$]*_?$|^[A-Z][A-Z0-9_]*$|^_+$")
_LOGGERS: Final = {"log", "debug", "dir", "trace"}
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")
_INSTEAD: Final = {"==": "is", "!=": "is not"}
_TIGHT: Final = re.compile(r"^\s*[A-Za-z_]\w*=[^=\s]")


class StyleFinding(NamedTuple):
    """Something that reads badly."""

    type: str
    line: int
    owner: int
    message: str


def style_findings(module: Module) -> list[StyleFinding]:
    """All of a module's, in the order of their lines."""
    found = [*_of_functions(module), *_of_lines(module), *_of_names(module)]
    found += _of_python(module) if module.language == "python" else _of_script(module)
    return sorted(set(found), key=lambda one: (one.line, one.type))


def _of_functions(module: Module) -> Iterable[StyleFinding]:
    shape, spelling = (_SNAKE, "snake_case") if module.language == "python" else (_CAMEL, "camelCase")
    for index, function in enumerate(module.functions):
        line = function.start_line
        for name in (function.name, *function.parameters):
            if not shape.match(name):
                yield StyleFinding("naming", line, index, f"{name} is not {spelling}")
        if function.lines > LONGEST_TIDY_FUNCTION:
            message = (
                f"{function.label} has {function.lines} lines; more than {LONGEST_TIDY_FUNCTION} do not fit a screen"
            )
            yield StyleFinding("long_function", line, index, message)
        if len(function.parameters) > MOST_PARAMETERS:
            message = f"{function.label} takes {len(function.parameters)} parameters; group what belongs together"
            yield StyleFinding("too_many_parameters", line, index, message)


def _of_lines(module: Module) -> Iterable[StyleFinding]:
    starts = [function.start_line for function in module.functions]
    for number, line in enumerate(module.lines, 1):
        if len(line) > LONGEST_LINE and "://" not in line:
            index = bisect_right(starts, number) - 1
            owner = index if index >= 0 and number <= module.functions[index].end_line else MODULE_LEVEL
            yield StyleFinding(
                "long_line", number, owner, f"the line has {len(line)} characters; {LONGEST_LINE} are plenty"
            )


def _of_names(module: Module) -> Iterable[StyleFinding]:
    """Local variables: how they are spelt, and whether anybody uses them."""
    shape, spelling = (_SNAKE, "snake_case") if module.language == "python" else (_CAMEL, "camelCase")
    words: dict[int, Counter[str]] = {}
    for assignment in module.assignments:
        owner, name = assignment.owner, assignment.target
        if owner == MODULE_LEVEL or not _NAME.fullmatch(name):
            continue
        line = module.line_of(assignment.start)
        if not shape.match(name):
            yield StyleFinding("naming", line, owner, f"{name} is not {spelling}")
        if owner not in words:
            function = module.functions[owner]
            words[owner] = Counter(_NAME.findall(module.data[function.start : function.end].decode("utf-8", "replace")))
        if words[owner][name] == 1 and not name.startswith("_") and _is_local(module, assignment):
            yield StyleFinding("unused_variable", line, owner, f"nothing uses {name}")


def _is_local(module: Module, assignment: Assignment) -> bool:
    """Whether only the function that it stands in can use it.

    A script's function may itself be the value of the name, and what is assigned without a declaration is from outside.
    """
    if module.language == "python":
        return True
    declaration = assignment.value.parent
    itself = assignment.start == module.functions[assignment.owner].start
    return not itself and declaration is not None and declaration.type == "variable_declarator"


def _of_python(module: Module) -> Iterable[StyleFinding]:
    for node in module.nodes("handler"):
        if text(node).split(":")[0].strip() == "except":
            line, owner = module.line(node), module.owner_of(node.start_byte)
            yield StyleFinding(
                "bare_except", line, owner, "a bare except hides every error; name the one that is meant"
            )
    for assignment in module.assignments:
        line = module.line_of(assignment.start)
        if _TIGHT.match(module.lines[line - 1]):
            yield StyleFinding("spacing", line, assignment.owner, "blanks are missing around =")
    for node in module.nodes("comparison"):
        parts = [part for part in node.children if part.type != "comment"]
        for left, operator, right in zip(parts, parts[1:], parts[2:], strict=False):
            if operator.type in _INSTEAD and "none" in (left.type, right.type):
                message = f"None is compared with {operator.type}; use {_INSTEAD[operator.type]}"
                yield StyleFinding("comparison", module.line(operator), module.owner_of(node.start_byte), message)


def _of_script(module: Module) -> Iterable[StyleFinding]:
    for node in module.nodes("var"):
        message = "var leaks out of its block; use const or let"
        yield StyleFinding("var_declaration", module.line(node), module.owner_of(node.start_byte), message)
    for node in module.nodes("comparison"):
        operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
        if (
            operator is None
            or operator.type not in ("==", "!=")
            or (right is not None and right.type in ("null", "undefined"))
        ):
            continue
        message = f"{operator.type} converts before it compares; use {operator.type}="
        yield StyleFinding("loose_comparison", module.line(operator), module.owner_of(node.start_byte), message)
    for node in module.nodes("type"):
        if text(node) == "any":
            owner = module.owner_of(node.start_byte)
            yield StyleFinding("any_type", module.line(node), owner, "any switches the type checker off")
    for call in module.calls:
        if call.name in _LOGGERS and call.receiver == "console":
            message = f"console.{call.name} is a leftover of debugging; use a logger"
            yield StyleFinding("console_output", module.line(call.node), call.owner, message)
