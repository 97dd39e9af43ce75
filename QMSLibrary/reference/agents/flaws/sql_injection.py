"""SQL injection: a statement put together from text that somebody outside can choose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Hole, Piece, Values, built_text

from .base import Flaw, FlawKind, Found

_STATEMENT: Final = re.compile(
    r"^\W*(?:WITH\b.*?)?(?:SELECT\b.+?\bFROM\b|INSERT\s+(?:OR\s+\w+\s+)?INTO\b|UPDATE\b.+?\bSET\b|DELETE\s+FROM\b|"
    r"REPLACE\s+INTO\b|MERGE\s+INTO\b|(?:CREATE|DROP|ALTER|TRUNCATE)\s+(?:TABLE|DATABASE|INDEX|VIEW|USER)\b|"
    r"EXEC(?:UTE)?\s+\w+\b)",
    re.IGNORECASE | re.DOTALL,
)
_SHOUTED: Final = re.compile(r"^\W*(?:SELECT\b.+\bFROM\b|INSERT INTO\b|UPDATE\b.+\bSET\b|DELETE FROM\b)", re.DOTALL)
_SINK: Final = re.compile(
    r"^\$?(?:execute\w*|query\w*|raw\w*|run|all|get|each|exec|prepare|read_sql\w*|text|unsafe|fetch\w*|literal|from_statement|"
    r"[a-z]\w*(?:Query|Raw|RawUnsafe|Sql|SQL)|(?:run|exec|do)_?(?:sql|query)\w*|many\w*|one\w*|any|none|oneOrNone|extra)$"
)
_TALK: Final = re.compile(
    r"log|debug|info|warn|error|print|trace|exception|assert|raise|expect|describe|write|format", re.I
)
_SAFE_CALLS: Final = re.compile(
    r"^(?:int|float|len|bool|abs|round|min|max|sum|hash|Number|parseInt|parseFloat|BigInt|UUID|"
    r"\w*(?:[Ee]scape|[Qq]uote|[Ii]dentifier|[Pp]laceholder)\w*|arithmetic|literal_column|isoformat|timestamp)$"
)
_VERBS: Final = (
    "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "CREATE", "DROP", "ALTER", "TRUNCATE", "EXEC",
    "EXECUTE",
)  # fmt: skip
_IDENTIFIER_PLACE: Final = re.compile(
    r"(?:FROM|INTO|UPDATE|JOIN|TABLE|EXISTS|INDEX|VIEW|ON|\.|,|\(|SELECT|BY)\s*[\"`\[]?$", re.I
)


def _find(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        sink = _SINK.match(call.name) is not None
        if not sink and _TALK.search(call.name):
            continue
        for node in (*call.arguments[:2], *call.keywords.values()):
            found = _injection(module, values, values.pieces(node, call.owner), sink)
            if found is not None:
                yield found
                break
    for node in module.nodes("return"):
        for child in node.named_children[:1] if node.type == "return_statement" else [node]:
            found = _injection(module, values, values.pieces(child, module.owner_of(child.start_byte)), False)
            if found is not None:
                yield found


def _injection(module: Module, values: Values, pieces: list[Piece], sink: bool) -> Found | None:
    if len(pieces) < 2 or not (_STATEMENT if sink else _SHOUTED).match(built_text(pieces)[:4000]):
        return None
    before = ""
    for piece in pieces:
        if isinstance(piece, Hole):
            if _dangerous(values, piece, before):
                written = text(piece.node)
                shown = written if len(written) <= 40 else written[:37] + "…"
                return Found(
                    module.line(piece.place), f"{shown} is put into an SQL statement as text; bind it as a parameter"
                )
            before = ""
        else:
            before = piece
    return None


def _dangerous(values: Values, hole: Hole, before: str) -> bool:
    if _SAFE_CALLS.match(hole.call) or not values.is_dynamic(hole):
        return False
    # The name of a table kept by the object itself is its author's choice; a value is not.
    own = hole.root in ("self", "this", "cls") or hole.written.endswith(("__tablename__", ".tableName", ".name"))
    return not (own and not hole.call and _IDENTIFIER_PLACE.search(before))


FLAW = Flaw(
    type="sql_injection",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-89",
    find=_find,
    hints=tuple(f"{word}{blank}" for verb in _VERBS for word in (verb, verb.lower()) for blank in (" ", "\n")),
)
