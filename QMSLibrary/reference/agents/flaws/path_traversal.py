"""Path traversal: a request names the file that is opened."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.values import Hole, Values

from .base import Flaw, FlawKind, Found

_OPENERS: Final = {
    "open", "readFile", "readFileSync", "createReadStream", "sendFile", "writeFile", "writeFileSync", "send_file",
    "FileResponse", "unlink", "unlinkSync", "Path",
}  # fmt: skip
# Only what a request says is taken for hostile: a program that opens the file its caller names does its work.
_REQUEST: Final = re.compile(
    r"^(?:(?:self\.)?request\.(?:args|GET|POST|form|values|query_params|path_params|files|cookies|headers)\b|"
    r"(?:ctx\.)?(?:req|request)\.(?:query|params|body|cookies|headers|files?)\b)"
)
_SAFE_CALLS: Final = re.compile(r"basename|secure_filename|safe_join|sanitize|^int$|^Number$|^parseInt$", re.IGNORECASE)


def _find(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        if call.name not in _OPENERS:
            continue
        for node in call.arguments[:1]:
            pieces = values.pieces(node, call.owner)
            inner = [
                piece
                for hole in pieces
                if isinstance(hole, Hole)
                for piece in ([hole] if not hole.call else _arguments(values, hole))
            ]
            for hole in inner:
                if _REQUEST.match(hole.written) and not _SAFE_CALLS.search(hole.call):
                    yield Found(
                        module.line(call.node),
                        f"{hole.written[:40]} names the file; take its base name, inside a folder",
                    )
                    break


def _arguments(values: Values, hole: Hole) -> list[Hole]:
    """The holes in the arguments of a call that puts a path together; a call that cleans one is safe."""
    arguments = hole.node.child_by_field_name("arguments")
    if _SAFE_CALLS.search(hole.call) or arguments is None:
        return []
    if _REQUEST.match(hole.written):
        return [hole]
    found = []
    for node in arguments.named_children:
        found += [piece for piece in values.pieces(node, hole.owner) if isinstance(piece, Hole)]
    return found


FLAW = Flaw(
    type="path_traversal",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-22",
    find=_find,
    hints=("req.", "request."),
)
