"""Code injection: text that somebody outside can choose is run as code."""

from __future__ import annotations

from collections.abc import Iterable

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.values import Hole, Values

from .base import Flaw, FlawKind, Found


def _find(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        plain = call.name == "eval" and call.receiver in ("", "window", "globalThis", "builtins")
        plain = plain or (call.name == "exec" and call.receiver == "" and module.language == "python")
        plain = plain or (call.name == "Function" and call.node.type == "new_expression")
        if plain and call.arguments:
            pieces = values.pieces(call.arguments[-1], call.owner)
            if any(isinstance(piece, Hole) and values.is_dynamic(piece) for piece in pieces):
                yield Found(module.line(call.node), f"{call.name} runs text that is not constant; parse it instead")


FLAW = Flaw(
    type="code_injection",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-95",
    find=_find,
    hints=("eval", "exec", "Function"),
)
