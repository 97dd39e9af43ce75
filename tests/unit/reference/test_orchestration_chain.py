import base64
import copy

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from kernel_context import make_context
from orchestration_bench import Bench
from sqlalchemy.exc import IntegrityError

from QMSLibrary.contract.audit import GENESIS_HASH, AuditAction, AuditRecord
from QMSLibrary.contract.model import wire_time
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.store import savepoint
from QMSLibrary.reference.orchestration import chain


@pytest.fixture
def bench(tmp_path):
    context = make_context(tmp_path)
    yield Bench(context)
    context.store.close()


def broken_at(records):
    """The first sequence where the chain does not hold; None when all of it does."""
    previous = GENESIS_HASH
    for number, record in enumerate(records, start=1):
        right = record["sequence"] == number and record["previous_hash"] == previous
        if not right or record["hash"] != chain.record_hash(record):
            return number
        previous = record["hash"]
    return None


def test_a_whole_review_is_one_unbroken_chain_and_any_change_shows(bench):
    review = bench.start()
    while review.progress < 100:
        review = bench.answer(review, quality_score=88.5)
    records = bench.trail()
    assert broken_at(records) is None
    actions = [record["action"] for record in records]
    assert actions.count(AuditAction.STATE_CHANGED) == 5
    assert actions.count(AuditAction.STEP_DECIDED) == 4
    assert {record["object"] for record in records} == {f"workflow:{review.id}"}
    for field in set(AuditRecord.model_fields) - {"hash", "previous_hash", "sequence"}:
        changed = copy.deepcopy(records)
        changed[2][field] = "something else"
        assert broken_at(changed) == 3
    assert broken_at(records[:1] + records[2:]) == 2
    assert broken_at([records[1], records[0], *records[2:]]) == 1


def test_a_record_survives_the_contracts_model(bench):
    bench.start()
    for record in bench.trail():
        parsed = AuditRecord.model_validate(record)
        fields = parsed.model_dump(mode="json") | {"time": wire_time(parsed.time)}
        assert chain.record_hash(fields) == record["hash"]


def test_what_is_undone_leaves_no_record_and_no_gap(bench):
    context = bench.context

    def entry(connection, name):
        context.audit(
            connection, AuditAction.LOGGED_IN, f"user:{name}", correlation_id="c", actor=Identity("a", "admin")
        )

    def work(connection):
        entry(connection, "one")
        with pytest.raises(KeyError), savepoint(connection):  # noqa: PT012
            entry(connection, "two")
            raise KeyError
        entry(connection, "three")

    context.store.write_now(work)
    with pytest.raises(KeyError):
        context.store.write_now(lambda connection: (entry(connection, "four"), {}["x"]))
    context.store.write_now(lambda connection: entry(connection, "five"))
    records = bench.trail()
    assert broken_at(records) is None
    assert [record["object"] for record in records] == ["user:one", "user:three", "user:five"]


def test_the_same_entry_cannot_be_recorded_twice(bench):
    bench.start()
    entry = {name: value for name, value in bench.trail()[0].items() if name in chain_fields()}
    with pytest.raises(IntegrityError):
        bench.context.store.write_now(lambda connection: chain.append(connection, entry))


def chain_fields():
    return set(AuditRecord.model_fields) - {"sequence", "previous_hash", "hash"}


def test_the_head_is_signed(bench):
    context = bench.context
    head = context.store.write_now(lambda c: chain.signed_head(c, context.secrets, context.now()))
    assert (head.sequence, head.hash) == (0, GENESIS_HASH)
    bench.start()
    head = context.store.write_now(lambda c: chain.signed_head(c, context.secrets, context.now()))
    last = bench.trail()[-1]
    assert (head.sequence, head.hash) == (last["sequence"], last["hash"])
    signed = {
        "sequence": head.sequence, "hash": head.hash, "signed_at": wire_time(head.signed_at), "key_id": head.key_id,
    }  # fmt: skip
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(head.public_key))
    key.verify(base64.b64decode(head.signature), rfc8785.dumps(signed))
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(head.signature), rfc8785.dumps({**signed, "sequence": head.sequence - 1}))
