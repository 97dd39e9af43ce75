"""The channels: which ones the environment has a receiver for, and how a message travels through each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from QMSLibrary.contract.escalations import Channel, Escalation, EscalationLevel

from .redaction import redact

if TYPE_CHECKING:
    import httpx

SEND_TIMEOUT: Final = 5.0
"""Seconds that a receiver has to take a message."""
_SCHEMES: Final[dict[Channel, tuple[str, ...]]] = {
    channel: ("smtp", "smtps") if channel is Channel.EMAIL else ("http", "https") for channel in Channel
}
_PAGERDUTY_SEVERITY: Final = {
    EscalationLevel.L0_CRITICAL: "critical",
    EscalationLevel.L1_IMMEDIATE: "error",
    EscalationLevel.L2_URGENT: "warning",
    EscalationLevel.L3_STANDARD: "info",
}


class ChannelsError(ValueError):
    """The file of receivers cannot be used; the message says which entry and why."""


class DeliveryError(Exception):
    """The receiver did not take the message; the text says why and holds no secret."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one recipient."""

    notification_id: str
    """Travels as idempotency key and Message-ID: a receiver that sees it twice has seen one message."""
    escalation_id: str
    address: str
    level: EscalationLevel
    subject: str
    text: str


def compose(notification_id: str, address: str, escalation: Escalation, *, title: str | None, reminder: int) -> Message:
    """The message about ``escalation``; everything that people wrote is redacted.

    ``reminder`` is 0 for the first telling and counts the repeats after it.
    """
    subject = redact(f"{escalation.level}: {escalation.reason}")
    lines = [subject]
    if reminder:
        lines[0] = f"Reminder {reminder}: {subject}"
    if escalation.repository:
        lines.append(redact(f"Repository: {escalation.repository}" + (f" ({title})" if title else "")))
    what = f"Review: {escalation.workflow_id}" if escalation.workflow_id else f"About: {escalation.source}"
    lines.append(f"{what}, since {escalation.triggered_at:%Y-%m-%d %H:%M:%S} UTC")
    lines.append(
        f"Please acknowledge escalation {escalation.id} until {escalation.acknowledge_by:%Y-%m-%d %H:%M:%S} UTC."
    )
    return Message(notification_id, escalation.id, address, escalation.level, lines[0][:200], "\n".join(lines))


def load_receivers(path: Path | None) -> dict[Channel, str]:
    """Channel to URL, from a JSON file.

    Without a file it is empty: then nothing is sent to anybody, and the notifications say so.

    :raises ChannelsError: the file cannot be read, or names a channel or a kind of URL that there is not.
    """
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ChannelsError(f"The file of notification receivers {path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ChannelsError(f'{path}: expected an object such as {{"slack": "http://…", "email": "smtp://…"}}.')
    receivers = {}
    for name, url in content.items():
        if name not in set(Channel):
            raise ChannelsError(f"{path}: there is no channel {name!r}. The channels are {', '.join(Channel)}.")
        channel = Channel(name)
        if not isinstance(url, str) or urlsplit(url).scheme not in _SCHEMES[channel] or not urlsplit(url).hostname:
            wanted = " or ".join(f"{scheme}://…" for scheme in _SCHEMES[channel])
            raise ChannelsError(f"{path}: the receiver of {name} must be a URL beginning {wanted}.")
        receivers[channel] = url
    return receivers


async def send(channel: Channel, url: str, message: Message, client: httpx.AsyncClient) -> None:
    """Hand ``message`` to the receiver at ``url``.

    :raises DeliveryError: it was not taken.
    """
    if channel is Channel.EMAIL:
        await asyncio.to_thread(_send_mail, url, message)
    else:
        await _post(url, _BODIES[channel](message), message, client)


async def _post(url: str, body: Mapping[str, Any], message: Message, client: httpx.AsyncClient) -> None:
    import httpx

    try:
        answer = await client.post(
            url, json=body, headers={"Idempotency-Key": message.notification_id}, timeout=SEND_TIMEOUT
        )
    except httpx.HTTPError as error:
        # The error's own text may hold the URL, and a webhook's URL is a secret.
        raise DeliveryError(f"the receiver did not answer ({type(error).__name__})") from error
    if not answer.is_success:
        raise DeliveryError(f"the receiver answered HTTP {answer.status_code}")


def _send_mail(url: str, message: Message) -> None:
    import smtplib
    import ssl
    from email.message import EmailMessage

    place = urlsplit(url)
    mail = EmailMessage()
    mail["From"] = "qms@qms.example"
    mail["To"] = message.address
    mail["Subject"] = " ".join(message.subject.split())
    mail["Message-ID"] = f"<{message.notification_id}@qms.example>"
    mail.set_content(message.text)
    kind: type[smtplib.SMTP] = smtplib.SMTP_SSL if place.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(place.hostname or "", place.port or 0, timeout=SEND_TIMEOUT) as server:
            server.ehlo()
            if kind is smtplib.SMTP and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            if place.username:
                server.login(unquote(place.username), unquote(place.password or ""))
            server.send_message(mail)
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(f"the mail server answered {error.smtp_code}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"the mail server did not take it ({type(error).__name__})") from error


def _slack(message: Message) -> dict[str, Any]:
    return {"channel": message.address, "text": message.text}


def _telephone(message: Message) -> dict[str, Any]:
    return {"to": message.address, "body": message.text}


def _pagerduty(message: Message) -> dict[str, Any]:
    # PagerDuty Events API v2. One dedup_key per escalation: a reminder joins the incident it belongs to.
    return {
        "routing_key": message.address,
        "event_action": "trigger",
        "dedup_key": message.escalation_id,
        "payload": {
            "summary": message.subject,
            "source": "qms",
            "severity": _PAGERDUTY_SEVERITY[message.level],
            "custom_details": {"text": message.text},
        },
    }


_BODIES: Final[dict[Channel, Callable[[Message], dict[str, Any]]]] = {
    Channel.SLACK: _slack,
    Channel.SMS: _telephone,
    Channel.PHONE_CALL: _telephone,
    Channel.PAGERDUTY: _pagerduty,
}
