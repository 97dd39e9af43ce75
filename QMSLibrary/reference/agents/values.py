"""What a string is made of: constant text and holes that something else fills.

An injection is a text of a certain shape (a statement, a page, a command) with a hole that somebody outside can fill.
This chapter finds the text and the holes, for every language alike; the flaws say which shape and which hole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .source import MODULE_LEVEL, Call, Module, unwrapped
from .syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

MAXIMUM_DEPTH: Final = 40
MAXIMUM_PIECES: Final = 400
STEPS_FOR_ONE: Final = 4_000
STEPS_FOR_ALL: Final = 400_000
"""Expressions looked at for one value, and for all of a file: names that stand for names can make any number."""
_CONSTANT: Final = re.compile(r"(?:[A-Za-z_$][\w$]*\.)*[A-Z][A-Z0-9_]*$")
_FIRST: Final = re.compile(r"[A-Za-z_$][\w$]*")
_PLACEHOLDERS: Final = re.compile(r"""(["'`])(?:\?|%s|\d+|:\w+|\$\$?\{[^}]{0,80}\}|\$)\1""")
_LITERALS: Final = {
    "integer", "float", "number", "true", "false", "none", "null", "undefined", "regex", "concatenated", "comment",
}  # fmt: skip
_INNER: Final = {
    "parenthesized_expression", "await_expression", "await", "as_expression", "satisfies_expression",
    "non_null_expression", "expression_statement", "spread_element", "type_conversion", "jsx_expression",
}  # fmt: skip
_SAFE_TYPES: Final = {
    "number",
    "bigint",
    "boolean",
    "int",
    "float",
    "bool",
    "Decimal",
    "UUID",
    "date",
    "datetime",
    "Date",
}
_SAME_TEXT: Final = {"strip", "trim", "dedent", "lower", "upper", "toLowerCase", "toUpperCase", "toString", "cleandoc"}


@dataclass(slots=True, frozen=True)
class Hole:
    """A part of a string that is not constant."""

    node: Node
    written: str
    """The expression as written."""
    call: str
    """The name of the function, if the expression is a call; else empty."""
    owner: int
    place: Node
    """Where it is put into the string; with a name in between, that is not where the expression stands."""

    @property
    def root(self) -> str:
        """The first name of the expression: ``request`` of ``request.args["id"]``."""
        match = _FIRST.search(self.written)
        return match[0] if match else ""


Piece = str | Hole


class Values:
    """Reads the values of expressions of one module."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._functions = module.functions
        self._lists: dict[tuple[int, str], list[Node]] | None = None
        self._left = STEPS_FOR_ALL
        self._steps = 0

    def pieces(self, node: Node, owner: int) -> list[Piece]:
        """What the expression comes to, names followed to what they were assigned in the same function or module."""
        self._steps = min(STEPS_FOR_ONE, self._left)
        self._left -= self._steps
        try:
            return self._gather(node, owner)
        finally:
            self._left += max(0, self._steps)

    def _gather(self, node: Node, owner: int) -> list[Piece]:
        found: list[Piece] = []
        for piece in self._read(node, owner, 0, frozenset()):
            found.append(piece)
            if len(found) >= MAXIMUM_PIECES:
                break
        return found

    def is_dynamic(self, hole: Hole) -> bool:
        """Whether the value may come from outside: neither a constant by its name nor of a type that holds no text."""
        if _CONSTANT.match(hole.written):
            return False
        return self.type_of(hole) not in _SAFE_TYPES

    def type_of(self, hole: Hole) -> str:
        """The type written down for the parameter that the hole is; empty if there is none."""
        if hole.owner == MODULE_LEVEL or not _FIRST.fullmatch(hole.written):
            return ""
        return self._functions[hole.owner].parameters.get(hole.written, "").split("|")[0].strip()

    def is_parameter(self, hole: Hole) -> bool:
        """Whether the hole is, or is a part of, a parameter of the function it stands in."""
        return hole.owner != MODULE_LEVEL and hole.root in self._functions[hole.owner].parameters

    # --- reading
    def _read(
        self, node: Node, owner: int, depth: int, seen: frozenset[str], place: Node | None = None
    ) -> Iterator[Piece]:
        """``place``: the part of the innermost string that the expression is, if it is one."""
        kind = node.type
        self._steps -= 1
        if self._steps < 0:
            return
        if depth > MAXIMUM_DEPTH:
            yield self._hole(node, owner, place)
        elif kind in ("string", "template_string", "concatenated_string"):
            yield from self._string(node, owner, depth, seen)
        elif kind in _LITERALS:
            yield text(node)
        elif kind in _INNER and node.named_children:
            yield from self._read(node.named_children[0], owner, depth + 1, seen, place)
        elif kind in ("binary_operator", "binary_expression"):
            yield from self._operation(node, owner, depth, seen, place)
        elif kind in ("conditional_expression", "ternary_expression"):
            branches = node.named_children
            chosen = (branches[0], branches[2]) if kind == "conditional_expression" else branches[1:]
            for branch in chosen:
                yield from self._read(branch, owner, depth + 1, seen, place)
        elif kind in ("call", "call_expression"):
            yield from self._call(node, owner, depth, seen, place)
        elif kind == "identifier":
            yield from self._name(node, owner, depth, seen, place)
        else:
            yield self._hole(node, owner, place)

    def _hole(self, node: Node, owner: int, place: Node | None, call: str = "") -> Hole:
        return Hole(node, text(node), call, owner, place or node)

    def _string(self, node: Node, owner: int, depth: int, seen: frozenset[str]) -> Iterator[Piece]:
        for child in node.named_children:
            if child.type in ("interpolation", "template_substitution"):
                inner = child.child_by_field_name("expression") or (
                    child.named_children[0] if child.named_children else child
                )
                yield from self._read(inner, owner, depth + 1, seen, inner)
            elif child.type in ("string", "template_string"):
                yield from self._string(child, owner, depth + 1, seen)
            elif child.type in ("string_content", "string_fragment", "escape_sequence"):
                yield text(child)

    def _operation(
        self, node: Node, owner: int, depth: int, seen: frozenset[str], place: Node | None
    ) -> Iterator[Piece]:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        sign = text(operator) if operator is not None else ""
        if left is None or right is None:
            yield self._hole(node, owner, place)
        elif sign in ("+", "||", "??"):
            # A chain of a + b + c leans to the left; walking it in a loop keeps long ones within the depth.
            chain = [right]
            while left.type == node.type and (inner := left.child_by_field_name("left")) is not None:
                second = left.child_by_field_name("right")
                if second is None:
                    break
                chain.append(second)
                left = inner
            chain.append(left)
            for part in reversed(chain):
                yield from self._read(part, owner, depth + 1, seen, part if sign == "+" else place)
        elif sign == "%" and node.type == "binary_operator":
            yield from self._read(left, owner, depth + 1, seen)
            parts = right.named_children if right.type in ("tuple", "dictionary") else [right]
            for part in map(_value, parts):
                yield from self._read(part, owner, depth + 1, seen, part)
        elif sign == "*" and node.type == "binary_operator":
            yield text(left)
        else:
            yield self._hole(node, owner, place, "arithmetic")

    def _call(self, node: Node, owner: int, depth: int, seen: frozenset[str], place: Node | None) -> Iterator[Piece]:
        target, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if target is None or arguments is None:
            yield self._hole(node, owner, place)
            return
        target = unwrapped(target)
        subject = target.child_by_field_name("object")
        last = target.child_by_field_name("attribute") or target.child_by_field_name("property") or target
        name = text(last)
        if arguments.type == "template_string":
            yield f"tagged {name}"  # the tag gets text and values apart, and binds the values
        elif name == "format" and subject is not None:
            yield from self._read(subject, owner, depth + 1, seen)
            for value in map(_value, arguments.named_children):
                yield from self._read(value, owner, depth + 1, seen, value)
        elif name == "join" and subject is not None:
            yield from self._join(node, subject, arguments, owner, depth, seen)
        elif name == "concat" and subject is not None:
            for part in (subject, *arguments.named_children):
                yield from self._read(part, owner, depth + 1, seen, part)
        elif name in _SAME_TEXT and subject is not None and not arguments.named_children:
            yield from self._read(subject, owner, depth + 1, seen, place)
        else:
            yield self._hole(node, owner, place, name)

    def _join(
        self, node: Node, subject: Node, arguments: Node, owner: int, depth: int, seen: frozenset[str]
    ) -> Iterator[Piece]:
        """``", ".join(parts)`` and ``parts.join(", ")``: a list of placeholders is constant, else the parts count."""
        if _PLACEHOLDERS.search(text(node)):
            yield "?"
            return
        values = arguments.named_children if self._module.language == "python" else [subject]
        for value in values:
            elements = (
                value.named_children if value.type in ("list", "array", "tuple") else self._elements(value, owner)
            )
            if elements is None:
                yield self._hole(node, owner, None, "join")
                return
            for element in elements:
                yield from self._read(element, owner, depth + 1, seen, element)

    def _elements(self, node: Node, owner: int) -> list[Node] | None:
        """What a local list holds: its literal's elements and all that is appended to it."""
        if node.type != "identifier":
            return None
        assigned = self._module.assigned.get((owner, text(node)), [])
        if not assigned or any(one.value.type not in ("list", "array") for one in assigned):
            return None
        found = [element for one in assigned for element in one.value.named_children]
        return found + self._appended.get((owner, text(node)), [])

    @property
    def _appended(self) -> dict[tuple[int, str], list[Node]]:
        if self._lists is None:
            self._lists = {}
            for call in self._module.calls:
                if call.name in ("append", "push", "extend", "insert", "unshift"):
                    self._lists.setdefault((call.owner, call.receiver), []).extend(call.arguments[-1:])
        return self._lists

    def _name(self, node: Node, owner: int, depth: int, seen: frozenset[str], place: Node | None) -> Iterator[Piece]:
        name = text(node)
        for scope in dict.fromkeys((owner, MODULE_LEVEL)):
            values = self._module.assigned.get((scope, name))
            if values and name not in seen:
                for value in values:
                    if self._steps < 0:
                        return
                    part = value.value if value.adds else place
                    yield from self._read(value.value, scope, depth + 1, seen | {name}, part)
                return
            if scope != MODULE_LEVEL and name in self._functions[scope].parameters:
                break  # a parameter hides what the module calls by that name
        yield self._hole(node, owner, place)


def _value(node: Node) -> Node:
    """What an argument with a name, or an entry of a dictionary, is."""
    named = node.child_by_field_name("value") if node.type in ("keyword_argument", "pair") else None
    return named or node


def built_text(pieces: list[Piece]) -> str:
    """The constant text, with a NUL where a hole is."""
    return "".join("\0" if isinstance(piece, Hole) else piece for piece in pieces)


def holes(pieces: list[Piece]) -> list[Hole]:
    """The holes."""
    return [piece for piece in pieces if isinstance(piece, Hole)]


def argument(call: Call, position: int, *names: str) -> Node | None:
    """The call's argument at ``position`` (from 0), or by one of its names."""
    for name in names:
        if name in call.keywords:
            return call.keywords[name]
    return call.arguments[position] if position < len(call.arguments) else None
