"""Cross-site scripting: a page put together from text that somebody outside can choose, without escaping it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Hole, Piece, Values, argument, built_text, holes

from .base import Flaw, FlawKind, Found

_PAGE: Final = re.compile(r"<(?:!doctype|[a-z][a-z0-9-]*)(?:[\s>/]|\0)", re.IGNORECASE)
_SAFE_CALLS: Final = re.compile(
    r"^(?:\w*(?:[Ee]scap|[Ss]aniti|[Ee]ncode|[Pp]urify|[Cc]lean|[Ss]tripTags|strip_tags|dumps|stringify)\w*|bleach|"
    r"Number|parseInt|parseFloat|BigInt|int|float|len|bool|round|sum|toFixed|toISOString|isoformat|arithmetic|"
    r"url_for|reverse|t|gettext|_|conditional_escape|format_html|render\w*)$"
)
_HTML_PROPERTIES: Final = ("innerHTML", "outerHTML", "srcdoc")
_RAW_CALLS: Final = {"Markup": 0, "mark_safe": 0, "bypassSecurityTrustHtml": 0, "SafeString": 0, "html_safe": 0}
"""They declare a text to be safe: position of the text."""
_ANSWERS: Final = re.compile(
    r"^(?:send|end|html|write|writeln|make_response|render_template_string|insertAdjacentHTML|createContextualFragment|"
    r"\w*Response)$"
)
"""What brings a text to a browser."""
_WRITERS: Final = {"write", "writeln", "end", "send"}
_BROWSER: Final = re.compile(r"(?:^|\.)(?:res|resp|response|reply|document|ctx|self)$|\)$", re.IGNORECASE)
"""What they have to be called on: files and sockets have them too."""


def _find(module: Module, values: Values) -> Iterable[Found]:
    for assignment in module.assignments:
        if assignment.target.endswith(_HTML_PROPERTIES):
            yield from _unescaped(module, values, values.pieces(assignment.value, assignment.owner), assignment.target)
    for call in module.calls:
        if call.name in _RAW_CALLS and call.arguments:
            yield from _unescaped(module, values, values.pieces(call.arguments[0], call.owner), call.name)
        elif _ANSWERS.match(call.name) and (call.name not in _WRITERS or _BROWSER.search(call.receiver)):
            # The text is the last positional argument in JavaScript, the first one or ``content`` in Python.
            place = 0 if module.language == "python" else len(call.arguments) - 1
            last = argument(call, place, "content", "response") if place >= 0 else None
            if last is not None:
                raw = call.name in ("insertAdjacentHTML", "createContextualFragment", "render_template_string") or (
                    call.name in ("write", "writeln") and call.receiver == "document"
                )
                pieces = values.pieces(last, call.owner)
                if raw or _PAGE.search(built_text(pieces)):
                    yield from _unescaped(module, values, pieces, call.name)
        elif (
            call.name == "Environment" and (off := call.keywords.get("autoescape")) is not None and text(off) == "False"
        ):
            yield Found(module.line(call.node), "templates are rendered without escaping; leave autoescape on")
    for node in module.nodes("return"):
        inner = node.named_children[:1] if node.type == "return_statement" else [node]
        for child in inner:
            pieces = values.pieces(child, module.owner_of(child.start_byte))
            if _PAGE.search(built_text(pieces)):
                outside = [
                    hole for hole in holes(pieces) if values.is_parameter(hole) or hole.root in ("req", "request")
                ]
                yield from _unescaped(module, values, list(outside), "the page")
    for pair in module.nodes("pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None and text(key) == "__html":
            yield from _unescaped(module, values, values.pieces(value, module.owner_of(pair.start_byte)), "__html")


def _unescaped(module: Module, values: Values, pieces: list[Piece], where: str) -> Iterable[Found]:
    for piece in pieces:
        if isinstance(piece, Hole) and not _safe(values, piece):
            written = text(piece.node)
            shown = written if len(written) <= 40 else written[:37] + "…"
            yield Found(module.line(piece.place), f"{shown} reaches {where.rsplit('.', 1)[-1]} without being escaped")
            return


def _safe(values: Values, hole: Hole) -> bool:
    if _SAFE_CALLS.match(hole.call) or not values.is_dynamic(hole):
        return True
    return hole.written.endswith((".length", ".size", "_count", "Count")) or hole.node.type.startswith("jsx")


_HINTS: Final = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc", "document.write", "__html", "Markup", "mark_safe",
    "SafeString", "html_safe", "render_template_string", "createContextualFragment", "bypassSecurity", "autoescape",
    "</", "/>", "<br", "<img", "<input", "<!", "<script", "<a ", "<p>", "<p ", "<div", "<span", "<h1", "<h2", "<td",
    "<tr", "<li", "<b>", "<html", "<strong",
)  # fmt: skip
FLAW = Flaw(
    type="xss",
    kind=FlawKind.SECURITY,
    severity=Severity.MEDIUM,
    cwe="CWE-79",
    find=_find,
    hints=_HINTS,
)
