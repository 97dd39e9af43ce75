"""What every part of a service can reach: time, database, log, timers, audit, the other services."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy import Connection

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.services import Service

from . import log
from .clock import Clock, cancel_timers, set_timer
from .identity import Identity, service_identity
from .log import Feed
from .peers import Peers
from .secrets import Secrets
from .settings import ServiceSettings
from .store import Store
from .tokens import Tokens


class AuditSink(Protocol):
    """Takes audit entries. Orchestration chains them itself; the others hand them over through their log."""

    def __call__(self, connection: Connection, entry: dict[str, Any]) -> None:
        """Take ``entry`` (the fields of AuditEntry, JSON values) in the transaction of ``connection``."""


@dataclass(slots=True)
class Context:
    """One per service process."""

    settings: ServiceSettings
    secrets: Secrets
    clock: Clock
    store: Store
    feed: Feed
    tokens: Tokens
    peers: Peers
    audit_sink: AuditSink | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the service is asked to end: open streams finish."""
    failures: dict[str, str] = field(default_factory=dict)
    """Background tasks that broke down, with the reason; shown by ``/health``."""

    @property
    def service(self) -> Service:
        """The service that this process is."""
        return self.settings.service

    @property
    def identity(self) -> Identity:
        """The service acting by itself."""
        return service_identity(self.service)

    def now(self) -> datetime:
        """The time by the movable clock, in UTC."""
        return self.clock.now()

    def emit(
        self,
        connection: Connection,
        type: EventType,
        *,
        workflow_id: str | None,
        correlation_id: str,
        payload: dict[str, Any],
        to: Collection[Service] | None = None,
    ) -> str:
        """Announce something: streamed to who listens, and delivered ``to`` services (all others unless told).

        The payload holds JSON values (orjson's: datetimes and enums too). Returns the event's id.
        """
        event_id = uuid4().hex
        timestamp = wire_time(self.clock.now())
        targets = self.settings.peers if to is None else to
        log.append(
            connection,
            kind=log.EVENT,
            key=event_id,
            type=type.value,
            workflow_id=workflow_id,
            correlation_id=correlation_id,
            timestamp=timestamp,
            destinations=[target.value for target in targets],
            body={
                "event_id": event_id,
                "type": type.value,
                "timestamp": timestamp,
                "source": self.service.value,
                "workflow_id": workflow_id,
                "correlation_id": correlation_id,
                "payload": payload,
            },
        )
        return event_id

    def audit(
        self,
        connection: Connection,
        action: AuditAction,
        object: str,
        *,
        correlation_id: str,
        actor: Identity | None = None,
        before: Any = None,
        after: Any = None,
        reason: str | None = None,
    ) -> None:
        """Put something on the audit trail in the same transaction as the thing itself.

        ``object`` is ``workflow:…``, ``escalation:…``, ``user:…`` and the like; ``actor`` is the service itself unless
        told; ``before`` and ``after`` are JSON values.
        """
        who = actor or self.identity
        entry_id = uuid4().hex
        timestamp = wire_time(self.clock.now())
        entry = {
            "entry_id": entry_id,
            "time": timestamp,
            "actor": who.name,
            "role": who.role,
            "action": action.value,
            "object": object,
            "before": before,
            "after": after,
            "reason": reason,
            "correlation_id": correlation_id,
        }
        if self.audit_sink is not None:
            self.audit_sink(connection, entry)
            return
        log.append(
            connection,
            kind=log.AUDIT,
            key=entry_id,
            type=action.value,
            workflow_id=None,
            correlation_id=correlation_id,
            timestamp=timestamp,
            destinations=[Service.ORCHESTRATION.value],
            body=entry,
        )

    def set_timer(
        self, connection: Connection, kind: str, key: str, due: datetime, payload: dict[str, Any] | None = None
    ) -> None:
        """Have the timer handler of ``kind`` called at ``due`` by the movable clock; the same kind and key replaces."""
        set_timer(connection, kind, key, due, payload)

    def cancel_timer(self, connection: Connection, kind: str, key: str) -> None:
        """Forget a timer, if there is one."""
        cancel_timers(connection, key, kind)
