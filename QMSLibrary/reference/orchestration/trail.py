"""The audit trail's routes. There is none that changes or removes a record."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, func, or_, select

from QMSLibrary.contract import routes
from QMSLibrary.contract.audit import AuditAction, AuditEntryBatch, AuditHead
from QMSLibrary.contract.events import DeliveryReport
from QMSLibrary.contract.model import wire_time
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.call import Call

from . import chain
from .tables import audit_trail, workflows


def add_to(service: Blueprint) -> None:
    """Serve the trail. Reading it is recorded on it."""
    context = service.context

    @service.serve(routes.AUDIT_TRAIL)
    async def read(call: Call[Any]) -> bytes:
        limit, cursor = call.limit, call.cursor or 0

        def work(connection: Connection) -> bytes:
            _record_access(connection, call)
            return _page(connection, call.query, limit, cursor)

        return await context.store.write(work)

    @service.serve(routes.AUDIT_HEAD)
    async def head(call: Call[Any]) -> AuditHead:
        def work(connection: Connection) -> AuditHead:
            _record_access(connection, call)
            return chain.signed_head(connection, context.secrets, context.now())

        return await context.store.write(work)

    @service.serve(routes.RECORD_AUDIT)
    async def take(call: Call[AuditEntryBatch]) -> DeliveryReport:
        entries = call.body.entries
        return await context.store.write(lambda connection: _take(connection, entries))


def _take(connection: Connection, entries: list[Any]) -> DeliveryReport:
    report = DeliveryReport(accepted=0, duplicates=0, dead=0)
    for entry in entries:
        if chain.known(connection, entry.entry_id):
            report.duplicates += 1
            continue
        chain.append(connection, {**entry.model_dump(mode="json"), "time": wire_time(entry.time)})
        report.accepted += 1
    return report


def _record_access(connection: Connection, call: Call[Any]) -> None:
    call.context.audit(
        connection,
        AuditAction.ACCESS_GRANTED,
        "audit_trail",
        actor=call.identity,
        correlation_id=call.correlation_id,
        after={name: str(value) for name, value in call.query.items()} or None,
    )


def _page(connection: Connection, wanted: dict[str, Any], limit: int, cursor: int) -> bytes:
    table = audit_trail.c
    filters: list[ColumnElement[bool]] = []
    if "workflow_id" in wanted:
        # What other services record about a workflow carries at least the correlation id that it was started with.
        started = select(workflows.c.correlation_id).where(workflows.c.id == wanted["workflow_id"]).scalar_subquery()
        filters.append(or_(table.workflow_id == wanted["workflow_id"], table.correlation_id == started))
    if "correlation_id" in wanted:
        filters.append(table.correlation_id == wanted["correlation_id"])
    if "actor" in wanted:
        filters.append(table.actor == wanted["actor"])
    total = connection.execute(select(func.count()).select_from(audit_trail).where(*filters)).scalar_one()
    query = select(table.sequence, table.record).where(*filters, table.sequence > cursor)
    rows = connection.execute(query.order_by(table.sequence).limit(limit + 1)).all()
    more = str(rows[limit - 1].sequence) if len(rows) > limit else None
    # The records are sent as they were hashed: nothing between the trail and its reader may rewrite them.
    records = ",".join(row.record for row in rows[:limit])
    return b'{"total":%d,"next_cursor":%b,"items":[%b]}' % (total, orjson.dumps(more), records.encode())
