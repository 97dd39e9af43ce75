"""One service on a bench: its real database, handlers and timers, without its server and the other services."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from QMSLibrary.contract.events import DeliveryReport, Event
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import STATUS_OF_STATE, WorkflowState
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.clock import Clock, load_offset
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.log import KERNEL_TABLES, Feed, event_log
from QMSLibrary.reference.kernel.peers import Peers
from QMSLibrary.reference.kernel.secrets import create_secrets, load_secrets
from QMSLibrary.reference.kernel.settings import ServiceSettings
from QMSLibrary.reference.kernel.store import Store
from QMSLibrary.reference.kernel.tokens import Tokens

T = TypeVar("T")
LEAD = Identity("lead", Role.QA_LEAD)
_ids = itertools.count(1)


class Bench:
    def __init__(self, service: Service, folder: Path) -> None:
        secrets_file = folder / "secrets.json"
        if not secrets_file.exists():
            create_secrets(secrets_file)
        self.settings = ServiceSettings(
            service=service,
            urls=dict.fromkeys(Service, "http://127.0.0.1:9"),
            database_url=f"sqlite:///{folder}/service.db",
            secrets_file=secrets_file,
            state_dir=folder,
            movable_clock=True,
        )
        secrets, store = load_secrets(secrets_file), Store(self.settings.database_url)
        store.prepare(KERNEL_TABLES)
        tokens = Tokens(service, secrets)
        self.context = Context(
            settings=self.settings,
            secrets=secrets,
            clock=Clock(store.write_now(load_offset)),
            store=store,
            feed=Feed(store),
            tokens=tokens,
            peers=Peers(self.settings, tokens),
        )
        module = import_module(f"QMSLibrary.reference.{service.value}")
        self.blueprint: Blueprint = module.build(self.context)
        store.prepare(*self.blueprint.metadata)

    def write(self, work: Callable[[Connection], T]) -> T:
        return self.context.store.write_now(work)

    def deliver(self, *events: Event) -> DeliveryReport:
        return self.write(lambda connection: self.blueprint.inbox.take(connection, list(events)))

    def move(self, **by: float) -> None:
        """Move the clock."""
        offset = self.context.clock.offset + timedelta(**by).total_seconds()
        asyncio.run(self.blueprint.scheduler.move_to(offset))

    def call(self, route: str, *, actor: Identity = LEAD, body: Any = None, **parts: str) -> Any:
        """Call a route's handler as the kernel does once role and body are checked."""
        from QMSLibrary.reference.kernel.call import Call

        the_route, handler = self.blueprint.handlers[route]
        query = {one.name: parts.pop(one.name) for one in the_route.query if one.name in parts}
        call: Call[Any] = Call(self.context, the_route, actor, "act-1", parts, query, None, body)  # type: ignore[arg-type]
        return asyncio.run(handler(call))  # type: ignore[arg-type]

    def log(self, *types: str) -> list[dict[str, Any]]:
        """Bodies of the event log's rows of these types (all without), in their order."""
        rows = self.write(lambda connection: connection.execute(select(event_log).order_by(event_log.c.sequence)).all())
        return [json.loads(row.body) for row in rows if not types or row.type in types]

    def said(self) -> list[str]:
        """The types of the events that it announced, in their order."""
        return [body["type"] for body in self.log() if "event_id" in body]


@contextmanager
def bench(service: Service, folder: Path) -> Iterator[Bench]:
    made = Bench(service, folder)
    try:
        yield made
    finally:
        made.context.store.close()


def event(
    kind: str,
    state: WorkflowState | None = None,
    revision: int = 0,
    *,
    workflow: str = "wf-1",
    source: str = "orchestration",
    event_id: str | None = None,
    repository: str = "acme/shop",
    **payload: Any,
) -> Event:
    """An event; with ``state`` it carries the workflow's snapshot."""
    now = datetime.now(UTC)
    if state is not None:
        step = next((one for one in Step if state.startswith(one.value[:3].upper())), Step.FINAL_REVIEW)
        payload["workflow"] = {
            "id": workflow, "state": state, "status": STATUS_OF_STATE[state], "step": step,
            "progress": 25 * (step.number - 1), "revision": revision, "updated_at": wire_time(now),
            "repository": repository, "pull_request_id": "PR-1", "title": "feat: pay", "author": "ann",
        }  # fmt: skip
    return Event(
        event_id=event_id or f"e{next(_ids)}-{time.monotonic_ns()}", type=kind, timestamp=now, source=source,
        workflow_id=workflow, correlation_id=f"c-{workflow}", payload=payload,
    )  # fmt: skip
