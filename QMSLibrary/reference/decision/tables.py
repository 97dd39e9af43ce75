"""What decision remembers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from QMSLibrary.reference.kernel.log import Sequence

TABLES: Final = MetaData()

agents: Final = Table(
    "agents",
    TABLES,
    Column("position", Sequence, primary_key=True, autoincrement=True),
    Column("agent_id", String(128), nullable=False, unique=True),
    Column("capabilities", Text, nullable=False),
    Column("load_capacity", Integer, nullable=False),
    Column("health", String(16), nullable=False),
    Column("health_endpoint", Text),
    Column("registered_at", String(32), nullable=False),
    Column("seconds_per_task", Float, nullable=False),
    # A JSON list: the only repositories it works for, or none.
    Column("repositories", Text, nullable=False),
    # Rises with each decision: of equals the one that was given nothing for the longest time is next.
    Column("last_given", BigInteger, nullable=False),
    Column("retired", Boolean, nullable=False),
)

# Wishes for which nobody has room now, oldest first; a workflow has at most one.
waiting: Final = Table(
    "waiting_requests",
    TABLES,
    Column("position", Sequence, primary_key=True, autoincrement=True),
    Column("workflow_id", String(64), nullable=False, unique=True),
    Column("wish", Text, nullable=False),
)

decisions: Final = Table(
    "decisions",
    TABLES,
    Column("position", Sequence, primary_key=True, autoincrement=True),
    Column("decision_id", String(64), nullable=False, unique=True),
    Column("workflow_id", String(64), nullable=False, index=True),
    Column("body", Text, nullable=False),
    # What was asked for: an agent that breaks down has its work decided again.
    Column("wish", Text, nullable=False),
)

# One agent's part of a decision. Reserved when decided, open when orchestration has assigned it to an agent that lives
# here, gone when it is over: the rows that are there are the load.
tasks: Final = Table(
    "tasks",
    TABLES,
    Column("position", Sequence, primary_key=True, autoincrement=True),
    Column("workflow_id", String(64), nullable=False),
    Column("step", String(32), nullable=False),
    Column("run", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("agent_id", String(128), nullable=False, index=True),
    Column("role", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("correlation_id", String(128), nullable=False),
    Column("requested_by", String(128)),
    Index("tasks_by_workflow", "workflow_id"),
    Index("tasks_by_state", "state"),
)

# Who has worked for which repository: the context that a decision weighs.
experience: Final = Table(
    "experience",
    TABLES,
    Column("agent_id", String(128), primary_key=True),
    Column("repository", String(256), primary_key=True),
    Column("tasks", Integer, nullable=False),
)
