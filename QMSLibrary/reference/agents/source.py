"""One source file as the agents see it: its functions, and what they call, assign and mention."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from tree_sitter import Node

from .functions import functions_of
from .imported import loaded, python_imports, script_imports
from .syntax import Function, Syntax, text

MODULE_LEVEL: Final = -1
"""The owner of code outside every function."""
LONGEST_NAME: Final = 200
"""Bytes of a dotted name, or of what loads a module."""
_ENTITY: Final = re.compile(r"[A-Za-z_$][\w$]*")
_DOTTED: Final = re.compile(r"([A-Za-z_$][\w$]*)((?:\??\.[A-Za-z_$][\w$]*)*)")
_WRAPPED: Final = re.compile(r"(?:\w+\.)?(?:promisify|partial)\(\s*([\w$.]+)")


@dataclass(slots=True)
class Call:
    """A call of something."""

    name: str
    """The last part of what is called: ``execute`` of ``self.db.execute(…)``."""
    node: Node
    target: Node
    start: int
    owner: int
    """Index of the function it stands in, or MODULE_LEVEL."""
    arguments: list[Node] = field(default_factory=list)
    keywords: dict[str, Node] = field(default_factory=dict)

    @property
    def receiver(self) -> str:
        """What it is called on: ``self.db`` of ``self.db.execute(…)``; empty for a plain function."""
        return text(self.target)[: -len(self.name)].rstrip("?.")


@dataclass(slots=True)
class Assignment:
    """A name, or an attribute, is given a value. ``adds`` for ``+=``."""

    target: str
    value: Node
    start: int
    owner: int
    adds: bool = False


def unwrapped(target: Node) -> Node:
    """What is called. The grammar reads ``await db.query<T>(…)`` as a call of ``await db.query``."""
    while (
        target.type in ("await_expression", "non_null_expression", "parenthesized_expression") and target.named_children
    ):
        target = target.named_children[0]
    return target


class Module(Syntax):
    """One source file, parsed. ``problem`` says why it could not be read; then everything is empty."""

    def release(self) -> None:
        """Let go of the syntax tree, which takes many times its text. ``functions`` stays if it was asked for."""
        self.captures = {}
        self.data = b""
        for name in (
            "lines",
            "_line_starts",
            "classes",
            "calls",
            "assignments",
            "assigned",
            "references",
            "imports",
            "stands_for",
        ):
            self.__dict__.pop(name, None)

    def owner_of(self, start: int) -> int:
        """The index of the function that a byte belongs to, or MODULE_LEVEL."""
        index = bisect_right(self._function_starts, start) - 1
        return index if index >= 0 and start < self.functions[index].end else MODULE_LEVEL

    @cached_property
    def _function_starts(self) -> list[int]:
        return [function.start for function in self.functions]

    @cached_property
    def functions(self) -> list[Function]:
        """Functions and methods, in the order of the file, none inside another."""
        return functions_of(self)

    @cached_property
    def calls(self) -> list[Call]:
        """Every call, in the order of the file."""
        python = self.language == "python"
        calls = []
        for node in self.nodes("call"):
            target = node.child_by_field_name("function") or node.child_by_field_name("constructor")
            if target is None:
                continue
            target = unwrapped(target)
            last = target.child_by_field_name("attribute" if python else "property") or target
            start = last.start_byte if last is not target else target.start_byte
            call = Call(text(last), node, target, start, self.owner_of(node.start_byte))
            arguments = node.child_by_field_name("arguments")
            if arguments is not None and arguments.type in ("argument_list", "arguments"):
                for argument in arguments.named_children:
                    if argument.type == "keyword_argument":
                        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
                        if name is not None and value is not None:
                            call.keywords[text(name)] = value
                    elif argument.type != "comment":
                        call.arguments.append(argument)
            calls.append(call)
        return calls

    @cached_property
    def assignments(self) -> list[Assignment]:
        """Every assignment to a name or an attribute, in the order of the file."""
        found = []
        for node in self.nodes("assignment"):
            target = node.child_by_field_name("left") or node.child_by_field_name("name")
            value = node.child_by_field_name("right") or node.child_by_field_name("value")
            if target is None or value is None:
                continue
            start = node.start_byte
            found.append(
                Assignment(text(target), value, start, self.owner_of(start), node.type.startswith("augmented"))
            )
        return found

    @cached_property
    def assigned(self) -> dict[tuple[int, str], list[Assignment]]:
        """Assignments by owner and name."""
        found: dict[tuple[int, str], list[Assignment]] = {}
        for assignment in self.assignments:
            found.setdefault((assignment.owner, assignment.target), []).append(assignment)
            if assignment.target.startswith("{"):  # const { a, b: c } = value
                for name in _ENTITY.findall(assignment.target):
                    found.setdefault((assignment.owner, name), []).append(assignment)
        return found

    @cached_property
    def stands_for(self) -> dict[str, str]:
        """What imported names are: ``sp`` → ``subprocess``, ``run`` → ``child_process.exec``."""
        if self.language == "python":
            return python_imports(text(node) for node in self.captures.get("import", ()))
        statements = (node.parent for node in self.captures.get("import", ()))
        found = script_imports(text(node) for node in statements if node is not None)
        if "require(" in self.content or "import(" in self.content:
            for assignment in self.assignments:
                value = _short(assignment.value)
                if "require(" in value or "import(" in value:
                    found.update(loaded(assignment.target, value))
        return found

    def called(self, call: Call) -> str:
        """What is called, by its full name: ``subprocess.run`` of ``sp.run(…)`` after ``import subprocess as sp``.

        A name that was not imported stays as it is written; what is called on a longer expression is its last part.
        """
        return self.full_name(call.target, call.owner) or call.name

    def full_name(self, node: Node, owner: int, depth: int = 0) -> str:
        """The full name of a dotted expression, imports and other names for it followed; empty for anything else."""
        if node.type not in ("identifier", "attribute", "member_expression"):
            return ""
        match = _DOTTED.fullmatch(_short(node))
        if match is None:
            return ""
        root, rest = match[1], match[2].replace("?", "")
        if root in self.stands_for:
            return self.stands_for[root] + rest
        values = self.assigned.get((owner, root)) or self.assigned.get((MODULE_LEVEL, root)) or ()
        if len(values) == 1 and depth < 3:
            value = values[0]
            known = self.full_name(value.value, value.owner, depth + 1)
            if not known and (wrapped := _WRAPPED.match(_short(value.value))):
                first, _, more = wrapped[1].partition(".")
                known = self.stands_for.get(first, first) + (f".{more}" if more else "")
            if known:
                return known + rest
        return root + rest

    @cached_property
    def references(self) -> dict[int, set[str]]:
        """What each function (and MODULE_LEVEL) calls or mentions, by the last part of its name."""
        found: dict[int, set[str]] = {MODULE_LEVEL: set()}
        for node in self.captures.get("reference", ()):
            name = text(node).rsplit(".", 1)[-1]
            found.setdefault(self.owner_of(node.start_byte), set()).add(name)
        for call in self.calls:
            found.setdefault(call.owner, set()).add(call.name)
        return found

    @cached_property
    def imports(self) -> set[str]:
        """The last parts of the modules it imports, and the names it takes from them."""
        found: set[str] = set()
        for node in self.captures.get("import", ()):
            written = text(node)
            if self.language == "python":
                found.update(_ENTITY.findall(written))
            else:
                found.update(_module_parts(written))
        for call in self.calls:
            if call.name in ("require", "import", "import_module", "mock") and call.arguments:
                found.update(_module_parts(text(call.arguments[0])))
        return found - {"from", "import", "as"}


def _short(node: Node) -> str:
    """Its text, if that is short: nothing that is looked for here is long, and reading what is long takes its time."""
    return text(node) if node.end_byte - node.start_byte <= LONGEST_NAME else ""


def _module_parts(written: str) -> list[str]:
    """``'../src/user.service'`` → its last part as it stands and without suffix, and its folder."""
    parts = written.strip("'\"`").split("/")[-2:]
    last = re.sub(r"\.[cm]?[jt]sx?$", "", parts[-1])
    return [part for part in (*parts, last) if part not in ("", ".", "..", "src")]
