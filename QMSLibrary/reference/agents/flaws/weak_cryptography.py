"""Weak cryptography: what should protect something is made with an algorithm that has been broken, or with dice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Call, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values, argument, built_text

from .base import Flaw, FlawKind, Found

_HASH: Final = re.compile(r"^(?:md[245]|sha-?1|ripemd(?:128)?)$", re.IGNORECASE)
_CIPHER: Final = re.compile(
    r"^(?:rc[24]|arc4|des|3des|tripledes|blowfish|bf|des-.*|rc4-.*|bf-.*|.*-ecb)$", re.IGNORECASE
)
_HASHERS: Final = re.compile(r"^(?:hashlib\.(?:md5|sha1)|Crypto(?:dome)?\.Hash\.(?:MD[245]|SHA1?)\.new)$")
_CIPHERS: Final = re.compile(
    r"(?:^|\.)(?:DES3?|ARC4|ARC2|Blowfish)\.new$|(?:^|\.)algorithms\.(?:TripleDES|ARC4|Blowfish|RC2)$|(?:^|\.)modes\.ECB$|"
    r"^crypto-js\.(?:\w+\.)?(?:DES|TripleDES|RC4)\.encrypt$"
)
_NAMED: Final = re.compile(r"(?:^|\.)(?:createHash|createHmac)$|^hashlib\.new$|^hmac\.(?:new|digest)$")
_NAMED_CIPHER: Final = re.compile(r"(?:^|\.)create(?:C|Dec)ipher(?:iv)?$")
_DICE: Final = re.compile(
    r"^(?:Math\.random|random\.(?:random|randint|choice|choices|randrange|sample|getrandbits|randbytes))$"
)
_PRECIOUS: Final = re.compile(
    r"passw|secret|token|credential|signature|sign(?:ed)?(?:_|[A-Z]|$)|session|otp|api_?key", re.I
)


def _find(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        found = _weak(module, values, call)
        if found:
            yield Found(module.line(call.node), found)


def _weak(module: Module, values: Values, call: Call) -> str | None:
    called = module.called(call)
    advice = "does not protect anything any more; use SHA-256, or scrypt for passwords"
    if _DICE.match(called):
        precious = _is_precious(module, call, "")
        return f"{called} can be foreseen; take secrets from the operating system's generator" if precious else None
    if _CIPHERS.search(called) or (
        called.endswith("AES.new") and any("MODE_ECB" in text(one)[:80] for one in call.arguments)
    ):
        return f"{called} can be broken; use AES in GCM"
    if _HASHERS.match(called) or (called in ("md5", "sha1") and call.arguments):
        weak = called.replace(".new", "").rsplit(".", 1)[-1].lower()
        about = _hashed(call)
    elif _NAMED.search(called) or _NAMED_CIPHER.search(called):
        place = 2 if called.startswith("hmac.") else 0
        given = argument(call, place, "digestmod", "digest", "name")
        if given is None:
            return None
        named = built_text(values.pieces(given, call.owner)) if given.type != "attribute" else ""
        weak = (named.strip("\0") or text(given)).rsplit(".", 1)[-1].strip("'\"")
        if _NAMED_CIPHER.search(called):
            return f"{weak} can be broken; use AES in GCM" if _CIPHER.match(weak) else None
        if not _HASH.match(weak):
            return None
        about = "signature" if place or called.endswith("createHmac") else _hashed(call)
    else:
        return None
    used = call.keywords.get("usedforsecurity")
    if (used is not None and text(used) == "False") or not _is_precious(module, call, about):
        return None
    return f"{weak} {advice}"


def _hashed(call: Call) -> str:
    """What goes into a hash: the arguments, and those of ``update`` calls chained to it."""
    around = call.node.parent
    while around is not None and around.type in ("member_expression", "call_expression", "attribute", "call"):
        call_node, around = around, around.parent
        if call_node.end_byte - call_node.start_byte > 300:
            return ""
    return text(call.node if around is None else around)[:300]


def _is_precious(module: Module, call: Call, about: str) -> bool:
    """A checksum of a file may be MD5, and a die may be cast; what guards a secret is another matter."""
    function = module.functions[call.owner] if call.owner >= 0 else None
    near = f"{about} {function.name} {' '.join(function.parameters)}" if function else about
    if _PRECIOUS.search(near):
        return True
    around = call.node.parent
    while around is not None and around.type not in ("assignment", "variable_declarator", "assignment_expression"):
        if around.type in ("block", "statement_block", "module", "program"):
            return False
        around = around.parent
    target = (around.child_by_field_name("left") or around.child_by_field_name("name")) if around is not None else None
    return target is not None and _PRECIOUS.search(text(target)) is not None


_HINTS: Final = (
    "md5", "MD5", "sha1", "SHA1", "sha-1", "md4", "rc4", "RC4", "ARC4", "des-", "DES", "ECB", "ecb", "Blowfish", "bf-",
    "Math.random", "import random", "from random",
)  # fmt: skip
FLAW = Flaw(
    type="weak_cryptography",
    kind=FlawKind.SECURITY,
    severity=Severity.MEDIUM,
    cwe="CWE-327",
    find=_find,
    hints=_HINTS,
)
