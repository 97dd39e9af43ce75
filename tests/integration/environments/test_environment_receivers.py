"""The receivers of an embedded environment, as a sender and as a tester sees them."""

import json
import smtplib
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from urllib.parse import urlsplit

import httpx
import pytest

from QMSLibrary.contract.escalations import Channel
from QMSLibrary.contract.receivers import Break, Failure
from QMSLibrary.environments import Capability, EnvironmentUseError, use


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMS_HOME", str(tmp_path_factory.mktemp("home")))
        with use("embedded", own=True) as environment:
            yield environment


@pytest.fixture
def urls(environment):
    environment.receivers.mend()
    (file,) = environment.directory.glob("escalation-*/receivers.json")
    return json.loads(file.read_text())


def post(urls, channel, text, key="k"):
    field = {"slack": "channel", "pagerduty": "routing_key"}.get(channel, "to")
    headers = {"Idempotency-Key": key}
    return httpx.post(urls[channel], json={field: "someone", "text": text}, headers=headers, trust_env=False)


def mail(urls, text, to="ann@example.org"):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "qms@qms.example", to, "Grüße"
    message["Message-ID"] = "<key-1@qms.example>"
    message.set_content(text)
    place = urlsplit(urls["email"])
    with smtplib.SMTP(place.hostname, place.port, timeout=5) as server:
        server.send_message(message)


def test_it_can_be_looked_at_what_its_notifications_come_to(environment):
    assert Capability.RECEIVERS in environment.capabilities
    assert {"qa-lead", "payments-lead"} <= {one.name for one in environment.receivers.stakeholders()}


@pytest.mark.parametrize("channel", ["slack", "sms", "phone_call", "pagerduty"])
def test_what_comes_by_http_is_kept(environment, urls, channel):
    assert post(urls, channel, f"about {channel}").is_success
    (got,) = environment.receivers.messages(f"about {channel}")
    assert (got.channel, got.address, got.key, got.taken) == (channel, "someone", "k", True)


def test_what_comes_by_mail_is_kept(environment, urls):
    mail(urls, "about mail: äöü")
    (got,) = environment.receivers.messages("about mail: äöü")
    assert (got.channel, got.address, got.key, got.taken) == (Channel.EMAIL, "ann@example.org", "key-1", True)
    assert got.text.startswith("Grüße\n")


def test_rubbish_is_refused(urls):
    assert httpx.post(urls["slack"], content=b"\xff", trust_env=False).status_code == 400
    assert httpx.post(urls["slack"], json=["x"], trust_env=False).status_code == 400
    place = urlsplit(urls["slack"])
    assert httpx.get(f"http://{place.netloc}/messages", trust_env=False).status_code == 404


def test_whoever_waits_is_woken_by_the_message(environment, urls):
    receivers = environment.receivers
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(receivers.wait, "wait for it", lambda got: len(got) == 2, 20)
        post(urls, "sms", "wait for it, first")
        post(urls, "sms", "wait for it, second")
        assert [one.text for one in waiting.result()] == ["someone\nwait for it, first", "someone\nwait for it, second"]
    assert len(receivers.wait("wait for it", lambda got: len(got) == 3, 0.05)) == 2


def test_a_broken_receiver_refuses_what_is_meant_and_nothing_else(environment, urls):
    environment.receivers.break_channel(Break(channel="sms", about="acme/x", first=2))
    environment.receivers.break_channel(Break(channel="email", address="bob@example.org"))
    answers = [post(urls, "sms", f"acme/x {number}").status_code for number in range(3)]
    assert answers == [503, 503, 200]
    assert [one.taken for one in environment.receivers.messages("acme/x")] == [False, False, True]
    assert post(urls, "sms", "acme/y").status_code == 200
    assert post(urls, "slack", "acme/x").status_code == 200
    with pytest.raises(smtplib.SMTPDataError, match="451"):
        mail(urls, "x", to="bob@example.org")
    mail(urls, "x")
    assert environment.receivers.mend(Channel.EMAIL) == 1
    mail(urls, "x", to="bob@example.org")


def test_a_silent_receiver_ends_the_connection(environment, urls):
    for channel in Channel:
        environment.receivers.break_channel(Break(channel=channel, failure=Failure.SILENT))
    with pytest.raises(httpx.HTTPError):
        post(urls, "slack", "hush")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        mail(urls, "hush")
    assert [one.taken for one in environment.receivers.messages("hush")] == [False, False]
    assert environment.receivers.mend() == len(Channel)


def test_a_slow_receiver_takes_it_after_a_while_if_the_sender_waits(environment, urls):
    environment.receivers.break_channel(Break(channel="slack", failure=Failure.SLOW, seconds=0.3))
    assert post(urls, "slack", "slowly").is_success
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(urls["slack"], json={"channel": "x", "text": "slowly"}, timeout=0.05, trust_env=False)
    got = environment.receivers.wait("slowly", lambda got: len(got) == 2, 5)
    assert [one.taken for one in got] == [True, False]


def test_it_ends_with_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("QMS_HOME", str(tmp_path))
    with use("embedded", own=True) as environment:
        (file,) = environment.directory.glob("escalation-*/receivers.json")
        urls, receivers = json.loads(file.read_text()), environment.receivers
    with pytest.raises(httpx.ConnectError):
        post(urls, "slack", "anybody there?")
    with pytest.raises(ConnectionRefusedError):
        mail(urls, "anybody there?")
    with pytest.raises((EnvironmentUseError, RuntimeError)):
        receivers.messages("x")


def test_receivers_of_ones_own_are_used_instead(tmp_path, monkeypatch):
    monkeypatch.setenv("QMS_HOME", str(tmp_path))
    own = tmp_path / "receivers.json"
    own.write_text('{"slack": "http://127.0.0.1:9/hook"}')
    monkeypatch.setenv("QMS_NOTIFICATION_RECEIVERS", str(own))
    with use("embedded", own=True) as environment:
        assert Capability.RECEIVERS not in environment.capabilities
        with pytest.raises(EnvironmentUseError, match="cannot be looked at"):
            _ = environment.receivers
