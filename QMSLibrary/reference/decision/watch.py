"""Watches the health of agents that live elsewhere: one that does not answer gets nothing, and its work moves on."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any, Final

import httpx
from sqlalchemy import Connection, Row, select

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.routing import AgentHealth
from QMSLibrary.reference.kernel.context import Context

from .registry import announce
from .routing import move_work, serve_waiting
from .tables import agents

_LOG = logging.getLogger(__name__)
PERIOD: Final = 0.5
"""Seconds between two looks, by the machine's clock."""
_TIMEOUT: Final = httpx.Timeout(2.0)
_ELSEWHERE: Final = select(agents).where(agents.c.health_endpoint.is_not(None), agents.c.retired.is_(False))


class HealthWatch:
    """Asks each agent's health endpoint; 2xx means healthy."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._news = asyncio.Event()

    def look(self) -> None:
        """Look now: an agent was registered."""
        self._news.set()

    async def run(self) -> None:
        """Watch for ever; without agents elsewhere there is nothing to do until one is registered."""
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as client:
            while True:
                self._news.clear()
                watched = await self._context.store.read(_elsewhere)
                await asyncio.gather(*(self._check(client, row) for row in watched))
                try:
                    async with asyncio.timeout(PERIOD if watched else None):
                        await self._news.wait()
                except TimeoutError:
                    continue

    async def _check(self, client: httpx.AsyncClient, row: Row[Any]) -> None:
        try:
            answer = await client.get(row.health_endpoint)
            trouble = None if answer.is_success else f"HTTP {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            trouble = f"{type(error).__name__}: {error}"
        health = AgentHealth.HEALTHY if trouble is None else AgentHealth.UNHEALTHY
        if health.value != row.health:
            _LOG.warning("agent %s is %s%s", row.agent_id, health, f": {trouble}" if trouble else "")
            await self._context.store.write(partial(self._changed, row.agent_id, health, trouble))

    def _changed(self, agent_id: str, health: AgentHealth, trouble: str | None, connection: Connection) -> None:
        context = self._context
        before = select(agents.c.health).where(agents.c.agent_id == agent_id)
        if connection.execute(before).scalar() == health.value:
            return
        connection.execute(agents.update().where(agents.c.agent_id == agent_id).values(health=health.value))
        context.audit(
            connection,
            AuditAction.CONFIGURATION_CHANGED,
            f"agent:{agent_id}",
            correlation_id=f"agent-{agent_id}",
            after={"health": health.value},
            reason=trouble,
        )
        announce(connection, context, agent_id)
        if health is AgentHealth.UNHEALTHY:
            context.emit(
                connection,
                EventType.ERROR_OCCURRED,
                workflow_id=None,
                correlation_id=f"agent-{agent_id}",
                payload={"error": "agent_unhealthy", "agent_id": agent_id, "reason": trouble},
            )
            move_work(connection, agent_id, context)
        serve_waiting(connection, context)


def _elsewhere(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(_ELSEWHERE))
