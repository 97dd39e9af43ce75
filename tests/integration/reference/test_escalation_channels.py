"""Messages travel through every channel to a real receiver."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime

import httpx
import pytest
from escalation_receivers import http_receiver, smtp_receiver

from QMSLibrary.contract.escalations import Channel, Escalation, EscalationLevel, EscalationState
from QMSLibrary.reference.escalation.channels import DeliveryError, Message, compose, send

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
ESCALATION = Escalation(
    id="esc-1", level=EscalationLevel.L1_IMMEDIATE, type="high_severity_security",
    reason="high_severity_security: the scan found sql_injection (high) in src/db.ts", component="orchestration",
    source="wf-1", state=EscalationState.ACTIVE, tier=1, workflow_id="wf-1", repository="acme/shop",
    correlation_id="c", triggered_at=NOON, acknowledge_by=NOON,
)  # fmt: skip


def message(title: str | None = None, reminder: int = 0) -> Message:
    return compose("n-1", "somewhere", ESCALATION, title=title, reminder=reminder)


def deliver(channel: Channel, url: str) -> None:
    async def run() -> None:
        async with httpx.AsyncClient() as client:
            await send(channel, url, message(), client)

    asyncio.run(run())


def test_a_message_says_what_happened_and_what_to_do() -> None:
    text = message("feat: pay").text
    for words in ("L1_IMMEDIATE", "high_severity_security", "acme/shop", "feat: pay", "wf-1", "esc-1", "2026-01-02 12"):
        assert words in text


def test_what_people_wrote_is_redacted() -> None:
    text = message("feat: pay 4111111111111111 for jane@example.org with ghp_" + "a1" * 18).text
    assert "[card number]" in text
    assert "[e-mail]" in text
    assert "[token]" in text
    assert "jane" not in text


def test_a_reminder_says_that_it_is_one() -> None:
    assert message(reminder=2).text.startswith("Reminder 2: L1_IMMEDIATE")


@pytest.mark.parametrize("channel", [channel for channel in Channel if channel is not Channel.EMAIL])
def test_by_http(channel: Channel) -> None:
    with http_receiver() as inbox:
        deliver(channel, f"{inbox.url}/hook")
        (got,) = inbox.wait_for(1)
    assert got["path"] == "/hook"
    assert got["key"] == "n-1"
    assert "high_severity_security" in str(got["body"])
    assert "somewhere" in got["body"].values()


def test_pagerduty_gets_one_incident_per_escalation() -> None:
    with http_receiver() as inbox:
        deliver(Channel.PAGERDUTY, inbox.url)
        (got,) = inbox.wait_for(1)
    assert got["body"]["dedup_key"] == "esc-1"
    assert got["body"]["payload"]["severity"] == "error"


def test_by_mail() -> None:
    with smtp_receiver() as inbox:
        deliver(Channel.EMAIL, inbox.url)
        (got,) = inbox.wait_for(1)
    assert got["to"] == ["somewhere"]
    assert "Message-ID: <n-1@qms.example>" in got["text"]
    assert "high_severity_security" in got["text"]


@pytest.mark.parametrize("status", [302, 404, 429, 503])
def test_a_receiver_that_refuses_is_a_failure_with_its_answer(status: int) -> None:
    with http_receiver() as inbox:
        inbox.answer = lambda number: status
        with pytest.raises(DeliveryError, match=f"HTTP {status}"):
            deliver(Channel.SLACK, inbox.url)


def test_a_mail_server_that_refuses_is_a_failure_with_its_code() -> None:
    with smtp_receiver() as inbox:
        inbox.answer = lambda number: 554
        with pytest.raises(DeliveryError, match="554"):
            deliver(Channel.EMAIL, inbox.url)


@pytest.mark.parametrize(("channel", "scheme"), [(Channel.SLACK, "http"), (Channel.EMAIL, "smtp")])
def test_nobody_listening_is_a_failure_that_does_not_tell_the_url(channel: Channel, scheme: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(DeliveryError) as refused:
            deliver(channel, f"{scheme}://127.0.0.1:{port}/s3cret-hook")
    assert "s3cret" not in str(refused.value)
