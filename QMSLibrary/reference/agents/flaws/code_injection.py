"""Code injection: text that somebody outside can choose is run as code, or unpickled, which is the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import MODULE_LEVEL, Call, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Hole, Values, argument

from .base import Flaw, FlawKind, Found


def _evaluated(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        plain = call.name == "eval" and call.receiver in ("", "window", "globalThis", "builtins")
        plain = plain or (call.name == "exec" and call.receiver == "" and module.language == "python")
        plain = plain or (call.name == "Function" and call.node.type == "new_expression")
        if plain and call.arguments:
            pieces = values.pieces(call.arguments[-1], call.owner)
            if any(isinstance(piece, Hole) and values.is_dynamic(piece) for piece in pieces):
                yield Found(module.line(call.node), f"{call.name} runs text that is not constant; parse it instead")


def _deserialized(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        receiver = call.receiver
        if call.name in ("loads", "load", "Unpickler") and receiver in (
            "pickle",
            "cPickle",
            "dill",
            "marshal",
            "shelve",
            "jsonpickle",
        ):
            yield Found(
                module.line(call.node),
                f"{receiver}.{call.name} runs whatever its input says; use a data format such as JSON",
            )
        elif receiver == "yaml" and (call.name in ("unsafe_load", "full_load") or _builds_anything(module, call)):
            yield Found(
                module.line(call.node), f"yaml.{call.name} builds any object its input names; use yaml.safe_load"
            )


def _builds_anything(module: Module, call: Call) -> bool:
    """Whether a ``yaml.load`` has no loader, or one that is known to build whatever it reads."""
    if call.name != "load":
        return False
    loader = argument(call, 1, "Loader")
    if loader is None:
        return True
    name = text(loader)
    known = module.assigned.get((call.owner, name)) or module.assigned.get((MODULE_LEVEL, name)) or []
    written = " ".join([name, *(text(one.value) for one in known)])
    return "Safe" not in written and re.search(r"\b(?:C?Loader|C?UnsafeLoader|C?FullLoader)\b", written) is not None


EVALUATION = Flaw(
    type="code_injection",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-95",
    find=_evaluated,
    hints=("eval", "exec", "Function"),
)
DESERIALIZATION = Flaw(
    type="unsafe_deserialization",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-502",
    find=_deserialized,
    hints=("pickle", "dill", "marshal", "shelve", "yaml"),
)
