"""A secret in the code: everybody who can read the repository has it, for ever."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values

from .base import Flaw, FlawKind, Found

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
_PLACEHOLDER: Final = re.compile(
    r"example|placeholder|change[_-]?me|your[_-]|dummy|fake|sample|xxx|\*\*\*|<[^>]+>|\$\{|\{\{|%\(|^(?:password|secret|test|"
    r"token|none|null|true|false|string|str|hidden|redacted|required|invalid|missing|[a-z_.\-/ ]+)$",
    re.IGNORECASE,
)
_STRINGS: Final = {"string", "template_string", "concatenated_string"}


def issued_secrets(content: str) -> Iterable[Found]:
    """Keys and tokens of a documented format, in any text file."""
    if not any(mark in content for mark in _ISSUERS):
        return
    for match in _ISSUED.finditer(content):
        if not _PLACEHOLDER.search(match[0]) and (match[0].startswith("-----") or _is_random(match[0])):
            yield Found(
                content.count("\n", 0, match.start()) + 1, f"a credential ({match[0][:4]}…) is in the file; revoke it"
            )


def _find(module: Module, values: Values) -> Iterable[Found]:
    yield from issued_secrets(module.content)
    for assignment in module.assignments:
        if assignment.value.type in _STRINGS and _NAME.search(assignment.target):
            yield from _literal(module, assignment.target, text(assignment.value), assignment.start)
    for pair in module.nodes("pair"):
        key = pair.child_by_field_name("key") or pair.child_by_field_name("name")
        value = pair.child_by_field_name("value")
        if key is not None and value is not None and value.type in _STRINGS and _NAME.search(text(key)):
            yield from _literal(module, text(key), text(value), pair.start_byte)
    for call in module.calls:
        for name, value in call.keywords.items():
            if value.type in _STRINGS and _NAME.search(name):
                yield from _literal(module, name, text(value), value.start_byte)


def _literal(module: Module, name: str, written: str, start: int) -> Iterable[Found]:
    value = written.strip("rbfuRBFU").strip("'\"`")
    if len(value) >= 8 and not _PLACEHOLDER.search(value) and _is_random(value):
        yield Found(
            module.line_of(start), f"{name} is written into the code; revoke it, and read it from the environment"
        )


def _is_random(value: str) -> bool:
    """Whether it looks like a key or a password and not like words: mixed characters, 2.5 bits or more in each."""
    counts = Counter(value)
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    kinds = sum(bool(re.search(pattern, value)) for pattern in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^\w\s]"))
    return entropy >= 2.5 and kinds >= 2 and not re.search(r"\s", value) and "://" not in value


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
