"""A secret in the code: everybody who can read the repository has it, for ever."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Assignment, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values, built_text

from .base import Flaw, FlawKind, Found

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME: Final = re.compile(
    r"(?:^|[_.\-\[\"']|(?<=[a-z]))(?:password|passwd|pwd|secret|api[_-]?key|apikey|access[_-]?key|auth[_-]?token|"
    r"access[_-]?token|private[_-]?key|client[_-]?secret|secret[_-]?key|signing[_-]?key)(?:[\"'\]]*)$",
    re.IGNORECASE,
)
# Formats that their issuers documented so that scanners find them.
_ISSUED: Final = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{22,}\b|\bxox[abprs]-[A-Za-z0-9-]{20,}|"
    r"\bsk_live_[A-Za-z0-9]{20,}\b|\bAIza[A-Za-z0-9_-]{35}\b|\bglpat-[A-Za-z0-9_-]{20}\b|\bnpm_[A-Za-z0-9]{36}\b|"
    r"-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----"
)
_ISSUERS: Final = (
    "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-",
    "sk_live_", "AIza", "glpat-", "npm_", "PRIVATE KEY",
)  # fmt: skip
# An issuer's own words for "this is none"; what is random may hold a word by accident.
_NO_CREDENTIAL: Final = re.compile(r"example|x{4,}|(.)\1{5,}|dummy|placeholder|changeme", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(
    r"example|placeholder|change[_-]?me|your[_-]|dummy|fake|sample|xxx|\*\*\*|<[^>]+>|\$\{|\{\{|%\(|^(?:password|secret|test|"
    r"token|none|null|true|false|string|str|hidden|redacted|required|invalid|missing|[a-z_.\-/ ]+)$",
    re.IGNORECASE,
)
_STRINGS: Final = {"string", "template_string", "concatenated_string"}
_JOINED: Final = {"binary_operator", "binary_expression", "call", "call_expression"}


def issued_secrets(content: str) -> Iterable[Found]:
    """Keys and tokens of a documented format, in any text file."""
    if not any(mark in content for mark in _ISSUERS):
        return
    for match in _ISSUED.finditer(content):
        if not _NO_CREDENTIAL.search(match[0]) and (match[0].startswith("-----") or _entropy(match[0]) >= 2.5):
            yield _issued_at(content.count("\n", 0, match.start()) + 1, match[0])


def _issued_at(line: int, credential: str) -> Found:
    return Found(line, f"a credential ({credential[:4]}…) is in the file; revoke it")


def _find(module: Module, values: Values) -> Iterable[Found]:
    yield from issued_secrets(module.content)
    for assignment in module.assignments:
        if assignment.value.type in _STRINGS and _NAME.search(assignment.target):
            yield from _literal(module, assignment.target, text(assignment.value), assignment.start)
        elif assignment.value.type in _JOINED:
            yield from _put_together(module, values, assignment)
    for pair in module.nodes("pair"):
        key = _first_of(pair, "key", "name", "pattern")
        value = pair.child_by_field_name("value")
        if key is not None and value is not None and value.type in _STRINGS and _NAME.search(text(key)):
            yield from _literal(module, text(key), text(value), pair.start_byte)
    for call in module.calls:
        for name, value in call.keywords.items():
            if value.type in _STRINGS and _NAME.search(name):
                yield from _literal(module, name, text(value), value.start_byte)


def _first_of(node: Node, *fields: str) -> Node | None:
    return next((child for field in fields if (child := node.child_by_field_name(field)) is not None), None)


def _put_together(module: Module, values: Values, assignment: Assignment) -> Iterable[Found]:
    """A secret in parts is a secret as well: ``"AKIA" + "…"``."""
    pieces = values.pieces(assignment.value, assignment.owner)
    if len(pieces) < 2 or not all(isinstance(piece, str) for piece in pieces):
        return
    whole = built_text(pieces)
    if issued := next(iter(issued_secrets(whole)), None):
        yield Found(module.line_of(assignment.start), issued.message)
    elif _NAME.search(assignment.target):
        yield from _literal(module, assignment.target, whole, assignment.start)


def _literal(module: Module, name: str, written: str, start: int) -> Iterable[Found]:
    value = written.strip("rbfuRBFU").strip("'\"`")
    if len(value) >= 8 and not _PLACEHOLDER.search(value) and _is_random(value):
        yield Found(
            module.line_of(start), f"{name} is written into the code; revoke it, and read it from the environment"
        )


def _is_random(value: str) -> bool:
    """Whether it looks like a key or a password and not like words: mixed characters, 2.5 bits or more in each."""
    kinds = sum(bool(re.search(pattern, value)) for pattern in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^\w\s]"))
    return _entropy(value) >= 2.5 and kinds >= 2 and not re.search(r"\s", value) and "://" not in value


def _entropy(value: str) -> float:
    """Bits in each character."""
    counts = Counter(value)
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())


_HINTS: Final = (
    "passw", "PASSW", "Passw", "pwd", "PWD", "ecret", "SECRET", "key", "Key", "KEY", "oken", "TOKEN", *_ISSUERS,
)  # fmt: skip
FLAW = Flaw(
    type="hardcoded_secret",
    kind=FlawKind.SECURITY,
    severity=Severity.CRITICAL,
    cwe="CWE-798",
    find=_find,
    hints=_HINTS,
)
