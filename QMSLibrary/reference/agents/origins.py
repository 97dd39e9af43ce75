"""Where a value comes from: through names, through calls of the same file, and from those who call it.

``Values`` reads one expression. Some flaws only are one when the value is what a *request* says, and that may have
passed through a helper on its way: ``Origins`` opens the helpers of the file, and looks at the callers of a function
whose parameter it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from .source import MODULE_LEVEL, Call, Module
from .syntax import text
from .values import Hole, Values

if TYPE_CHECKING:
    from tree_sitter import Node

MAXIMUM_DEPTH: Final = 8
MAXIMUM_LEAVES: Final = 200
"""Parts of one value that are followed."""
MAXIMUM_LOOKS: Final = 50
"""Times that one flaw looks for a guard in a file; what has more findings than that is not spared any more."""
LONGEST_LINE: Final = 300
MOST_LINES: Final = 100
MOST_NAMES: Final = 20
_REQUEST: Final = re.compile(
    r"^(?:(?:self|this)\.)?(?:\w+\.)?(?:req|request)\.(?:args|GET|POST|form|values|query|query_params|queryParams|params|"
    r"path_params|match_info|body|json|data|files?|cookies|headers|url|param|get_json|query_string|nextUrl)\b|"
    r"^(?:event)\.(?:queryStringParameters|pathParameters|body|headers)\b|^(?:ctx|context)\.(?:query|params|body)\b"
)
_ROUTE: Final = re.compile(r"\.(?:get|post|put|patch|delete|route|websocket|api_route)\(")
_CALLED: Final = ("call", "call_expression", "new_expression")
_PARTS: Final = (
    "attribute", "member_expression", "binary_operator", "binary_expression",
    "list", "array", "tuple", "object", "pair", "spread_element", "boolean_operator", "list_splat",
)  # fmt: skip
_OURSELVES: Final = ("", "self", "this", "cls")
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")
_LAST_PARTS: Final = ("name", "stem", "suffix", "base")
_PATH: Final = re.compile(r"(?:\w+\.)*(?:Pure)?(?:Posix|Windows)?Path\(|(?:path\.)?parse\(")
_LEAVES: Final = re.compile(r"\b(?:raise|return|throw|continue|abort|exit)\b")
_CARRIERS: Final = {"request", "req", "response", "res", "self", "this", "cls"}


class Origins:
    """Follows values of one module. ``cleaned`` matches the names of calls that leave nothing to be afraid of."""

    def __init__(self, module: Module, values: Values, cleaned: re.Pattern[str]) -> None:
        self._module = module
        self._values = values
        self._cleaned = cleaned
        self._left = MAXIMUM_LEAVES
        self._looks_left = MAXIMUM_LOOKS

    def from_request(self, node: Node, owner: int) -> Hole | None:
        """The first part of the expression that a request decides; None when there is none."""
        self._left = MAXIMUM_LEAVES
        for hole in self._of(node, owner, 0):
            if self._is_request(hole) and not self.is_guarded(node, owner):
                return hole
        return None

    def is_guarded(self, node: Node, owner: int) -> bool:
        """Whether the function looks at the value before, and gives up when it is not one of those that it knows."""
        self._looks_left -= 1
        if owner == MODULE_LEVEL or self._looks_left < 0:
            return False
        function = self._module.functions[owner]
        first = self._module.line_of(function.start) - 1
        lines = self._module.lines[first : self._module.line(node) - 1][-MOST_LINES:]
        # The line itself up to here, and none that nobody wrote by hand.
        begun = self._module.data[max(function.start, node.start_byte - LONGEST_LINE) : node.start_byte]
        lines.append(begun.decode("utf-8", "replace").rsplit("\n", 1)[-1])
        short = [line if len(line) <= LONGEST_LINE else "" for line in lines]
        return any(_looked_at(name, short) for name in sorted(self._trail(node, owner))[:MOST_NAMES])

    def is_harmless(self, hole: Hole, node: Node, owner: int) -> bool:
        """Whether nobody outside can choose the value: a helper of this file makes it safe, or it is looked at."""
        target = hole.node.child_by_field_name("function")
        arguments = hole.node.child_by_field_name("arguments")
        if target is not None and arguments is not None:
            self._left = MAXIMUM_LEAVES
            helper = self._helper(target, hole.call)
            if helper is not None and helper in self._returned:
                left = self._of_helper(helper, arguments, hole.owner, 0)
                return not any(self._values.is_dynamic(one) for one in left)
        return self.is_guarded(node, owner)

    def _is_request(self, hole: Hole) -> bool:
        if _REQUEST.match(hole.written):
            return True
        # Frameworks that hand over what a request says as parameters of a function with a route.
        if hole.owner == MODULE_LEVEL or not self._values.is_parameter(hole):
            return False
        decorators = self._module.functions[hole.owner].decorators
        return any(_ROUTE.search(one) for one in decorators) and self._values.type_of(hole) in ("", "str")

    def _of(self, node: Node, owner: int, depth: int) -> Iterator[Hole]:
        for piece in self._values.pieces(node, owner):
            self._left -= 1
            if self._left < 0 or depth > MAXIMUM_DEPTH:
                return
            if isinstance(piece, Hole):
                yield from self._open(piece, depth)

    def _open(self, hole: Hole, depth: int) -> Iterator[Hole]:
        node = hole.node
        if node.type in ("await", "await_expression", "parenthesized_expression") and node.named_children:
            yield from self._of(node.named_children[0], hole.owner, depth + 1)
        elif node.type in _CALLED:
            yield from self._of_call(hole, depth)
        elif _REQUEST.match(hole.written):
            yield hole
        elif node.type in ("subscript", "subscript_expression") and node.named_children:
            yield from self._of(node.named_children[0], hole.owner, depth + 1)  # the key decides nothing
        elif node.type in _PARTS:
            if not self._is_last_part(node, hole.owner):
                for child in node.named_children:
                    if child.type not in ("property_identifier", "comment") and child != _attribute(node):
                        yield from self._of(child, hole.owner, depth + 1)
        elif node.type == "identifier" and self._values.is_parameter(hole):
            yield hole
            yield from self._of_callers(hole, depth)
        else:
            yield hole

    def _is_last_part(self, node: Node, owner: int) -> bool:
        """Whether it is ``Path(…).name``, and that is no way out of a folder."""
        last, subject = _attribute(node), node.child_by_field_name("object")
        if last is None or subject is None or text(last) not in _LAST_PARTS or not self._cleaned.search("path.name"):
            return False
        values = self._module.assigned.get((owner, text(subject)), ())
        return any(_PATH.match(text(one)[:80]) for one in (subject, *(value.value for value in values)))

    def _of_call(self, hole: Hole, depth: int) -> Iterator[Hole]:
        node = hole.node
        target = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = node.child_by_field_name("arguments")
        if target is None or arguments is None:
            return
        last = _attribute(target) or target
        if self._cleaned.search(text(last)):
            return
        helper = self._helper(target, text(last))
        if helper is not None:
            yield from self._of_helper(helper, arguments, hole.owner, depth)
            return
        if _REQUEST.match(hole.written):
            yield hole
            return
        subject = target.child_by_field_name("object")
        if subject is not None and text(last) == "get":  # of a table: the key decides nothing
            yield from self._of(subject, hole.owner, depth + 1)
            return
        for child in (subject, *arguments.named_children) if subject is not None else arguments.named_children:
            if child is not None and child.type != "comment":
                named = child.child_by_field_name("value") if child.type == "keyword_argument" else None
                yield from self._of(named or child, hole.owner, depth + 1)

    # --- helpers of the same file
    def _helper(self, target: Node, name: str) -> int | None:
        receiver = text(target)[: -len(name)].rstrip("?.")
        if receiver not in _OURSELVES:
            return None
        return self._functions.get(name)

    def _of_helper(self, helper: int, arguments: Node, owner: int, depth: int) -> Iterator[Hole]:
        """What a helper returns, its parameters replaced by what it is given."""
        parameters = list(self._module.functions[helper].parameters)
        for returned in self._returned.get(helper, ()):
            for hole in self._of(returned, helper, depth + 1):
                if hole.owner == helper and hole.written in parameters:
                    given = _given(arguments, parameters.index(hole.written), hole.written)
                    if given is not None:
                        yield from self._of(given, owner, depth + 1)
                else:
                    yield hole

    @cached_property
    def _functions(self) -> dict[str, int]:
        """Functions by name; of several the first."""
        found: dict[str, int] = {}
        for place, function in enumerate(self._module.functions):
            found.setdefault(function.name, place)
        return found

    @cached_property
    def _returned(self) -> dict[int, list[Node]]:
        """What each function returns."""
        found: dict[int, list[Node]] = {}
        for node in self._module.nodes("return"):
            value = node.named_children[0] if node.type == "return_statement" else node
            found.setdefault(self._module.owner_of(node.start_byte), []).append(value)
        return found

    @cached_property
    def _calls_of(self) -> dict[str, list[Call]]:
        """Calls by name."""
        found: dict[str, list[Call]] = {}
        for call in self._module.calls:
            found.setdefault(call.name, []).append(call)
        return found

    # --- who calls
    def _of_callers(self, hole: Hole, depth: int) -> Iterator[Hole]:
        function = self._module.functions[hole.owner]
        position = list(function.parameters).index(hole.written) if hole.written in function.parameters else -1
        if position < 0 or depth > 2:
            return
        for call in self._calls_of.get(function.name, ()):
            self._left -= 1
            if self._left < 0:
                return
            if call.receiver not in (*_OURSELVES, function.class_name) or call.owner == hole.owner:
                continue
            arguments = call.node.child_by_field_name("arguments")
            given = _given(arguments, position, hole.written) if arguments is not None else None
            if given is not None and not self.is_guarded(given, call.owner):
                yield from self._of(given, call.owner, depth + 1)

    # --- guards
    def _trail(self, node: Node, owner: int) -> set[str]:
        """The names that the value goes through, and those that are made from it."""
        found: set[str] = set()
        new = set(_NAME.findall(text(node)))
        while new:
            found |= new
            values = [one for name in new for one in self._module.assigned.get((owner, name), ())]
            new = {name for value in values for name in _NAME.findall(text(value.value)[:500])} - found
        own = self._module.functions[owner].parameters
        made = {
            assignment.target
            for (place, _), values in self._module.assigned.items()
            if place == owner
            for assignment in values
            if not found.isdisjoint(_NAME.findall(text(assignment.value)[:500]))
        }
        local = {name for name in found | made if (owner, name) in self._module.assigned or name in own}
        return local - _CARRIERS


def _looked_at(name: str, lines: list[str]) -> bool:
    part = rf"\b{re.escape(name)}(?:\??\.\w+(?:\(\))?)*"
    condition = re.compile(
        rf"\bif\b.*(?:{part}\s+(?:not\s+)?in\b|[\"']\s+(?:not\s+)?in\s+{part}|"
        rf"\b(?:has|includes|test|match|fullmatch|exec|hasOwn|indexOf)\([^)]*{part}|"
        rf"{part}\s*\.(?:startswith|startsWith|is_relative_to|match|includes)\(|"
        rf"\b_?(?:is|assert|check|validate|ensure)\w*\([^)]*{part})(?P<rest>.*)",
        re.IGNORECASE,
    )
    # What raises by itself.
    refusing = re.compile(
        rf"{part}\s*\.relative_to\(|\b_?(?:assert|check|validate|ensure|require)\w*\([^)]*{part}", re.IGNORECASE
    )
    for number, line in enumerate(lines):
        if name not in line:
            continue
        if refusing.search(line):
            return True
        match = condition.search(line)
        if match and _LEAVES.search("\n".join([match["rest"], *lines[number + 1 : number + 4]])):
            return True
    return False


def _attribute(node: Node) -> Node | None:
    return node.child_by_field_name("attribute") or node.child_by_field_name("property")


def _given(arguments: Node, position: int, name: str) -> Node | None:
    """The argument for a parameter, by its name or its place."""
    places = []
    for child in arguments.named_children:
        if child.type == "keyword_argument":
            key = child.child_by_field_name("name")
            if key is not None and text(key) == name:
                return child.child_by_field_name("value")
        elif child.type != "comment":
            places.append(child)
    return places[position] if position < len(places) else None
