"""Path traversal: a request names the file that is opened."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.origins import Origins
from QMSLibrary.reference.agents.source import Call, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values, argument

from .base import Flaw, FlawKind, Found

if TYPE_CHECKING:
    from tree_sitter import Node

_OPENERS: Final = {
    "open", "readFile", "readFileSync", "createReadStream", "sendFile", "writeFile", "writeFileSync", "send_file",
    "FileResponse", "unlink", "unlinkSync", "createWriteStream", "appendFile", "appendFileSync", "rm", "rmSync",
    "download", "remove", "rmtree", "readdir", "readdirSync", "listdir",
}  # fmt: skip
_METHODS: Final = {"read_text", "read_bytes", "write_text", "write_bytes", "open", "unlink", "iterdir"}
"""Of a path, which is then what they are called on."""
_NO_FILES: Final = {"remove", "download", "rm", "open"}
"""Names that other things have, too: only those of a module for files count."""
_FILES: Final = re.compile(
    r"^(?:os|shutil|fs|fsp|fs\.promises|fs-extra|builtins|io|codecs|aiofiles|gzip|zipfile|tarfile)\.\w+$"
)
# Only what a request says is taken for hostile: a program that opens the file its caller names does its work.
_SAFE_CALLS: Final = re.compile(
    r"basename|secure_filename|safe_join|sanitize|^int$|^Number$|^parseInt$|^UUID$|^path\.name$", re.IGNORECASE
)


def _opened(module: Module, call: Call) -> Node | None:
    """The path that this call opens; None when it opens none."""
    if module.language == "python" and call.name in _METHODS and call.receiver:
        subject = call.target.child_by_field_name("object")
        if subject is not None and subject.type != "string" and not _FILES.match(module.called(call)):
            return subject
    name = module.called(call).rsplit(".", 1)[-1]
    if name not in _OPENERS:
        return None
    if name in _NO_FILES and not (name == "open" and not call.receiver) and not _FILES.match(module.called(call)):
        return None
    # Express keeps a file that is named below a root inside of it.
    if name in ("sendFile", "download") and any("root" in text(one) for one in call.arguments[1:]):
        return None
    return argument(call, 0, "path", "file", "path_or_file")


def _find(module: Module, values: Values) -> Iterable[Found]:
    origins = Origins(module, values, _SAFE_CALLS)
    for call in module.calls:
        node = _opened(module, call)
        hole = origins.from_request(node, call.owner) if node is not None else None
        if hole is not None:
            yield Found(
                module.line(call.node), f"{hole.written[:40]} names the file; take its base name, inside a folder"
            )


FLAW = Flaw(
    type="path_traversal",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-22",
    find=_find,
    hints=("req.", "request.", "ctx.", "event.", ".get(", ".post("),
)
