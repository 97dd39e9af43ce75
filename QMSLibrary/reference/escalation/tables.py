"""What the escalation service remembers. Times are texts as on the wire, which sort like the times they are."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from QMSLibrary.reference.kernel.log import Sequence

TABLES: Final = MetaData()

escalations: Final = Table(
    "escalations",
    TABLES,
    Column("position", Sequence, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("level", String(16), nullable=False),
    Column("type", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("component", String(64), nullable=False),
    Column("source", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("tier", Integer, nullable=False),
    Column("workflow_id", String(64)),
    Column("repository", String(256)),
    Column("correlation_id", String(128), nullable=False),
    Column("triggered_at", String(32), nullable=False),
    Column("acknowledge_by", String(32), nullable=False),
    Column("acknowledged_at", String(32)),
    Column("acknowledged_by", String(128)),
    Column("resolved_at", String(32)),
    Column("resolved_by", String(128)),
    Column("occurrences", Integer, nullable=False),
    # What follows is for this service alone.
    Column("step", String(32)),
    Column("workflow_state", String(32)),
    Column("title", String(256)),
    Column("reminders", Integer, nullable=False),
    Index("escalations_by_workflow", "workflow_id", "state"),
    Index("escalations_by_matter", "source", "type", "component"),
)

notifications: Final = Table(
    "notifications",
    TABLES,
    Column("position", Sequence, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("escalation_id", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("recipient", String(128), nullable=False),
    Column("tier", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),
    Column("created_at", String(32), nullable=False),
    Column("sent_at", String(32)),
    # What follows is for this service alone.
    Column("address", String(256), nullable=False),
    Column("reminder", Integer, nullable=False),
    # However often a crash or a repeated event leads here: one message per recipient, channel and telling.
    UniqueConstraint("escalation_id", "recipient", "reminder", "channel", name="one_message_per_telling"),
    Index("notifications_by_state", "state"),
)

verdicts: Final = Table(
    "verdicts",
    TABLES,
    Column("workflow_id", String(64), primary_key=True),
    Column("topic", String(64), primary_key=True),
    Column("revision", Integer, nullable=False),
    comment="The newest revision that was heard about each topic of a workflow: late news is no news.",
)
