"""Protection that does not protect: broken hashes for passwords and tokens, certificates that nobody checks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values

from .base import Flaw, FlawKind, Found

_WEAK: Final = re.compile(r"^[\"']?(?:md5|sha1|sha-1|rc4|des|des-ede3?|md4)[\"']?$", re.IGNORECASE)
_PRECIOUS: Final = re.compile(r"passw|secret|token|credential|signature|session", re.IGNORECASE)


def _hashed(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        if call.name in ("md5", "sha1") and call.receiver in ("hashlib", "") and call.arguments:
            weak, about = call.name, text(call.arguments[0])
        elif call.name in ("createHash", "createHmac", "new", "createCipheriv") and call.arguments:
            weak, about = text(call.arguments[0]).strip("'\""), ""
            if not _WEAK.match(weak) or call.receiver not in ("crypto", "hashlib", ""):
                continue
        else:
            continue
        used = call.keywords.get("usedforsecurity")
        if used is not None and text(used) == "False":
            continue
        # A checksum of a file may be MD5; what guards a secret may not.
        function = module.functions[call.owner] if call.owner >= 0 else None
        near = f"{about} {function.name} {' '.join(function.parameters)}" if function else about
        if _PRECIOUS.search(near):
            yield Found(
                module.line(call.node),
                f"{weak} does not protect anything any more; use SHA-256, or scrypt for passwords",
            )


def _unverified(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        verify = call.keywords.get("verify")
        if verify is not None and text(verify) == "False":
            yield Found(module.line(call.node), "the server's certificate is not checked; leave verify on")
        elif call.name == "_create_unverified_context":
            yield Found(module.line(call.node), "the server's certificate is not checked; use create_default_context")
    for pair in module.nodes("pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if (
            key is not None
            and value is not None
            and text(key).strip("'\"") == "rejectUnauthorized"
            and text(value) == "false"
        ):
            yield Found(module.line(pair), "the server's certificate is not checked; leave rejectUnauthorized on")


WEAK_HASH = Flaw(
    type="weak_hash",
    kind=FlawKind.SECURITY,
    severity=Severity.MEDIUM,
    cwe="CWE-328",
    find=_hashed,
    hints=("md5", "MD5", "sha1", "SHA1", "md4", "rc4", "RC4", "des-", "DES"),
)
UNVERIFIED_CERTIFICATE = Flaw(
    type="unverified_certificate",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-295",
    find=_unverified,
    hints=("verify", "_create_unverified_context", "rejectUnauthorized"),
)
