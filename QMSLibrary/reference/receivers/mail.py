"""The mail server."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

from QMSLibrary.contract.escalations import Channel
from QMSLibrary.contract.receivers import Failure

from .inbox import Inbox, said

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope, Session


class Postman:
    """Takes mail for anybody."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """A whole mail has come: one message per recipient; it fails when it is to fail for one of them."""
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else b"", policy=policy.default)
        body = mail.get_body(("plain",))
        text = f"{mail.get('Subject', '')}\n{body.get_content() if body else ''}"
        key = str(mail.get("Message-ID", "")).strip("<> ").partition("@")[0]
        failures = {to: self._inbox.fails(Channel.EMAIL, to, text) for to in envelope.rcpt_tos}
        worst = next((one for one in failures.values() if one is not None), None)
        taken, answer = True, "taken"
        if worst is not None:
            answer = said(worst.failure)
            if worst.failure is Failure.SLOW:
                await asyncio.sleep(worst.seconds)
                taken = server.transport is not None and not server.transport.is_closing()
            else:
                taken = False
        for to in envelope.rcpt_tos:
            await self._inbox.keep(Channel.EMAIL, to, text, key, taken=taken, answer=answer)
        if worst is not None and worst.failure is Failure.SILENT and server.transport is not None:
            server.transport.close()
        return "250 taken" if taken else "451 cannot take it now"


def mail_server(inbox: Inbox) -> SMTP:
    """The protocol for one connection."""
    return SMTP(Postman(inbox), hostname="receivers.qms.example", enable_SMTPUTF8=True, ident="QMS test receiver")
