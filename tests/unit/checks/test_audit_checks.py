import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from QMSLibrary.checks import audit
from QMSLibrary.contract.audit import GENESIS_HASH, AuditHead, AuditRecord
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.services import Service

NOW = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()


def record(sequence, previous, **more):
    values = {
        "sequence": sequence, "entry_id": f"e{sequence}", "time": NOW, "actor": "mia", "role": "manager",
        "action": "gate.overridden", "object": "workflow:wf-1", "before": {"state": "DOR_FAILED"}, "after": None,
        "reason": "Production is down", "correlation_id": "c", "previous_hash": previous, "hash": "", **more,
    }  # fmt: skip
    unsealed = AuditRecord(**values)
    return unsealed.model_copy(update={"hash": audit.hash_of(unsealed)})


def trail(length=4):
    records, previous = [], GENESIS_HASH
    for sequence in range(1, length + 1):
        records.append(record(sequence, previous))
        previous = records[-1].hash
    return records


def head(records, key=KEY, **more):
    last = records[-1]
    values = {"sequence": last.sequence, "hash": last.hash, "signed_at": NOW, "key_id": "k1", **more}
    signed = {**values, "signed_at": wire_time(NOW)}
    public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    signature = base64.b64encode(key.sign(audit.canonical(signed))).decode()
    return AuditHead(**values, signature=signature, public_key=public)


def test_an_untouched_trail_is_intact():
    records = trail()
    assert audit.intact(records, head(records)).passed
    assert audit.intact(records, head(records[:3])).passed, "reading the trail adds a record behind the head"
    trusted = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    assert audit.intact(records, head(records), trusted).passed


def rechained(records):
    forged, previous = [], GENESIS_HASH
    for one in records:
        forged.append(record(one.sequence, previous, actor="nobody"))
        previous = forged[-1].hash
    return forged


@pytest.mark.parametrize(
    ("tampered", "words"),
    [
        (lambda r: [r[0], r[1].model_copy(update={"actor": "nobody"}), *r[2:]], "hash of its content"),
        (lambda r: [r[0], *r[2:]], "record 2 at place 2"),
        (lambda r: r[:-1], "cut the end"),
        (lambda r: [r[0], r[2], r[1], r[3]], "at place 2"),
        (lambda r: [*r[:2], r[1], *r[2:]], "at place 3"),
        (lambda r: [r[0], record(2, "f" * 64), *r[2:]], "to continue record 1"),
        (rechained, "hash in the signed head"),
        (lambda r: [], "an empty trail"),
    ],
)
def test_every_way_of_tampering_is_found(tampered, words):
    records = trail()
    judged = audit.intact(tampered(records), head(records))
    assert not judged.passed
    assert words in judged.message
    assert judged.blame is Service.ORCHESTRATION


def test_a_head_signed_by_somebody_else_is_found():
    records = trail()
    assert "does not fit" in audit.intact(records, head(records, Ed25519PrivateKey.generate())).message
    assert "not the trusted one" in audit.intact(records, head(records), "AAAA").message
    broken = head(records).model_copy(update={"signature": "%"})
    assert "cannot be read" in audit.intact(records, broken).message


def test_records_are_found_by_all_conditions():
    records = trail()
    found = {"actor": "mia", "role": "manager", "reason": "production", "object": "wf-1"}
    judged, matching = audit.contains(records, "gate.overridden", **found, count=4)
    assert judged.passed
    assert len(matching) == 4
    for name in found:
        other = "developer" if name == "role" else "somebody else"
        judged, matching = audit.contains(records, "gate.overridden", **{**found, name: other})
        assert not judged.passed
        assert not matching
    assert audit.contains(records, "workflow.progressed", count=0)[0].passed
    look = records[0].model_copy(update={"action": "access.granted"})
    nowhere, _ = audit.contains([look], "gate.overridden", count=0)
    assert not nowhere.passed
    assert "the trail knows nothing of it" in nowhere.message
    judged, _ = audit.contains(records, "gate.overridden", count=3)
    assert not judged.passed
    assert "4 such" in judged.message
