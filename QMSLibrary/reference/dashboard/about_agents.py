"""What the widgets show of agents and of routing: each a function of the board's tables."""

from __future__ import annotations

from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from QMSLibrary.contract.dashboard import WidgetConfig
from QMSLibrary.contract.routing import AgentHealth

from .sums import in_full, in_period, of_repository
from .tables import agents, answers, assignments, decisions


def agent_status(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    """Each agent's health and load, and what its work came to; of a repository those that work or worked for it."""
    known = _cards(connection)
    given, working = _given(connection, repository), _working(connection, repository)
    total_load = _working(connection, None)
    done = {
        row.agent_id: row
        for row in connection.execute(
            select(
                answers.c.agent_id,
                func.count().label("completed"),
                func.count().filter(answers.c.passed.is_(True)).label("passed"),
                func.avg(answers.c.seconds).label("seconds"),
            )
            .where(*of_repository(answers, repository))
            .group_by(answers.c.agent_id)
        )
    }
    shown = set(given) | set(done)
    shown |= {one for one, card in known.items() if repository is None or repository in card.get("repositories", ())}
    cards = []
    for agent_id in sorted(shown):
        card, work = known.get(agent_id, {}), done.get(agent_id)
        cards.append(
            {
                "agent_id": agent_id,
                "health": card.get("health"),
                "capabilities": card.get("capabilities", []),
                "load": total_load.get(agent_id, 0),
                "load_here": working.get(agent_id, 0),
                "load_capacity": card.get("load_capacity"),
                "assigned": given.get(agent_id, 0),
                "completed": work.completed if work else 0,
                "passed": work.passed if work else 0,
                "mean_seconds": round(work.seconds, 3) if work else None,
            }
        )
    return {
        "total": len(cards),
        "healthy": sum(card["health"] == AgentHealth.HEALTHY for card in cards),
        "unhealthy": sum(card["health"] == AgentHealth.UNHEALTHY for card in cards),
        "completed": sum(card["completed"] for card in cards),
        "agents": cards[: config.limit],
    }


def load_distribution(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    """How many assignments each agent was given, and which share of all that is; the busiest first."""
    given, working = _given(connection, repository), _working(connection, repository)
    known = _cards(connection)
    total = sum(given.values())
    by_role = (
        select(assignments.c.role, func.count())
        .where(*of_repository(assignments, repository))
        .group_by(assignments.c.role)
        .order_by(assignments.c.role)
    )
    shares = [
        {
            "agent_id": agent_id,
            "assigned": number,
            "share": round(number / total, 4),
            "open": working.get(agent_id, 0),
            "load_capacity": known.get(agent_id, {}).get("load_capacity"),
        }
        for agent_id, number in sorted(given.items(), key=lambda one: (-one[1], one[0]))
    ]
    return {
        "assignments": total,
        "open": sum(working.values()),
        "by_role": {row[0]: row[1] for row in connection.execute(by_role)},
        "agents": shares[: config.limit],
    }


_CHOSE_NOBODY: Final = {"decision_id": None, "fallback": False, "security_sensitive": False, "assignments": ()}
"""What every entry of the history has, also one of a routing that failed."""


def routing_history(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    """The newest decisions with their reasons, and how many there were in each hour or day."""
    of = of_repository(decisions, repository)
    begins = in_period(decisions.c.decided_at, config.period)
    sums = (
        func.count().filter(decisions.c.failed.is_(False)).label("decisions"),
        func.coalesce(func.sum(decisions.c.assignments), 0).label("assignments"),
        func.count().filter(decisions.c.fallback.is_(True)).label("fallbacks"),
        func.count().filter(decisions.c.security_sensitive.is_(True)).label("security_sensitive"),
        func.count().filter(decisions.c.failed.is_(True)).label("failed"),
        func.avg(decisions.c.confidence).label("mean_confidence"),
    )
    periods = connection.execute(
        select(begins, *sums).where(*of).group_by(begins).order_by(begins.desc()).limit(config.limit)
    ).mappings()
    newest = select(decisions.c.body, decisions.c.failed, decisions.c.decided_at).where(*of)
    newest = newest.order_by(decisions.c.decided_at.desc(), decisions.c.decision_id).limit(config.limit)
    return {
        **_sums(dict(connection.execute(select(*sums).where(*of)).mappings().one())),
        "newest": [
            {**_CHOSE_NOBODY, **orjson.loads(row.body), "failed": row.failed, "decided_at": row.decided_at}
            for row in connection.execute(newest)
        ],
        "history": [{**_sums(dict(one)), "begins": in_full(one["begins"])} for one in periods][::-1],
    }


def _sums(values: dict[str, Any]) -> dict[str, Any]:
    mean = values["mean_confidence"]
    # Sums of whole numbers come as decimals from some databases.
    values["assignments"] = int(values["assignments"])
    return {**values, "mean_confidence": None if mean is None else round(float(mean), 4)}


def _cards(connection: Connection) -> dict[str, dict[str, Any]]:
    return {row.agent_id: orjson.loads(row.body) for row in connection.execute(select(agents))}


def _given(connection: Connection, repository: str | None) -> dict[str, int]:
    columns = assignments.c
    query = select(columns.agent_id, func.count()).where(*of_repository(assignments, repository))
    return {row[0]: row[1] for row in connection.execute(query.group_by(columns.agent_id))}


def _working(connection: Connection, repository: str | None) -> dict[str, int]:
    columns = assignments.c
    query = select(columns.agent_id, func.count()).where(columns.open.is_(True))
    query = query.where(*of_repository(assignments, repository)).group_by(columns.agent_id)
    return {row[0]: row[1] for row in connection.execute(query)}
