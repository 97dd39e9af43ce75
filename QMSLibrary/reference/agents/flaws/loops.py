"""Loops of every spelling: what the performance flaws in them are found with."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

_ITERATORS: Final = {
    "map", "forEach", "filter", "flatMap", "some", "every", "reduce", "find", "findIndex", "findLast",
}  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")
_LENGTH: Final = re.compile(r"([\w$.]+)\.length\b|range\(\s*(?:[\w\s+]+,\s*)?len\(([\w.]+)\)")
_WRAPPERS: Final = re.compile(
    r"^(?:enumerate|list|tuple|sorted|reversed|iter|Array\.from|Object\.(?:values|entries))\((.+?)(?:,[^()]*)?\)$|"
    r"^(.+?)(?:\[(?!:\d+\])[^\[\]]*:[^\[\]]*\]|\.(?:slice|entries|values|items|keys|toSorted|copy)\([^()]*\))$"
)
LONGEST_COLLECTION: Final = 120
"""Characters of what a loop goes over; nobody compares longer ones by eye either."""
_COMPREHENSIONS: Final = {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}


@dataclass(slots=True)
class Loop:
    """A loop and what it goes over."""

    start: int
    """Of its body."""
    end: int
    over: str
    """The collection as written; empty for a loop without one."""
    names: frozenset[str]
    """The names that change with each turn."""
    place: int
    in_refusal: bool = False
    """It only words an error, after which the outer loop is over."""


class Loops:
    """Loops of every spelling, in the order of the file: statements, comprehensions, ``items.map(…)``."""

    def __init__(self, module: Module) -> None:
        found = [loop for node in module.nodes("loop") if (loop := _loop(node)) is not None]
        for call in module.calls if module.language != "python" else ():
            first = call.arguments[0] if call.arguments else None
            if (
                call.name in _ITERATORS
                and first is not None
                and first.type in ("arrow_function", "function_expression")
            ):
                names = first.child_by_field_name("parameters") or first.child_by_field_name("parameter")
                over = call.receiver
                found.append(Loop(first.start_byte, first.end_byte, over, _names(names), call.node.start_byte))
        self._module = module
        self._assigned = [assignment.start for assignment in module.assignments]
        self._turning: dict[tuple[int, int], set[str]] = {}
        self.all = sorted(found, key=lambda loop: loop.start)
        self._starts = [loop.start for loop in self.all]
        # Loops lie inside each other or beside each other, so each one's outer loop is the last that has not ended.
        self._outer: list[int] = []
        around: list[int] = []
        for index, loop in enumerate(self.all):
            while around and self.all[around[-1]].end <= loop.start:
                around.pop()
            self._outer.append(around[-1] if around else -1)
            around.append(index)

    def around(self, start: int) -> Iterator[Loop]:
        """The loops around a byte, innermost first."""
        index = bisect_right(self._starts, start) - 1
        while index >= 0:
            if start < self.all[index].end:
                yield self.all[index]
            index = self._outer[index]

    def turning(self, around: list[Loop]) -> set[str]:
        """The names that change with each turn of loops inside each other, and those made from them inside."""
        inner, outer = around[0], around[-1]
        if (inner.start, outer.start) not in self._turning:
            found: set[str] = set().union(*(loop.names for loop in around))
            first = bisect_right(self._assigned, outer.start - 1)
            for assignment in self._module.assignments[first : bisect_right(self._assigned, outer.end)]:
                if not found.isdisjoint(_NAME.findall(text(assignment.value)[:500])):
                    found.update(_NAME.findall(assignment.target[:200]))
            self._turning[inner.start, outer.start] = found
        return self._turning[inner.start, outer.start]


def _loop(node: Node) -> Loop | None:
    if node.type in _COMPREHENSIONS:
        clause = next((child for child in node.named_children if child.type == "for_in_clause"), None)
        body = node.child_by_field_name("body")
        if clause is None or body is None:
            return None
        left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
        return Loop(body.start_byte, node.end_byte, _written(right), _names(left), node.start_byte, _in_refusal(node))
    body = node.child_by_field_name("body")
    if body is None:
        return None
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    over, names = _written(right), _names(left)
    condition = node.child_by_field_name("condition")
    length = _LENGTH.search((over if right is not None else _written(condition))[:500])
    if length:
        over = length[1] or length[2]
    if node.type == "for_statement" and (first := node.child_by_field_name("initializer")) is not None:
        names = _names(first) - {"let", "var", "const"}
    return Loop(body.start_byte, body.end_byte, over.strip(), names, node.start_byte)


def _in_refusal(node: Node) -> bool:
    around = node.parent
    while around is not None and not around.type.endswith(("_statement", "block", "_definition", "module")):
        around = around.parent
    return around is not None and around.type == "raise_statement"


def _written(node: Node | None) -> str:
    return text(node) if node is not None else ""


def _names(node: Node | None) -> frozenset[str]:
    return frozenset(_NAME.findall(_written(node)))


def collection(module: Module, over: str, owner: int) -> str:
    """What a loop goes over, in the end: ``xs`` of ``enumerate(xs)``, of ``xs[1:]`` and of ``ys`` after ``ys = xs``."""
    for _ in range(6):
        if match := _WRAPPERS.match(over) if len(over) <= LONGEST_COLLECTION else None:
            over = (match[1] or match[2]).strip()
            continue
        values = module.assigned.get((owner, over), ())
        if len(values) != 1 or values[0].value.type not in ("identifier", "attribute", "member_expression"):
            break
        over = text(values[0].value)
    return over
