"""A source file's text and syntax tree: what a language's grammar tells, before anything is made of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from .files import module_names
from .parsing import Captures, TooLargeError, parse, reads_as_javascript


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


def text(node: Node) -> str:
    """The node's source text."""
    return (node.text or b"").decode("utf-8", "replace")


class Syntax:
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

    # --- what is in it
    def nodes(self, name: str) -> list[Node]:
        """The captured nodes of this name, in the order of the file."""
        return sorted(self.captures.get(name, ()), key=_start)

    @cached_property
    def classes(self) -> list[tuple[int, int, str]]:
        """Start, end and name of each class."""
        found = []
        for node in self.nodes("class"):
            name = node.child_by_field_name("name")
            found.append((node.start_byte, node.end_byte, text(name) if name is not None else ""))
        return found


def _is_plain(content: str) -> bool:
    try:
        content.encode()
    except UnicodeEncodeError:
        return False
    return True


def _start(node: Node) -> int:
    return node.start_byte
