"""The audit trail: each record holds the hash of the one before, so that none can be changed or left out unseen."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Any, Final

import orjson
import rfc8785
from sqlalchemy import Connection, bindparam, select

from QMSLibrary.contract.audit import GENESIS_HASH, AuditHead
from QMSLibrary.contract.model import wire_time
from QMSLibrary.reference.kernel.secrets import Secrets, key_id
from QMSLibrary.reference.kernel.store import notes

from .tables import audit_trail

_END = select(audit_trail.c.sequence, audit_trail.c.hash).order_by(audit_trail.c.sequence.desc()).limit(1)
_KNOWN = select(audit_trail.c.sequence).where(audit_trail.c.entry_id == bindparam("key"))
_INSERT = audit_trail.insert()
_OF_WORKFLOW: Final = "workflow:"
_MEMO: Final = "end of the audit trail"


def append(connection: Connection, entry: dict[str, Any]) -> None:
    """Put an entry (the fields of AuditEntry, JSON values) at the end of the trail."""
    sequence, previous = end(connection)
    # Through JSON once, so that what is hashed is what a reader of the record will hash: no enums, no tuples.
    plain = orjson.loads(orjson.dumps(entry))
    record = {**plain, "sequence": sequence + 1, "previous_hash": previous}
    digest = record_hash(record)
    connection.execute(
        _INSERT,
        {
            "sequence": sequence + 1,
            "entry_id": plain["entry_id"],
            "actor": plain["actor"][:256],
            "workflow_id": _workflow_of(plain),
            "correlation_id": plain["correlation_id"],
            "hash": digest,
            "record": orjson.dumps({**record, "hash": digest}).decode(),
        },
    )
    notes(connection).memo[_MEMO] = (sequence + 1, digest)


def known(connection: Connection, entry_id: str) -> bool:
    """Whether an entry is on the trail already."""
    return connection.execute(_KNOWN, {"key": entry_id}).scalar() is not None


def end(connection: Connection) -> tuple[int, str]:
    """Sequence and hash of the last record."""
    known: tuple[int, str] | None = notes(connection).memo.get(_MEMO)
    if known is None:
        row = connection.execute(_END).one_or_none()
        known = (0, GENESIS_HASH) if row is None else (row.sequence, row.hash)
    return known


def record_hash(record: dict[str, Any]) -> str:
    """SHA-256 over the RFC 8785 form of a record's fields; a ``hash`` among them is left out."""
    fields = {name: value for name, value in record.items() if name != "hash"}
    return hashlib.sha256(rfc8785.dumps(fields)).hexdigest()


def signed_head(connection: Connection, secrets: Secrets, now: datetime) -> AuditHead:
    """The end of the trail, signed."""
    sequence, digest = end(connection)
    public = secrets.audit_key.public_key()
    signed: dict[str, Any] = {
        "sequence": sequence,
        "hash": digest,
        "signed_at": wire_time(now),
        "key_id": key_id(public),
    }
    return AuditHead(
        sequence=sequence,
        hash=digest,
        signed_at=now,
        key_id=signed["key_id"],
        signature=base64.b64encode(secrets.audit_key.sign(rfc8785.dumps(signed))).decode(),
        public_key=base64.b64encode(public.public_bytes_raw()).decode(),
    )


def _workflow_of(entry: dict[str, Any]) -> str | None:
    """The workflow that an entry is about, directly or through what it says before and after."""
    if entry["object"].startswith(_OF_WORKFLOW):
        return str(entry["object"].removeprefix(_OF_WORKFLOW))[:64]
    for side in (entry.get("after"), entry.get("before")):
        if isinstance(side, dict) and isinstance(side.get("workflow_id"), str):
            return str(side["workflow_id"])[:64]
    return None
