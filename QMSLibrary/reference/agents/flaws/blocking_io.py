"""Blocking input and output: a coroutine waits in a way that keeps every other one waiting, too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import MODULE_LEVEL, Call, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values

from .base import Flaw, FlawKind, Found

if TYPE_CHECKING:
    from tree_sitter import Node

_PYTHON: Final = re.compile(
    r"^(?:time\.sleep|requests\.(?:get|post|put|patch|delete|head|options|request)|"
    r"httpx\.(?:get|post|put|patch|delete|head|options|request|stream)|(?:urllib\.request\.)?(?:urlopen|urlretrieve)|"
    r"subprocess\.(?:run|call|check_call|check_output|getoutput|getstatusoutput)|os\.(?:system|popen|wait|waitpid)|"
    r"open|io\.open|input|shutil\.(?:copy\w*|move|rmtree|make_archive)|socket\.(?:create_connection|getaddrinfo)|"
    r"(?:sqlite3|psycopg2?|pymysql|MySQLdb)\.connect|smtplib\.SMTP(?:_SSL)?)$"
)
_PATH_METHODS: Final = {"read_text", "read_bytes", "write_text", "write_bytes"}
_PATH_NAME: Final = re.compile(r"(?:path|file|folder|directory|root|target|source)\W*$", re.IGNORECASE)
_SCRIPT: Final = re.compile(
    r"^(?:(?:fs|fs-extra|child_process|cp|crypto|zlib)\.)?(?:readFile|writeFile|appendFile|copyFile|readdir|rm|mkdir|rename|stat|"
    r"exec|execFile|spawn|pbkdf2|scrypt|gzip|gunzip|deflate|inflate|brotliCompress|open|read|write|unlink)Sync$|^Atomics\.wait$"
)
_CALLABLES: Final = {
    "function_definition", "lambda", "function_declaration", "generator_function_declaration", "method_definition",
    "arrow_function", "function_expression",
}  # fmt: skip
_BEFORE: Final = {"await", "await_expression"}


def _find(module: Module, values: Values) -> Iterable[Found]:
    helpers: dict[str, str] = {}
    """Plain functions of this file that block, and by what: a coroutine may call them."""
    for call in module.calls:
        if call.owner == MODULE_LEVEL or not _blocks(module, call):
            continue
        if _in_coroutine(call.node):
            yield Found(
                module.line(call.node), f"{call.name} stops everything else while it waits; await its counterpart"
            )
        elif _innermost(call.node) == module.functions[call.owner].start:
            helpers.setdefault(module.functions[call.owner].name, call.name)
    for call in module.calls if helpers else ():
        if call.name in helpers and call.receiver in ("", "self", "this") and _in_coroutine(call.node):
            message = f"{call.name} stops everything else while its {helpers[call.name]} waits; run it in a thread"
            yield Found(module.line(call.node), message)


def _blocks(module: Module, call: Call) -> bool:
    if module.language != "python":
        return _SCRIPT.match(module.called(call)) is not None
    of_path = call.name in _PATH_METHODS and _is_path(module, call)
    blocking = of_path or _PYTHON.match(module.called(call)) is not None
    # What is awaited is a counterpart of the same name.
    around = call.node.parent
    return blocking and (around is None or around.type not in _BEFORE)


def _is_path(module: Module, call: Call) -> bool:
    """Whether the call is one of a path, by the path's type, by what it was made from, or by its name."""
    known = module.functions[call.owner].parameters.get(call.receiver)
    if known:
        return "Path" in known
    made = module.assigned.get((call.owner, call.receiver), ())
    written = " ".join([call.receiver, *(text(one.value)[:200] for one in made)])
    return "Path(" in written or " / " in written or _PATH_NAME.search(call.receiver) is not None


def _around(node: Node) -> Node | None:
    """The innermost callable around."""
    around = node.parent
    while around is not None and around.type not in _CALLABLES:
        around = around.parent
    return around


def _innermost(node: Node) -> int:
    around = _around(node)
    return around.start_byte if around is not None else -1


def _in_coroutine(node: Node) -> bool:
    around = _around(node)
    return around is not None and any(child.type == "async" for child in around.children[:4])


FLAW = Flaw(
    type="blocking_io",
    kind=FlawKind.PERFORMANCE,
    severity=Severity.MEDIUM,
    find=_find,
    hints=("async def", "Sync", "Atomics.wait"),
)
