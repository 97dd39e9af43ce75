"""Command injection: a shell runs text that somebody outside can choose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Call, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Hole, Values, argument

from .base import Flaw, FlawKind, Found

_SHELLS: Final = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
_SUBPROCESS: Final = {"run", "call", "check_call", "check_output", "Popen"}
_NODE: Final = {"exec", "execSync"}
_SAFE_CALLS: Final = re.compile(r"quote|shellescape|escape|^int$|^float$|^Number$|^parseInt$|^join$|arithmetic")


def _command(module: Module, call: Call) -> bool:
    if module.language == "python":
        if call.name in _SHELLS:
            return True
        shell = call.keywords.get("shell")
        return call.name in _SUBPROCESS and shell is not None and text(shell) == "True"
    # RegExp and database drivers have an exec() too: only the one of child_process counts.
    return (
        call.name in _NODE
        and "child_process" in module.content
        and call.receiver in ("", "child_process", "cp", "shell")
    )


def _find(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        node = argument(call, 0, "args", "cmd", "command") if _command(module, call) else None
        if node is None or node.type in ("list", "array"):
            continue
        for piece in values.pieces(node, call.owner):
            if not isinstance(piece, Hole) or piece.node.type in ("list", "array", "tuple"):
                continue
            if not _SAFE_CALLS.search(piece.call) and values.is_dynamic(piece):
                message = (
                    f"{piece.written[:40]} becomes part of a shell command; pass arguments as a list, without a shell"
                )
                yield Found(module.line(call.node), message)
                break


FLAW = Flaw(
    type="command_injection",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-78",
    find=_find,
    hints=("system", "popen", "getoutput", "getstatusoutput", "subprocess_shell", "shell", "child_process"),
)
