"""Keywords of `waiting.robot`: note when a wait returned, and count what it asked."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from robot.libraries.BuiltIn import BuiltIn

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

_FIGURES = Path(os.environ["QMS_BENCH_FIGURES"])
_mark = 0


def _library() -> Any:
    return BuiltIn().get_library_instance("QMSLibrary")


def count_requests() -> None:
    """Count from here."""
    global _mark
    _mark = len(_library().session.journal.acts())


def note_delay(way: str, workflow: Any) -> None:
    """How long ago did the review end, by the same machine's clock?"""
    now = datetime.now(UTC)
    journal = _library().session.journal
    asked = len(journal.acts()) - _mark
    ended = _library().session.qms.orchestration.workflow(workflow.id, role=Role.DEVELOPER).completed_at
    _write({"way": way, "delay": (now - ended).total_seconds(), "asked": asked})


def compare_keyword_with_bare_request(workflow: Any, rounds: int) -> None:
    """The same request by keyword and by httpx alone, in turn."""
    library = _library()
    connection = library.session.qms.connection
    account = connection.accounts[Role.DEVELOPER]
    root = connection.urls[Service.ORCHESTRATION]
    with httpx.Client(base_url=root, trust_env=False) as client:
        answer = client.post(
            "/api/auth/token", json={"username": account.username, "password": account.password}
        ).raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        for _ in range(int(rounds)):
            begun = time.perf_counter()
            client.get(f"/api/workflows/{workflow.id}", headers=headers).raise_for_status().json()
            middle = time.perf_counter()
            library.run_keyword("get_workflow", ["state"], {"workflow": workflow.id})
            _write({"way": "keyword", "bare": middle - begun, "keyword": time.perf_counter() - middle})


def _write(entry: dict[str, Any]) -> None:
    with _FIGURES.open("a") as file:
        file.write(json.dumps(entry) + "\n")
