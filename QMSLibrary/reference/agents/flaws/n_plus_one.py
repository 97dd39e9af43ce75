"""N+1 queries: the database is asked once for every item of a list instead of once for the list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import MODULE_LEVEL, Call, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values, built_text

from .base import Flaw, FlawKind, Found
from .loops import Loop, Loops

_FINDERS: Final = re.compile(
    r"^(?:find(?:One|ById|Unique|First|OrFail|Many)\w*|find_(?:one|by)\w*|get_by_\w+|get_or_404|scalar_one\w*|findByPk|load_by_\w+)$"
)
_RUNNERS: Final = re.compile(r"^(?:\$?query\w*|execute|fetch_?\w*|all|get|one|raw|prepare|scalars?|select_one|first)$")
_READS: Final = re.compile(r"^\s*(?:WITH\b.*)?SELECT\b.*\bFROM\b", re.IGNORECASE | re.DOTALL)
"""A SELECT from nowhere calls a function of the database, such as a lock."""
_MANY: Final = re.compile(r"\b(?:ANY|IN)\s*\(|\bUNNEST\b", re.IGNORECASE)
_PORTIONS: Final = re.compile(r"chunk|batch|\bpages?\b|portion|^range\([^()]*\([^()]*\)\s*,\s*\w+\)$", re.IGNORECASE)
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")


def _asks(call: Call, values: Values) -> bool:
    """Whether the call reads what belongs to one thing."""
    if _FINDERS.match(call.name):
        return bool(call.arguments or call.keywords)
    if not _RUNNERS.match(call.name) or not call.arguments:
        return False
    statement = built_text(values.pieces(call.arguments[0], call.owner))
    return _READS.match(statement[:4000]) is not None and not _MANY.search(statement)


def _find(module: Module, values: Values) -> Iterable[Found]:
    loops = Loops(module)
    if not loops.all:
        return
    outside: dict[str, Call] = {}
    """Queries in functions that are no loop themselves, by the function's name: a loop may call it."""
    inside: list[tuple[Call, list[Loop]]] = []
    for call in module.calls:
        if _FINDERS.match(call.name) or _RUNNERS.match(call.name):
            around = list(loops.around(call.node.start_byte))
            if around:
                inside.append((call, around))
            elif call.owner != MODULE_LEVEL and _asks(call, values):
                outside.setdefault(module.functions[call.owner].name, call)
    for call, around in inside:
        if _turns(loops, call, around) and _asks(call, values):
            message = f"{call.name} asks the database once for each turn of the loop; ask once for all"
            yield Found(module.line(call.node), message)
    for call in module.calls if outside else ():
        if call.name in outside and call.receiver in ("", "self", "this") and not _FINDERS.match(call.name):
            around = list(loops.around(call.node.start_byte))
            if around and _turns(loops, call, around):
                message = f"{call.name} asks the database, once for each turn of the loop; ask once for all"
                yield Found(module.line(call.node), message)


def _turns(loops: Loops, call: Call, around: list[Loop]) -> bool:
    """Whether what is asked for changes with each turn, one thing at a time."""
    if any(_PORTIONS.search(loop.over) for loop in around):
        return False
    given = set(_NAME.findall(" ".join(text(one) for one in (*call.arguments, *call.keywords.values()))))
    return bool(given) and not given.isdisjoint(loops.turning(around))


FLAW = Flaw(
    type="n_plus_one",
    kind=FlawKind.PERFORMANCE,
    severity=Severity.MEDIUM,
    find=_find,
    hints=("SELECT", "select", "find", "get_by_", "get_or_404", "scalar_one", "load_by_"),
)
