"""Server-side request forgery: a request names the server that this one asks, and can name one inside the house."""

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

_VERBS: Final = r"(?:get|post|put|patch|delete|head|options|request|stream)"
_ASKING: Final = re.compile(
    rf"^(?:requests|httpx|aiohttp|urllib3|axios|got|ky|needle|superagent|undici|https?|node-fetch)\.{_VERBS}$|"
    r"^(?:urllib\.request\.)?(?:urlopen|urlretrieve|Request)$|^(?:window\.|globalThis\.)?fetch$|"
    r"^(?:axios|got|ky|needle|node-fetch(?:\.default)?|undici\.(?:fetch|request))$|^requests\.Request$"
)
_CLIENT: Final = re.compile(rf"(?:^|[._])(?:\w*(?:client|session|http|axios|pool))\.{_VERBS}$", re.IGNORECASE)
_METHOD_FIRST: Final = re.compile(r"(?:^|\.)(?:request|stream)$")
_COMPLETE_HOST: Final = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//[^/\0]+[/?#]|^/(?!/)", re.IGNORECASE)
_URL_MAKERS: Final = {"URL", "urljoin", "Request"}
# What is encoded can no longer hold what ends the name of a host.
_SAFE_CALLS: Final = re.compile(
    r"^quote|encodeURIComponent|urlencode|^int$|^float$|^Number$|^parseInt$|^UUID$|arithmetic|reverse|url_for"
)


def _address(module: Module, call: Call) -> Node | None:
    """The address that this call asks; None when it asks nobody."""
    called = module.called(call)
    if not _ASKING.match(called) and not _CLIENT.search(called):
        return None
    place = 1 if module.language == "python" and _METHOD_FIRST.search(called) else 0
    node = argument(call, place, "url", "fullurl")
    if node is not None and node.type == "object":
        for pair in node.named_children:
            key = pair.child_by_field_name("key")
            if key is not None and text(key) in ("url", "baseURL", "uri", "host", "hostname"):
                return pair.child_by_field_name("value")
        return None
    return node


def _host(module: Module, values: Values, node: Node, owner: int) -> Iterable[Hole]:
    """The holes of an address that decide which server it is."""
    before = ""
    for piece in values.pieces(node, owner):
        if not isinstance(piece, Hole):
            before += piece
            continue
        if _COMPLETE_HOST.match(before):
            return
        made = piece.node if piece.node.type in ("call", "call_expression", "new_expression") else None
        target = made and (made.child_by_field_name("function") or made.child_by_field_name("constructor"))
        arguments = made.child_by_field_name("arguments") if made is not None else None
        if target and arguments is not None and text(target).rsplit(".", 1)[-1] in _URL_MAKERS:
            # Whether the address is the first argument or the second: an absolute one replaces the base.
            for child in arguments.named_children[:2]:
                yield from _host(module, values, child, owner)
        else:
            yield piece
        before = (before or "//") + "host"


def _find(module: Module, values: Values) -> Iterable[Found]:
    origins = Origins(module, values, _SAFE_CALLS)
    for call in module.calls:
        node = _address(module, call)
        for hole in _host(module, values, node, call.owner) if node is not None else ():
            said = origins.from_request(hole.node, hole.owner)
            if said is not None and not origins.is_guarded(call.node, call.owner):
                message = f"{said.written[:40]} decides which server is asked; let it choose among those that you know"
                yield Found(module.line(call.node), message)
                break


_HINTS: Final = (
    "requests", "httpx", "aiohttp", "urllib3", "urlopen", "urllib.request", "fetch(", "axios", "got", "needle",
    "superagent", "undici", "node-fetch", "node:http", "lient.", "ession.",
)  # fmt: skip
FLAW = Flaw(
    type="ssrf",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-918",
    find=_find,
    hints=_HINTS,
)
