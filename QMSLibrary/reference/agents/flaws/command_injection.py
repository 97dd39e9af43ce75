"""Command injection: a shell runs text that somebody outside can choose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.origins import Origins
from QMSLibrary.reference.agents.source import Call, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Hole, Values, argument

from .base import Flaw, FlawKind, Found

if TYPE_CHECKING:
    from tree_sitter import Node

_SHELLS: Final = re.compile(
    r"^(?:(?:os|posix|subprocess|commands|asyncio(?:\.subprocess)?)\.)?"
    r"(?:system|popen|getoutput|getstatusoutput|create_subprocess_shell)$"
)
_SUBPROCESS: Final = {"run", "call", "check_call", "check_output", "Popen"}
_NODE: Final = re.compile(r"^(?:child_process|cp|shell)\.(?:exec|execSync)$|^(?:shelljs)\.exec$")
_LOADED: Final = "child_process"
_NODE_BY_LIST: Final = re.compile(r"(?:^|\.)(?:spawn|spawnSync|execFile|execFileSync)$")
_SHELL_OPTION: Final = re.compile(r"\bshell\s*:\s*(?!false\b)")
_SHELL: Final = re.compile(r"^[\"'](?:/\w+(?:/\w+)*/)?(?:sh|bash|zsh|dash|ksh|cmd(?:\.exe)?|powershell)[\"']$")
_SAFE_CALLS: Final = re.compile(r"quote|shellescape|escape|^int$|^float$|^Number$|^parseInt$|^join$|arithmetic")


def _command(module: Module, call: Call) -> Node | None:
    """The text that a shell is given by this call; None when it gives none."""
    called = module.called(call)
    name = called.rsplit(".", 1)[-1]
    if module.language == "python":
        first = argument(call, 0, "args", "cmd", "command")
        shell = call.keywords.get("shell")
        if _SHELLS.match(called) or (name in _SUBPROCESS and shell is not None and text(shell) == "True"):
            return None if first is not None and first.type in ("list", "tuple") else first
        return _of_list(first) if name in _SUBPROCESS or name == "create_subprocess_exec" else None
    # RegExp and database drivers have an exec() too: only the one of child_process counts.
    if _NODE.match(called) or (called in ("exec", "execSync") and not call.receiver and _LOADED in module.content):
        return argument(call, 0)
    if _NODE_BY_LIST.search(called):
        if any(_SHELL_OPTION.search(text(one)) for one in call.arguments[1:] if one.type == "object"):
            return argument(call, 0)
        if call.arguments and _SHELL.match(text(call.arguments[0])):
            return _of_list(argument(call, 1), shell_given=True)
    return None


def _of_list(node: Node | None, *, shell_given: bool = False) -> Node | None:
    """The command in ``["sh", "-c", command]``."""
    if node is None or node.type not in ("list", "array"):
        return None
    parts = [child for child in node.named_children if child.type != "comment"]
    if not shell_given:
        if not parts or not _SHELL.match(text(parts[0])):
            return None
        parts = parts[1:]
    return parts[1] if len(parts) > 1 and text(parts[0]).strip("\"'") in ("-c", "-lc", "/c", "-Command") else None


def _find(module: Module, values: Values) -> Iterable[Found]:
    origins = Origins(module, values, _SAFE_CALLS)
    for call in module.calls:
        node = _command(module, call)
        if node is None or node.type in ("list", "array"):
            continue
        for piece in values.pieces(node, call.owner):
            if not isinstance(piece, Hole) or piece.node.type in ("list", "array", "tuple"):
                continue
            if (
                _SAFE_CALLS.search(piece.call)
                or not values.is_dynamic(piece)
                or origins.is_harmless(piece, node, call.owner)
            ):
                continue
            message = f"{piece.written[:40]} becomes part of a shell command; pass arguments as a list, without a shell"
            yield Found(module.line(call.node), message)
            break


FLAW = Flaw(
    type="command_injection",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-78",
    find=_find,
    hints=("system", "popen", "getoutput", "getstatusoutput", "subprocess", "child_process", "shelljs"),
)
