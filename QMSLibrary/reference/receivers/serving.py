"""Serves all receivers from one process."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final

from QMSLibrary.contract.escalations import Channel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette

_GRACE_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Places:
    """Where the receivers are; known before they are there, because the escalation service is told at its start."""

    url: str
    """Where they are asked and told to fail."""
    secret: str
    mail: socket.socket
    """Listens already; closed by whoever made it, once the receivers have been forked."""

    def write(self, path: Path) -> None:
        """The file in which the escalation service reads where each channel leads."""
        host, port = self.mail.getsockname()
        urls = {channel.value: f"{self.url}/{channel}" for channel in Channel}
        urls[Channel.EMAIL.value] = f"smtp://{host}:{port}"
        path.touch(mode=0o600)
        path.write_text(json.dumps(urls), encoding="utf-8")


def places(root: str) -> Places:
    """Places for receivers whose web server will be at ``root``."""
    mail = socket.create_server(("127.0.0.1", 0), backlog=128)
    secret = token_urlsafe(12)
    return Places(f"{root}/{secret}", secret, mail)


def serve(where: Places, listener: socket.socket) -> None:
    """Serve until told to end."""
    import asyncio

    import uvicorn

    from .inbox import Inbox
    from .mail import mail_server
    from .web import web_app

    logging.basicConfig(level=logging.WARNING)
    inbox = Inbox()
    app = web_app(inbox, where.secret)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        mail = await asyncio.get_running_loop().create_server(lambda: mail_server(inbox), sock=where.mail)
        yield
        mail.close()

    app.router.lifespan_context = lifespan
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", ws="none", lifespan="on", access_log=False, log_config=None,
        server_header=False, timeout_graceful_shutdown=_GRACE_SECONDS,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listener])
