"""How fast a change is on a hundred screens, and how many events one dashboard process bears."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect

from QMSLibrary.client.qms import QMS
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.identity import LogInRequest
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import WorkflowRequest
from QMSLibrary.data.pull_requests import create_pull_requests

from .figures import figure, reference_qms, spread, title

CLIENTS = 100
REVIEWS = 100
BATCH = 100
_HEARD = {"orchestration", "decision", "escalation"}


def _token(qms: QMS, role: Role) -> str:
    account = qms.connection.accounts[role]
    body = LogInRequest(username=account.username, password=account.password)
    url = qms.connection.url(Service.ORCHESTRATION) + "/api/auth/token"
    return str(httpx.post(url, content=body.model_dump_json(), trust_env=False).json()["access_token"])


async def _look(
    url: str, token: str, ready: asyncio.Queue[None], seen: dict[tuple[str, int], datetime], last: asyncio.Event
) -> None:
    async with connect(
        url, additional_headers={"Authorization": f"Bearer {token}"}, compression=None, proxy=None
    ) as one:
        await one.send(json.dumps({"op": "subscribe", "topics": ["workflow"]}))
        async for text in one:
            now = datetime.now(UTC)
            said = json.loads(text)
            if said["op"] == "ready":
                ready.put_nowait(None)
                continue
            change = said["change"]
            seen.setdefault((change["id"], change["revision"]), now)
            if change["quality_score"] is not None or last.is_set():
                last.set()
                return


async def _watch(qms: QMS) -> list[dict[tuple[str, int], datetime]]:
    url = qms.connection.url(Service.DASHBOARD).replace("http", "ws") + "/api/live"
    token, last = _token(qms, Role.DEVELOPER), asyncio.Event()
    ready: asyncio.Queue[None] = asyncio.Queue()
    seen: list[dict[tuple[str, int], datetime]] = [{} for _ in range(CLIENTS)]
    lookers = [asyncio.create_task(_look(url, token, ready, one, last)) for one in seen]
    for _ in range(CLIENTS):
        await ready.get()
    request = WorkflowRequest(pull_request=create_pull_requests(1, complexity="low")[0])
    await asyncio.to_thread(qms.start_workflow, request, Role.QA_LEAD)
    await asyncio.wait_for(asyncio.gather(*lookers), 60)
    return seen


def _delays(qms: QMS) -> list[float]:
    """Seconds from each change, by orchestration's own time, until the last of the clients had it."""
    mark = qms.events.mark
    seen = asyncio.run(_watch(qms))
    happened: dict[tuple[str, int], datetime] = {}
    for one in qms.events.events(after=mark, services=[Service.ORCHESTRATION]):
        told = one.event.payload.get("workflow")
        if told is not None:
            happened.setdefault((told["id"], told["revision"]), one.event.timestamp)
    known = [key for key in happened if all(key in one for one in seen)]
    return [max((one[key] - happened[key]).total_seconds() for one in seen) for key in known]


def _copies(events: Sequence[Event], number: int) -> list[dict[str, object]]:
    """The events of one review as those of another one."""
    text = json.dumps([event.model_dump(mode="json") for event in events])
    for old in {event.workflow_id for event in events if event.workflow_id}:
        text = text.replace(old, f"{number:05d}{old[5:]}")
    copies: list[dict[str, object]] = json.loads(text)
    for copy in copies:
        copy["event_id"] = uuid4().hex
        decision = copy["payload"].get("decision")  # type: ignore[attr-defined]
        if decision is not None:
            decision["decision_id"] = f"{number:05d}{decision['decision_id'][5:]}"
    return copies


def _rate(qms: QMS) -> tuple[int, float]:
    """How many events were delivered, as the other services deliver them, and the seconds that they took."""
    qms.events.open(tuple(Service))
    qms.events.record(True)
    mark = qms.events.mark
    request = WorkflowRequest(pull_request=create_pull_requests(1, complexity="low")[0])
    workflow = qms.start_workflow(request, Role.QA_LEAD)
    qms.events.wait(
        lambda: any(one.event.type == "workflow.completed" for one in qms.events.events(workflow.id, after=mark)), 30
    )
    time.sleep(0.2)  # the last agent's own news
    events = [one.event for one in qms.events.events(workflow.id, after=mark) if one.event.source in _HEARD]
    every = [copy for number in range(REVIEWS) for copy in _copies(events, number)]
    batches = [json.dumps({"events": every[at : at + BATCH]}) for at in range(0, len(every), BATCH)]
    url = qms.connection.url(Service.DASHBOARD) + "/api/events"
    headers = {"Authorization": f"Bearer {_token(qms, Role.ADMIN)}"}
    with httpx.Client(headers=headers, timeout=60, trust_env=False) as client:
        begun = time.perf_counter()
        for batch in batches:
            answer = client.post(url, content=batch).raise_for_status().json()
            assert answer["dead"] == 0, answer
        return len(every), time.perf_counter() - begun


def run() -> None:
    """Print the figures."""
    title("The dashboard, live")
    with reference_qms() as qms:
        _delays(qms)  # warm
        delays = [delay for _ in range(5) for delay in _delays(qms)]
        figure(
            f"a change is on {CLIENTS} clients after",
            f"{median(delays) * 1000:.0f} ms",
            f"{median(delays) * 1000 / 100:.2f} × the target of 100 ms; {spread(delays)}",
        )
        number, took = _rate(qms)
        rate = number / took
        figure(
            "events that one dashboard takes in a second", f"{rate:.0f}", f"{rate / 1000:.2f} × 1000; {number} of them"
        )
