"""A source file as the agents see it: functions, calls, assignments and loops, the same for every language."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from tree_sitter import Node

from .files import module_names
from .parsing import Captures, TooLargeError, parse, reads_as_javascript

MODULE_LEVEL: Final = -1
"""The owner of code outside every function."""
_ENTITY: Final = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(slots=True)
class Function:
    """A function of a module, or a method of a class. A function inside a function is part of the outer one."""

    name: str
    class_name: str | None
    start_line: int
    """1-based, of the ``def`` or its counterpart, without decorators and comments."""
    end_line: int
    start: int
    end: int
    """Bytes."""
    parameters: dict[str, str]
    """Name → its type as written, empty if there is none; without ``self``."""
    documented: bool
    public: bool
    trivial: bool
    """Its body does nothing: ``pass``, ``...``, a docstring, a refusal to be called."""
    decorators: tuple[str, ...] = ()
    complexity: int = 1
    """1 + the decisions of its most branching callable (McCabe); conditions joined by ``and`` are one decision."""

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.end_line - self.start_line + 1

    @property
    def label(self) -> str:
        """``Class.method`` or ``function``."""
        return f"{self.class_name}.{self.name}" if self.class_name else self.name


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


def text(node: Node) -> str:
    """The node's source text."""
    return (node.text or b"").decode("utf-8", "replace")


class Module:
    """One source file, parsed. ``problem`` says why it could not be read; then everything is empty."""

    def __init__(self, path: str, content: str, language: str) -> None:
        self.path = path
        self.language = language
        self.content = content
        self.data = content.encode("utf-8", "surrogatepass" if _is_plain(content) else "replace")
        self.names = module_names(path)
        self.problem: str | None = None
        self.broken = False
        self.error_line = 1
        """Where it is broken first, if it is."""
        self.captures: Captures = {}
        if "\0" in content:
            self.problem = "it holds NUL bytes, so it is not text"
            return
        try:
            parsed = parse(self.data, language)
        except TooLargeError as error:
            self.problem = str(error)
            return
        self.broken = parsed.broken and not self._reads_otherwise()
        self.captures = parsed.captures
        if self.broken:
            self.error_line = min((self.line(node) for node in self.captures.get("error", ())), default=1)
        if not parsed.complete and not self.broken:
            self.problem = "it is too large to be looked into"

    def _reads_otherwise(self) -> bool:
        """Whether another reader of the language finds no error: grammars lag behind languages."""
        if self.language == "python":
            import ast

            try:
                ast.parse(self.data)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return False
            return True
        return self.language == "tsx" and reads_as_javascript(self.data)

    def release(self) -> None:
        """Let go of the syntax tree, which takes many times its text. ``functions`` stays if it was asked for."""
        self.captures = {}
        self.data = b""
        for name in ("lines", "_line_starts", "classes", "calls", "assignments", "assigned", "references", "imports"):
            self.__dict__.pop(name, None)

    # --- places
    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file."""
        return self.content.split("\n")

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(rb"\n", self.data))]

    def line_of(self, start: int) -> int:
        """The 1-based line of a byte."""
        return bisect_right(self._line_starts, start)

    def line(self, node: Node) -> int:
        """The 1-based line that the node begins on."""
        return self.line_of(node.start_byte)

    def owner_of(self, start: int) -> int:
        """The index of the function that a byte belongs to, or MODULE_LEVEL."""
        index = bisect_right(self._function_starts, start) - 1
        return index if index >= 0 and start < self.functions[index].end else MODULE_LEVEL

    @cached_property
    def _function_starts(self) -> list[int]:
        return [function.start for function in self.functions]

    # --- what is in it
    def nodes(self, name: str) -> list[Node]:
        """The captured nodes of this name, in the order of the file."""
        return sorted(self.captures.get(name, ()), key=_start)

    @cached_property
    def functions(self) -> list[Function]:
        """Functions and methods, in the order of the file, none inside another."""
        from .functions import functions_of

        return functions_of(self)

    @cached_property
    def classes(self) -> list[tuple[int, int, str]]:
        """Start, end and name of each class."""
        found = []
        for node in self.nodes("class"):
            name = node.child_by_field_name("name")
            found.append((node.start_byte, node.end_byte, text(name) if name is not None else ""))
        return found

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
        return found

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


def _module_parts(written: str) -> list[str]:
    """``'../src/user.service'`` → its last part as it stands and without suffix, and its folder."""
    parts = written.strip("'\"`").split("/")[-2:]
    last = re.sub(r"\.[cm]?[jt]sx?$", "", parts[-1])
    return [part for part in (*parts, last) if part not in ("", ".", "..", "src")]


def _is_plain(content: str) -> bool:
    try:
        content.encode()
    except UnicodeEncodeError:
        return False
    return True


def _start(node: Node) -> int:
    return node.start_byte
