"""A service's own copies of the workflows' states, made from events.

Every event about a workflow carries its snapshot in ``payload.workflow``. A copy takes it only when its revision is
higher: late and doubled events change nothing (docs/decisions/0001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Index, Integer, MetaData, String, Table, bindparam, insert, select, update

from QMSLibrary.contract.events import Event
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import ComponentState

from .refusals import not_found
from .store import notes

_FIELDS: Final = (
    "state", "status", "step", "progress", "revision", "updated_at", "repository", "pull_request_id", "title", "author",
)  # fmt: skip

_MEMO: Final = "copy of a workflow"


@dataclass(frozen=True, slots=True)
class Change:
    """A copy that has become newer."""

    workflow_id: str
    before: str | None
    """The state that the copy had; None when there was none."""
    snapshot: dict[str, Any]


class Copies:
    """The copies of one service, in a table of its own metadata."""

    def __init__(self, metadata: MetaData) -> None:
        self.table = Table(
            "workflow_copies",
            metadata,
            Column("workflow_id", String(64), primary_key=True),
            Column("correlation_id", String(128), nullable=False),
            Column("state", String(32), nullable=False),
            Column("status", String(16), nullable=False),
            Column("step", String(32), nullable=False),
            Column("progress", Integer, nullable=False),
            Column("revision", Integer, nullable=False),
            Column("updated_at", String(32), nullable=False),
            Column("repository", String(256)),
            Column("pull_request_id", String(128)),
            Column("title", String(256)),
            Column("author", String(128)),
            Index("workflow_copies_by_update", "updated_at"),
        )
        columns = self.table.c
        self._find = select(columns.revision, columns.state).where(columns.workflow_id == bindparam("key"))
        self._whole = select(self.table).where(columns.workflow_id == bindparam("key"))
        self._insert = insert(self.table)
        self._update = update(self.table).where(columns.workflow_id == bindparam("key"))

    def apply(self, connection: Connection, event: Event) -> Change | None:
        """Take the event's snapshot; None when it carries none or tells nothing new."""
        snapshot = event.payload.get("workflow")
        if snapshot is None or event.workflow_id is None:
            return None
        known = self._known(connection, event.workflow_id)
        if known is not None and snapshot["revision"] <= known[0]:
            return None
        values = {name: snapshot.get(name) for name in _FIELDS}
        if known is None:
            identity = {"workflow_id": event.workflow_id, "correlation_id": event.correlation_id}
            connection.execute(self._insert, {**identity, **values})
        else:
            connection.execute(self._update, {"key": event.workflow_id, **values})
        notes(connection).memo[_MEMO, event.workflow_id] = values
        return Change(event.workflow_id, None if known is None else known[1], snapshot)

    def revision(self, connection: Connection, workflow_id: str) -> int:
        """The revision of the copy; 0 when there is none."""
        known = self._known(connection, workflow_id)
        return known[0] if known else 0

    def _known(self, connection: Connection, workflow_id: str) -> tuple[int, str] | None:
        """Revision and state of the copy."""
        if (values := notes(connection).memo.get((_MEMO, workflow_id))) is not None:
            return values["revision"], values["state"]
        row = connection.execute(self._find, {"key": workflow_id}).first()
        return None if row is None else (row.revision, row.state)

    def snapshot(self, connection: Connection, workflow_id: str) -> dict[str, Any] | None:
        """The copy as events carry it; None when there is none."""
        if (values := notes(connection).memo.get((_MEMO, workflow_id))) is not None:
            return {"id": workflow_id, **values}
        row = connection.execute(self._whole, {"key": workflow_id}).one_or_none()
        return None if row is None else {"id": workflow_id, **{name: row._mapping[name] for name in _FIELDS}}

    def state(
        self, connection: Connection, service: Service, workflow_id: str, details: dict[str, object]
    ) -> ComponentState:
        """The copy as the contract shows it. Raises Refusal (404)."""
        row = connection.execute(self._whole, {"key": workflow_id}).one_or_none()
        if row is None:
            raise not_found("workflow", workflow_id)
        values = row._mapping
        return ComponentState(
            service=service,
            details=details,
            **{name: values[name] for name in ComponentState.model_fields if name in values},
        )
