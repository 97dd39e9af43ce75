"""Performance flaws in loops: a query for every item, every item compared with every other, waiting that blocks all."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values, built_text

from .base import Flaw, FlawKind, Found

if TYPE_CHECKING:
    from tree_sitter import Node

_ITERATORS: Final = {"map", "forEach", "filter", "flatMap", "some", "every", "reduce", "find"}
_FINDERS: Final = re.compile(
    r"^(?:find(?:One|ById|Unique|First|OrFail|Many)\w*|find_(?:one|by)\w*|get_by_\w+|get_or_404|scalar_one\w*|findByPk|load_by_\w+)$"
)
_RUNNERS: Final = re.compile(r"^(?:\$?query\w*|execute|fetch_?\w*|all|get|one|raw|prepare|scalars?|select_one|first)$")
_READS: Final = re.compile(r"^\s*SELECT\b", re.IGNORECASE)
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")
_LENGTH: Final = re.compile(r"([\w$.]+)\.length\b|range\(\s*(?:\d+,\s*)?len\(([\w.]+)\)")
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


def _loop(node: Node) -> Loop | None:
    if node.type in _COMPREHENSIONS:
        clause = next((child for child in node.named_children if child.type == "for_in_clause"), None)
        body = node.child_by_field_name("body")
        if clause is None or body is None:
            return None
        left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
        return Loop(body.start_byte, node.end_byte, _written(right), _names(left), node.start_byte)
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


def _written(node: Node | None) -> str:
    return text(node) if node is not None else ""


def _names(node: Node | None) -> frozenset[str]:
    return frozenset(_NAME.findall(_written(node)))


def _queries(module: Module, values: Values) -> Iterable[Found]:
    loops = Loops(module)
    if not loops.all:
        return
    for call in module.calls:
        finder = _FINDERS.match(call.name) is not None
        if not finder and not _RUNNERS.match(call.name):
            continue
        around = list(loops.around(call.node.start_byte))
        if not around or not call.arguments:
            continue
        turning = set().union(*(loop.names for loop in around))
        given = set(_NAME.findall(" ".join(text(one) for one in (*call.arguments, *call.keywords.values()))))
        if given & turning and (finder or _READS.match(built_text(values.pieces(call.arguments[0], call.owner)))):
            message = f"{call.name} asks the database once for each turn of the loop; ask once for all"
            yield Found(module.line(call.node), message)


def _quadratic(module: Module, values: Values) -> Iterable[Found]:
    loops = Loops(module)
    for loop in loops.all:
        for outer in loops.around(loop.place):
            if loop.over and loop.over == outer.over and outer is not loop and not loop.over.isdigit():
                message = (
                    f"for each of {loop.over} it goes through all of them again; look them up in a set or a dictionary"
                )
                yield Found(module.line_of(loop.place), message)
                break


def _blocking(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        if call.owner < 0:
            continue
        function = module.functions[call.owner]
        head = module.data[max(0, function.start - 6) : function.start + 60].decode("utf-8", "replace")
        if "async" not in head.split("(")[0]:
            continue
        sleeping = module.language == "python" and call.name == "sleep" and call.receiver == "time"
        waiting = (
            module.language != "python"
            and call.name.endswith("Sync")
            and call.receiver in ("fs", "child_process", "crypto", "")
        )
        if sleeping or (
            waiting
            and call.name in ("readFileSync", "writeFileSync", "execSync", "spawnSync", "pbkdf2Sync", "scryptSync")
        ):
            yield Found(
                module.line(call.node), f"{call.name} stops everything else while it waits; await its counterpart"
            )


N_PLUS_ONE = Flaw(
    type="n_plus_one",
    kind=FlawKind.PERFORMANCE,
    severity=Severity.MEDIUM,
    find=_queries,
    hints=("SELECT", "select", "find", "get_by_", "get_or_404", "scalar_one", "load_by_"),
)
QUADRATIC_LOOP = Flaw(
    type="quadratic_loop",
    kind=FlawKind.PERFORMANCE,
    severity=Severity.MEDIUM,
    find=_quadratic,
    hints=("for ", "for(", "forEach", ".map(", ".filter(", ".some(", ".every(", ".find(", ".reduce("),
)
BLOCKING_CALL = Flaw(
    type="blocking_call",
    kind=FlawKind.PERFORMANCE,
    severity=Severity.MEDIUM,
    find=_blocking,
    hints=("time.sleep", "Sync("),
)
