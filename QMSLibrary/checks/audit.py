"""Verdicts about the audit trail."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from QMSLibrary.contract.audit import GENESIS_HASH, AuditAction, AuditHead, AuditRecord, AuditRole
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.services import Service
from QMSLibrary.formats.counts import counted

from .verdict import Verdict, listed

_TITLE = "The audit trail"
_LOOKS = frozenset({AuditAction.ACCESS_GRANTED, AuditAction.ACCESS_REFUSED})


def canonical(value: dict[str, Any]) -> bytes:
    """The RFC 8785 form."""
    import rfc8785

    return rfc8785.dumps(value)


def hash_of(record: AuditRecord) -> str:
    """What a record's hash must be: SHA-256 over the canonical form of all its other fields, times as on the wire."""
    body = record.model_dump(mode="json", exclude={"hash"})
    body["time"] = wire_time(record.time)
    return sha256(canonical(body)).hexdigest()


def intact(records: Sequence[AuditRecord], head: AuditHead | None, trusted_key: str | None = None) -> Verdict:
    """The whole trail: sequence without a gap from 1, each hash right and chained, the head signed and not ahead of it.

    ``records`` is everything; a record more than the head knows is fine, since reading the trail is recorded itself.
    ``trusted_key`` is the public key (base64) from somewhere else; None takes the head's own, which proves less.
    """
    if not records:
        return _broken("at least one record", "an empty trail", "whether orchestration writes its trail")
    previous = GENESIS_HASH
    for number, record in enumerate(records, start=1):
        if record.sequence != number:
            return _broken(
                f"record {number} at place {number}",
                f"record {record.sequence} there ({record.action} of {record.object})",
                f"what was removed, added or moved around record {number}",
            )
        if record.previous_hash != previous:
            return _broken(
                f"record {number} to continue record {number - 1}",
                f"previous_hash {record.previous_hash[:16]}… instead of {previous[:16]}…",
                f"who changed record {number - 1} or {number} after it was written",
            )
        if hash_of(record) != record.hash:
            return _broken(
                f"record {number} to have the hash of its content",
                f"hash {record.hash[:16]}… instead of {hash_of(record)[:16]}… ({record.action} of {record.object} by "
                f"{record.actor})",
                f"who changed record {number} after it was written",
            )
        previous = record.hash
    if head is None:
        return _broken("a signed head", "none", "GET /api/audit/head")
    if head.sequence > len(records):
        return _broken(
            f"{counted(head.sequence, 'record')}, as the signed head says",
            f"{counted(len(records), 'record')}",
            "who cut the end of the trail off",
        )
    if head.sequence < 1 or records[head.sequence - 1].hash != head.hash:
        return _broken(
            f"record {head.sequence} to have the hash in the signed head",
            f"another one: head {head.hash[:16]}…",
            "who wrote the trail anew after the head was signed",
        )
    fault = _signature_fault(head, trusted_key)
    if fault is not None:
        return _broken("a head signed by the QMS", fault, "the QMS's audit signing key")
    return Verdict(
        title=_TITLE,
        passed=True,
        expected="intact",
        actual=f"{counted(len(records), 'record')}, each chained to the one before, head {head.sequence} signed by "
        f"{head.key_id}",
    )


def contains(
    records: Sequence[AuditRecord],
    action: str,
    *,
    actor: str | None = None,
    role: AuditRole | None = None,
    reason: str | None = None,
    object: str | None = None,
    count: int | None = None,
) -> tuple[Verdict, list[AuditRecord]]:
    """There is a record (or exactly ``count``) of ``action`` that meets the conditions; ``reason`` is contained in any
    case. Gives the records found, too.
    """
    of_action = [one for one in records if one.action == action]
    found = [
        one
        for one in of_action
        if (actor is None or one.actor == actor)
        and (role is None or one.role == role)
        and (reason is None or reason.lower() in (one.reason or "").lower())
        and (object is None or object in one.object)
    ]
    # Each review is on its trail from its request on, so a trail of nothing but looks at it is that of no review.
    known = any(one.action not in _LOOKS for one in records)
    good = known and (len(found) == count if count is not None else bool(found))
    conditions = {"actor": actor, "role": role, "reason": reason, "object": object}
    wanted = listed((f"{name} {value}" for name, value in conditions.items() if value is not None), "any")
    near = "".join(
        f"\n  {one.sequence} {one.time:%H:%M:%S} {one.action} {one.object} by {one.actor} ({one.role})"
        + (f": {one.reason[:60]}" if one.reason else "")
        for one in (of_action or records)[-5:]
    )
    verdict = Verdict(
        title=_TITLE,
        passed=good,
        expected=("a record" if count is None else f"exactly {counted(count, 'record')}") + f" of {action} ({wanted})",
        actual=f"{len(found)} such: {listed((one.sequence for one in found), 'none')}"
        + ("" if good else f"; {len(of_action)} of this action, {len(records)} in all, the last:{near or ' none'}"),
        blame=None if good else Service.ORCHESTRATION,
        look_at=""
        if good
        else "whether the service that did it handed its entry over (its courier to orchestration)"
        if known
        else "the workflow's id: the trail knows nothing of it",
    )
    return verdict, found


def _broken(expected: str, actual: str, look_at: str) -> Verdict:
    return Verdict(
        title=_TITLE, passed=False, expected=expected, actual=actual, blame=Service.ORCHESTRATION, look_at=look_at
    )


def _signature_fault(head: AuditHead, trusted_key: str | None) -> str | None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if trusted_key is not None and trusted_key != head.public_key:
        return f"a head with the key {head.public_key}, which is not the trusted one"
    signed = {
        "sequence": head.sequence,
        "hash": head.hash,
        "signed_at": wire_time(head.signed_at),
        "key_id": head.key_id,
    }
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(head.public_key, validate=True))
        key.verify(base64.b64decode(head.signature, validate=True), canonical(signed))
    except (binascii.Error, ValueError):
        return "a key or signature that cannot be read"
    except InvalidSignature:
        return "a signature that does not fit the head"
    return None
