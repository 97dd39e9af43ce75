"""Clients of the live stream for tests: the `websockets` package as it is, without our own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dashboard_escalation_qms import RunningQms
from websockets.sync.client import ClientConnection, connect

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

EVERYTHING = ["workflow", "alert", "escalation", "routing", "agent"]


class Looker:
    """Somebody who looks on."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, message: Any) -> None:
        self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    def hear(self, timeout: float = 10) -> dict[str, Any]:
        return json.loads(self.connection.recv(timeout))

    def subscribe(self, *topics: str, repository: str | None = None, after: int | None = None) -> dict[str, Any]:
        topics = topics or tuple(EVERYTHING)
        self.say({"op": "subscribe", "topics": list(topics), "repository": repository, "after": after})
        return self.hear()


@contextmanager
def looker(qms: RunningQms, role: Role | None = Role.DEVELOPER, **options: Any) -> Iterator[Looker]:
    headers = {"Authorization": f"Bearer {qms.token(role)}"} if role else {}
    url = qms.urls[Service.DASHBOARD].replace("http", "ws") + "/api/live"
    headers |= options.pop("additional_headers", {})
    # Half a second for a goodbye: one that has not read everything never hears it.
    with connect(url, additional_headers=headers, proxy=None, close_timeout=0.5, **options) as connection:
        yield Looker(connection)
