"""What the dashboard remembers. Times are texts as on the wire, which sort like the times they are."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from QMSLibrary.reference.kernel.copies import Copies
from QMSLibrary.reference.kernel.log import Sequence

TABLES: Final = MetaData()

copies: Final = Copies(TABLES)

entries: Final = Table(
    "entries",
    TABLES,
    Column("workflow_id", String(64), primary_key=True),
    Column("announced", Boolean, nullable=False),
    comment="Workflows that were, or are to be, announced as new on the dashboard.",
)

scores: Final = Table(
    "scores",
    TABLES,
    Column("workflow_id", String(64), primary_key=True),
    Column("repository", String(256)),
    Column("revision", Integer, nullable=False),
    Column("completed_at", String(32), nullable=False),
    Column("quality_score", Float),
    Column("compliance_score", Float),
    Column("compliance_adhered", Boolean, nullable=False),
    Column("total_duration", Float),
    Index("scores_by_time", "completed_at"),
    comment="What completed reviews came to: the newest completion of each workflow.",
)

alerts: Final = Table(
    "alerts",
    TABLES,
    Column("position", Sequence, primary_key=True, autoincrement=True),
    Column("id", String(80), nullable=False, unique=True),
    Column("severity", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("workflow_id", String(64)),
    Column("repository", String(256)),
    Column("escalation_id", String(64), unique=True),
    Column("correlation_id", String(128), nullable=False),
    Column("raised_at", String(32), nullable=False),
    Column("raised_by", String(128)),
    Column("rule", String(64)),
    Column("acknowledged_by", String(128)),
    Column("resolved_at", String(32)),
    # What follows is for the escalations' widget.
    Column("level", String(16), nullable=False),
    Column("type", String(64), nullable=False),
    Index("alerts_by_workflow", "workflow_id"),
    Index("alerts_by_state", "state"),
)

alert_rules: Final = Table(
    "alert_rules",
    TABLES,
    Column("name", String(64), primary_key=True),
    Column("expression", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("repository", String(256)),
    Column("set_by", String(128), nullable=False),
    Column("set_at", String(32), nullable=False),
)

widget_configs: Final = Table(
    "widget_configs",
    TABLES,
    Column("widget", String(32), primary_key=True),
    Column("config", Text, nullable=False),
)
