"""Orchestration's tables."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

from QMSLibrary.reference.kernel.log import Sequence

TABLES: Final = MetaData()

workflows = Table(
    "workflows",
    TABLES,
    Column("number", Sequence, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("repository", String(256), nullable=False),
    Column("pull_request_id", String(128), nullable=False),
    Column("state", String(32), nullable=False),
    Column("slot", String(8)),
    Column("queue_number", Sequence),
    Column("correlation_id", String(128), nullable=False),
    Column("review", Text, nullable=False),  # the whole Review; the columns beside it are what is searched for
    Index("workflows_by_repository", "repository", "pull_request_id"),
    Index("workflows_by_slot", "slot", "queue_number"),
    sqlite_autoincrement=True,
)
pull_requests = Table(
    "pull_requests",
    TABLES,
    Column("workflow_id", String(64), primary_key=True),
    Column("body", Text, nullable=False),
)
audit_trail = Table(
    "audit_trail",
    TABLES,
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("entry_id", String(64), nullable=False, unique=True),
    Column("actor", String(256), nullable=False, index=True),
    Column("workflow_id", String(64), index=True),
    Column("correlation_id", String(128), nullable=False, index=True),
    Column("hash", String(64), nullable=False),
    Column("record", Text, nullable=False),
)
users = Table(
    "users",
    TABLES,
    Column("username", String(128), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password", String(256), nullable=False),
    Column("active", Boolean, nullable=False),
)
webhook_deliveries = Table(
    "webhook_deliveries",
    TABLES,
    Column("number", Sequence, primary_key=True, autoincrement=True),
    Column("delivery_id", String(64), nullable=False, unique=True),
    Column("event", String(64), nullable=False),
    Column("action", String(256)),
    Column("repository", String(256)),
    Column("pull_request", Integer),
    Column("sender", String(256)),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("workflow_id", String(64)),
    Column("correlation_id", String(128), nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("settled_at", String(32)),
    Column("payload", Text),  # what is read of it, as long as it is queued
    Index("webhook_deliveries_by_state", "state", "number"),
    sqlite_autoincrement=True,
)
