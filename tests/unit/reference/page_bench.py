"""The dashboard's page as a browser asks for it, without a browser and without a network."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
from dashboard_escalation_bench import Bench, bench

from QMSLibrary.contract.live import SESSION_COOKIE
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel.app import create_app

HOST = "http://dashboard.example"


class Visitor:
    """Somebody who looks at the page."""

    def __init__(self, qms: Bench, role: Role | None = Role.QA_LEAD) -> None:
        self.qms = qms
        # One application for all who look at the same service.
        self._app = vars(qms).setdefault("app", None) or create_app(qms.blueprint)
        vars(qms)["app"] = self._app
        self.cookies: dict[str, str] = {}
        if role is not None:
            self.cookies[SESSION_COOKIE] = qms.context.tokens.for_user(role.value, role)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def work() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=HOST, cookies=self.cookies) as client:
                return await client.request(method, path, **more)

        return asyncio.run(work())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, fields: dict[str, str], *, origin: str | None = HOST) -> httpx.Response:
        headers = {} if origin is None else {"Origin": origin}
        return self.ask("POST", path, data=fields, headers=headers)

    def csrf(self, path: str = "/dashboard/qa") -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get(path).text)
        assert found, "the page has no form with a token"
        return found[1]


class Text(HTMLParser):
    """What of a page is read, and which tags it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(" ".join(data.split()))

    def __str__(self) -> str:
        return " ".join(self.words)

    def having(self, attribute: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.tags if attribute in attributes]


def message(html: str) -> str:
    found = re.search(r"<p[^>]*data-message[^>]*>(.*?)</p>", html, re.S)
    return unescape(re.sub(r"<[^>]+>", "", found[1])) if found else ""


@contextmanager
def dashboard(folder: Path) -> Iterator[Bench]:
    with bench(Service.DASHBOARD, folder) as made:
        yield made
