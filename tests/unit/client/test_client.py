import pytest

from QMSLibrary.client import adapter, errors
from QMSLibrary.client.connection import Account, Connection
from QMSLibrary.client.qms import QMS
from QMSLibrary.client.sse import frames
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.history.entries import Outcome
from QMSLibrary.history.journal import Journal

URLS = dict.fromkeys(Service, "http://127.0.0.1:9")


@pytest.mark.parametrize(
    "chunks",
    [
        [b': ready 4\n\nid: 5\nevent: a\ndata: {"x":\ndata: 1}\n\n'],
        [b': ready 4\r\n\r\nid: 5\r\nevent: a\r\ndata: {"x":\r\ndata: 1}\r\n\r\n'],
        [bytes([one]) for one in b': ready 4\r\n\r\nid: 5\nevent: a\ndata: {"x":\ndata: 1}\n\n'],
    ],
)
def test_a_stream_is_cut_into_frames_however_it_comes(chunks):
    assert list(frames(chunks)) == [(None, None, "ready 4"), ("5", '{"x":\n1}', None)]


def test_a_frame_that_is_not_finished_is_none():
    assert list(frames([b"data: 1\n"])) == []


def test_letters_beyond_ascii_may_be_cut_anywhere():
    text = "data: Grüße\n\n".encode()
    assert [data for _, data, _ in frames([text[:9], text[9:]])] == ["Grüße"]


def test_a_connection_says_which_services_it_has_and_hides_passwords():
    account = Account("ada", "hunter2")
    one = Connection("here", {Service.DECISION: "http://x/"}, {Role.ADMIN: account})
    assert one.url(Service.DECISION) == "http://x"
    assert "hunter2" not in repr(one)
    with pytest.raises(KeyError, match="It has: decision"):
        one.url(Service.DASHBOARD)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsense", "Expected module:factory"),
        (":connect", "Expected module:factory"),
        ("no.such.module:connect", "cannot be imported"),
        ("QMSLibrary.client.rest:nope", "It has: .*connect"),
    ],
)
def test_a_wrong_adapter_is_told_what_is_wrong(name, words):
    with pytest.raises(errors.AdapterError, match=words):
        adapter.load(name)


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)

    def module(text):
        name = f"an_adapter_{abs(hash(text))}"
        (tmp_path / f"{name}.py").write_text(text)
        return Connection("mine", URLS, {Role.ADMIN: Account("a", "b")}, adapter=f"{name}:connect")

    return module


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 / 0", "fails when it is imported: ZeroDivisionError"),
        ("def connect(connection): return 5", "gave int. Expected"),
        ("def connect(connection): raise RuntimeError('no licence')", "failed to connect: RuntimeError: no licence"),
    ],
)
def test_a_broken_adapter_is_told_what_is_wrong(write, text, words):
    with pytest.raises(errors.AdapterError, match=words):
        QMS(write(text), Journal())


ADAPTER = """
from QMSLibrary.client.protocols import Services

class Half:
    def workflow(self, workflow_id, *, role):
        raise OSError("disk on fire")

def connect(connection):
    return Services(Half(), Half(), Half(), Half())
"""


def test_an_adapter_may_leave_out_what_its_qms_cannot_do_and_its_own_transport_is_recorded_too(write):
    journal = Journal()
    qms = QMS(write(ADAPTER), journal)
    with pytest.raises(errors.NotSupported, match="cannot be asked for 'audit head': its adapter"):
        qms.orchestration.audit_head(role=Role.MANAGER)
    with pytest.raises(OSError, match="disk on fire"):
        qms.orchestration.workflow("wf-1", role=Role.ADMIN)
    assert [(act.action, act.outcome, act.actor, act.workflow_id) for act in journal.acts()] == [
        ("workflow", Outcome.FAILED, "a", "wf-1")
    ]
    assert qms.events.open([Service.ORCHESTRATION]) == []
    assert "has no event stream" in qms.events.trouble(Service.ORCHESTRATION)
    qms.close()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(errors.QMSError, match="is no address for the orchestration service"):
        QMS(Connection("x", dict.fromkeys(Service, "localhost"), {}), Journal())
