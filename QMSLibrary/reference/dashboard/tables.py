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

agents: Final = Table(
    "agents",
    TABLES,
    Column("agent_id", String(128), primary_key=True),
    Column("changed_at", String(32), nullable=False),
    Column("body", Text, nullable=False),
    comment="How each agent was when it changed last, as decision has said it.",
)

decisions: Final = Table(
    "routing_decisions",
    TABLES,
    Column("decision_id", String(64), primary_key=True),
    Column("workflow_id", String(64), nullable=False),
    Column("repository", String(256)),
    Column("decided_at", String(32), nullable=False),
    Column("assignments", Integer, nullable=False),
    Column("confidence", Float, comment="Mean of its assignments'; none when nobody could be found."),
    Column("fallback", Boolean, nullable=False),
    Column("security_sensitive", Boolean, nullable=False),
    Column("failed", Boolean, nullable=False, comment="Nobody could be found."),
    Column("body", Text, nullable=False),
    Index("routing_decisions_by_time", "decided_at"),
    Index("routing_decisions_by_repository", "repository", "decided_at"),
    Index("routing_decisions_by_workflow", "workflow_id", "decided_at"),
)

assignments: Final = Table(
    "assignments",
    TABLES,
    Column("decision_id", String(64), primary_key=True),
    Column("agent_id", String(128), primary_key=True),
    Column("role", String(128), nullable=False),
    Column("workflow_id", String(64), nullable=False),
    Column("repository", String(256)),
    Column("step", String(32), nullable=False),
    Column("run", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("open", Boolean, nullable=False, comment="The agent is thought to be at it."),
    Index("assignments_by_agent", "agent_id", "repository"),
    Index("assignments_by_workflow", "workflow_id", "open"),
    Index("assignments_open", "open", "agent_id"),
)

answers: Final = Table(
    "answers",
    TABLES,
    Column("workflow_id", String(64), primary_key=True),
    Column("step", String(32), primary_key=True),
    Column("run", Integer, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("agent_id", String(128), primary_key=True),
    Column("repository", String(256)),
    Column("passed", Boolean, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("answers_by_agent", "agent_id", "repository"),
    comment="What each agent's work came to, once for each task.",
)

happenings: Final = Table(
    "happenings",
    TABLES,
    Column("key", String(160), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("repository", String(256)),
    Column("at", String(32), nullable=False),
    Column("score", Float),
    Column("compliant", Boolean),
    Index("happenings_by_time", "at"),
    Index("happenings_by_repository", "repository", "at"),
    comment="What history counts. The key says what it is, so that news that come again count once.",
)

awaited: Final = Table(
    "awaited",
    TABLES,
    Column("workflow_id", String(64), primary_key=True),
    Column("step", String(32), nullable=False),
    Column("run", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("agents", Boolean, nullable=False, comment="Agents were asked for and nobody is decided on."),
    Column("revision", Integer, nullable=False, comment="Of the review, when that was last told."),
    Column("person", String(64), nullable=False, comment="What a person is awaited for; empty: nobody is."),
    comment="What each review waits for, if it waits.",
)

escalations: Final = Table(
    "escalation_copies",
    TABLES,
    Column("id", String(64), primary_key=True),
    Column("level", String(16), nullable=False),
    Column("type", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("tier", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("workflow_id", String(64)),
    Column("repository", String(256)),
    Column("triggered_at", String(32), nullable=False),
    Column("acknowledged_by", String(128)),
    Index("escalation_copies_by_state", "state"),
)
