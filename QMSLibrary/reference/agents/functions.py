"""The functions of a module."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .syntax import Function, Syntax, text

if TYPE_CHECKING:
    from tree_sitter import Node


_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")
_PYTHON_NOTHING: Final = {"pass_statement", "comment"}
_PRIVATE_MODIFIER: Final = re.compile(r"^\s*(private|protected)\b|^\s*(static\s+|async\s+)*#")


def functions_of(module: Syntax) -> list[Function]:
    """Functions and methods in the order of the file; one inside another belongs to the outer one."""
    python = module.language == "python"
    decorators = _decorators(module) if python else {}
    exported = set() if python else _exported_names(module)
    found: list[Function] = []
    end = -1
    for node, owner in _with_classes(module):
        if node.start_byte < end:
            continue
        if python:
            function = _python_function(module, node, owner, decorators)
        else:
            function = _script_function(module, node, owner, exported)
        if function is None:
            continue
        end = node.end_byte
        found.append(function)
    _measure_complexity(module, found)
    return found


def _with_classes(module: Syntax) -> Iterator[tuple[Node, str | None]]:
    """Each function's node with the name of the innermost class around it."""
    classes = module.classes
    around: list[tuple[int, int, str]] = []
    position = 0
    for node in module.nodes("function"):
        while position < len(classes) and classes[position][0] <= node.start_byte:
            around.append(classes[position])
            position += 1
        while around and around[-1][1] <= node.start_byte:
            around.pop()
        yield node, around[-1][2] if around else None


# --- Python
def _python_function(
    module: Syntax, node: Node, owner: str | None, decorators: dict[int, list[str]]
) -> Function | None:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None or body is None:
        return None
    written = text(name)
    statements = [child for child in body.named_children if child.type != "comment"]
    documented = bool(statements) and _is_docstring(statements[0])
    rest = statements[1:] if documented else statements
    return Function(
        name=written,
        class_name=owner,
        start_line=module.line(node),
        end_line=module.line_of(max(node.start_byte, node.end_byte - 1)),
        start=node.start_byte,
        end=node.end_byte,
        parameters=_python_parameters(node.child_by_field_name("parameters")),
        documented=documented,
        public=not written.startswith("_") and not (owner or "").startswith("_"),
        trivial=len(rest) < 3 and all(_does_nothing(statement) for statement in rest),
        decorators=tuple(decorators.get(node.start_byte, ())),
    )


def _is_docstring(statement: Node) -> bool:
    first = statement.named_child(0) if statement.type == "expression_statement" else None
    return first is not None and first.type in ("string", "concatenated_string")


def _does_nothing(statement: Node) -> bool:
    if statement.type in _PYTHON_NOTHING or _is_docstring(statement):
        return True
    if statement.type == "expression_statement":
        return text(statement) == "..."
    return statement.type == "raise_statement" and "NotImplementedError" in text(statement)


def _decorators(module: Syntax) -> dict[int, list[str]]:
    """Decorators by the first byte of the ``def`` that follows them."""
    starts = [node.start_byte for node in module.nodes("function")]
    found: dict[int, list[str]] = {}
    for node in module.nodes("decorator"):
        index = bisect_right(starts, node.end_byte)
        if index < len(starts):
            found.setdefault(starts[index], []).append(text(node).lstrip("@").strip())
    return found


def _python_parameters(node: Node | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in node.named_children if node is not None else ():
        kind = child.child_by_field_name("type")
        match = _NAME.search(text(child))
        if match and child.type != "comment":
            found[match[0]] = text(kind) if kind is not None else ""
    found.pop("self", None)
    found.pop("cls", None)
    return found


# --- TypeScript and JavaScript
def _script_function(module: Syntax, node: Node, owner: str | None, exported: set[str]) -> Function | None:
    name = node.child_by_field_name("name") or node.child_by_field_name("left") or node.child_by_field_name("property")
    callee = node
    if node.type in ("variable_declarator", "public_field_definition", "assignment_expression"):
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if value is None:
            return None
        callee = value
    body = callee.child_by_field_name("body")
    if name is None or body is None:
        return None
    written = text(name).rsplit(".", 1)[-1].strip("'\"")
    if written == "exports":
        written = module.names[0]
    line = module.line(node)
    head = module.lines[line - 1] if line <= len(module.lines) else ""
    statements = [child for child in body.named_children if child.type != "comment"]
    block = body.type == "statement_block"
    return Function(
        name=written,
        class_name=owner,
        start_line=line,
        end_line=module.line_of(max(node.start_byte, node.end_byte - 1)),
        start=node.start_byte,
        end=node.end_byte,
        parameters=_script_parameters(callee),
        documented=_comment_above(module, line),
        public=(owner or written) in exported
        and not written.startswith(("_", "#"))
        and not _PRIVATE_MODIFIER.match(head),
        trivial=block and not statements and written != "constructor",
    )


def _script_parameters(callee: Node) -> dict[str, str]:
    single = callee.child_by_field_name("parameter")
    if single is not None:
        return {text(single): ""}
    found: dict[str, str] = {}
    parameters = callee.child_by_field_name("parameters")
    for child in parameters.named_children if parameters is not None else ():
        kind = child.child_by_field_name("type")
        written = text(kind).lstrip(":").strip() if kind is not None else ""
        pattern = child.child_by_field_name("pattern") or child
        if pattern.type == "identifier":
            found[text(pattern)] = written
        elif pattern.type != "comment":
            found.update(dict.fromkeys(_NAME.findall(text(pattern)), ""))
    return found


_EXPORT_HEAD: Final = re.compile(
    r"^export\s+(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?"
    r"(?:function\s*\*?|class|const|let|var|interface|enum|type)\s+([A-Za-z_$][\w$]*)",
    re.MULTILINE,
)
_EXPORT_LIST: Final = re.compile(
    r"(?:^export\s*(?:default\s*)?|module\.exports\s*=\s*)({[^{}]*}|[A-Za-z_$][\w$]*)", re.MULTILINE
)
_EXPORT_MEMBER: Final = re.compile(r"(?:^|\bmodule\.)exports\.([A-Za-z_$][\w$]*)", re.MULTILINE)


def _exported_names(module: Syntax) -> set[str]:
    content = module.content
    found = set(_EXPORT_HEAD.findall(content)) if "export " in content else set()
    if "exports" in content:
        found.update(_EXPORT_MEMBER.findall(content))
    for names in _EXPORT_LIST.findall(content) if "export" in content else ():
        found.update(_NAME.findall(names))
    return found


def _comment_above(module: Syntax, line: int) -> bool:
    """Whether a comment stands directly above, decorators in between left out."""
    lines = module.lines
    index = line - 2
    while index >= 0 and lines[index].lstrip().startswith("@"):
        index -= 1
    above = lines[index].strip() if 0 <= index < len(lines) else ""
    return above.endswith("*/") or above.startswith("//")


# --- complexity
def _measure_complexity(module: Syntax, functions: list[Function]) -> None:
    """Count each branch for the innermost callable around it; a function is as complex as its worst callable."""
    callables = [(node.start_byte, node.end_byte) for node in module.nodes("callable")]
    branches = [node.start_byte for node in module.nodes("branch")]
    counts: dict[int, int] = {}
    around: list[tuple[int, int]] = []
    position = 0
    for start in branches:
        while position < len(callables) and callables[position][0] <= start:
            around.append(callables[position])
            position += 1
        # Callables that ended before this branch are left for good: branches come in order.
        while around and around[-1][1] <= start:
            around.pop()
        if around:
            counts[around[-1][0]] = counts.get(around[-1][0], 0) + 1
    for start, count in counts.items():
        index = bisect_right(functions, start, key=lambda function: function.start) - 1
        if index >= 0 and start < functions[index].end:
            functions[index].complexity = max(functions[index].complexity, count + 1)
