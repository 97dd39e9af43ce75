"""Quadratic loops: every item is compared with every other one, where a look-up would do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values

from .base import Flaw, FlawKind, Found
from .loops import Loop, Loops, collection

_SEARCHES: Final = {"index", "count", "includes", "indexOf", "lastIndexOf"}
"""They go through a list until they find something."""
_FEW: Final = re.compile(r"^(?:\d+|range\([\d, ]*\)|[(\[{].*|)$", re.DOTALL)
"""A number of turns that is written down does not grow."""
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")


def _find(module: Module, values: Values) -> Iterable[Found]:
    loops = Loops(module)
    if not loops.all:
        return
    over = {id(loop): collection(module, loop.over, module.owner_of(loop.place)) for loop in loops.all}
    by_function: dict[int, list[Loop]] = {}
    for loop in loops.all:
        by_function.setdefault(module.owner_of(loop.place), []).append(loop)
        for outer in loops.around(loop.place):
            if over[id(loop)] == over[id(outer)] and outer is not loop and not _FEW.match(over[id(loop)]):
                if not loop.in_refusal:
                    yield _found(module, loop.place, over[id(loop)])
                break
    helpers = {
        module.functions[owner].name: (list(module.functions[owner].parameters), {over[id(loop)] for loop in inner})
        for owner, inner in by_function.items()
        if owner >= 0 and not {over[id(loop)] for loop in inner}.isdisjoint(module.functions[owner].parameters)
    }
    for call in module.calls:
        if call.name not in _SEARCHES and call.name not in helpers:
            continue
        for outer in loops.around(call.node.start_byte):
            around = over[id(outer)]
            if not around or not outer.names:
                continue
            if call.name in _SEARCHES:
                given = set(_NAME.findall(" ".join(text(one) for one in call.arguments)))
                again = call.receiver == around and not given.isdisjoint(outer.names)
            else:
                parameters, gone_through = helpers[call.name]
                handed = [text(one) for one in call.arguments]
                again = call.receiver in ("", "self", "this") and any(
                    name in gone_through and one == around for name, one in zip(parameters, handed, strict=False)
                )
            if again:
                yield _found(module, call.node.start_byte, around)
                break


def _found(module: Module, place: int, over: str) -> Found:
    message = f"for each of {over} it goes through all of them again; look them up in a set or a dictionary"
    return Found(module.line_of(place), message)


FLAW = Flaw(
    type="quadratic_loop",
    kind=FlawKind.PERFORMANCE,
    severity=Severity.MEDIUM,
    find=_find,
    hints=("for ", "for(", "forEach", ".map(", ".filter(", ".some(", ".every(", ".find(", ".reduce("),
)
