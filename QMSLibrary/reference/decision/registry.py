"""The agents: registered, weighed, and how busy they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Float, Row, bindparam, func, select

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.routing import Agent, AgentHealth, AgentRegistration
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_AGENTS
from QMSLibrary.reference.agents.roster import ROSTER
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import field_refused

from .scoring import EXPERTISE, Candidate
from .tables import agents, experience, tasks

ROLES: Final = tuple(role for roles in STEP_AGENTS.values() for role in roles)
BUILT_IN_CAPACITY: Final = 50
"""As many tasks as workflows may run at once, so that the agents that come with the service never hold one up."""
_FIRST_ESTIMATE: Final = 0.5
_FIND: Final = select(agents).where(agents.c.agent_id == bindparam("key"))
_CANDIDATES: Final = select(
    agents.c.agent_id,
    agents.c.capabilities,
    agents.c.load_capacity,
    agents.c.health,
    agents.c.seconds_per_task,
    agents.c.repositories,
    agents.c.last_given,
).where(agents.c.retired.is_(False))
_LOADS: Final = select(tasks.c.agent_id, func.count()).group_by(tasks.c.agent_id)
_EXPERIENCED: Final = select(experience.c.agent_id).where(experience.c.repository == bindparam("of_repository"))
_LEARN: Final = (
    agents.update()
    .where(agents.c.agent_id == bindparam("key"))
    .values(seconds_per_task=agents.c.seconds_per_task * 0.9 + bindparam("seconds", type_=Float) * 0.1)
)
_ONE_MORE: Final = (
    experience.update()
    .where(experience.c.agent_id == bindparam("key"), experience.c.repository == bindparam("of_repository"))
    .values(tasks=experience.c.tasks + 1)
)
_GIVEN: Final = agents.update().where(agents.c.agent_id == bindparam("key")).values(last_given=bindparam("turn"))
_HEALTH: Final = {one.value: one for one in AgentHealth}
_ADDRESS: Final = re.compile(r"https?://[^\s/]+", re.IGNORECASE)


def register_built_in(connection: Connection, context: Context) -> None:
    """Make sure that there is one agent for each role."""
    known = set(connection.execute(select(agents.c.agent_id)).scalars())
    for role, agent in ROSTER.items():
        if role not in known:
            capabilities = list(dict.fromkeys((role, *EXPERTISE, *agent.areas)))
            registration = AgentRegistration(agent_id=role, capabilities=capabilities, load_capacity=BUILT_IN_CAPACITY)
            _insert(connection, context, registration)
            announce(connection, context, role)


def register(
    connection: Connection, context: Context, wanted: AgentRegistration, actor: Identity, correlation_id: str
) -> Agent:
    """Register an agent, or change its registration. Raises Refusal (422) for one that could not be given work."""
    if wanted.health_endpoint is not None and not _ADDRESS.match(wanted.health_endpoint):
        raise field_refused("health_endpoint", "it must be an address that begins with http:// or https://.")
    if wanted.health_endpoint is not None and wanted.agent_id in ROLES:
        raise field_refused("health_endpoint", f"{wanted.agent_id} lives in this service; register another agent_id.")
    if not set(wanted.capabilities) & set(ROLES):
        raise field_refused("capabilities", f"at least one must be a role that a step needs: {', '.join(ROLES)}.")
    before = find(connection, wanted.agent_id)
    if before is None:
        _insert(connection, context, wanted)
    else:
        values = {
            "capabilities": orjson.dumps(wanted.capabilities).decode(),
            "load_capacity": wanted.load_capacity,
            "health_endpoint": wanted.health_endpoint,
            "repositories": before.repositories
            if wanted.repositories is None
            else orjson.dumps(wanted.repositories).decode(),
            "retired": False,
            # One that comes back is taken at its word; the watch finds out soon.
            "health": AgentHealth.HEALTHY.value,
        }
        connection.execute(agents.update().where(agents.c.agent_id == wanted.agent_id), values)
    row = find(connection, wanted.agent_id)
    assert row is not None
    context.audit(
        connection,
        AuditAction.AGENT_REGISTERED,
        f"agent:{wanted.agent_id}",
        actor=actor,
        correlation_id=correlation_id,
        before=None if before is None else _terms(before),
        after=_terms(row),
    )
    announce(connection, context, wanted.agent_id)
    return agent_of(row, loads(connection).get(wanted.agent_id, 0))


def retire(connection: Connection, context: Context, row: Row[Any], actor: Identity, correlation_id: str) -> Agent:
    """Give an agent nothing more. Its place in the registry stays, because decisions about it are history."""
    connection.execute(agents.update().where(agents.c.agent_id == row.agent_id), {"retired": True})
    context.audit(
        connection,
        AuditAction.AGENT_RETIRED,
        f"agent:{row.agent_id}",
        actor=actor,
        correlation_id=correlation_id,
        before=_terms(row),
    )
    announce(connection, context, row.agent_id)
    return agent_of(row, 0)


def _terms(row: Row[Any]) -> dict[str, Any]:
    """On what terms it works, for the record."""
    return {
        "load_capacity": row.load_capacity,
        "capabilities": orjson.loads(row.capabilities),
        "repositories": orjson.loads(row.repositories),
    }


def announce(connection: Connection, context: Context, agent_id: str) -> None:
    """Tell the dashboard how an agent is now; what it has to do is known from the decisions."""
    row = find(connection, agent_id)
    assert row is not None
    context.emit(
        connection,
        EventType.AGENT_CHANGED,
        workflow_id=None,
        correlation_id=f"agent-{agent_id}",
        payload={"agent": agent_of(row, loads(connection).get(agent_id, 0)).model_dump(mode="json")},
        to=(Service.DASHBOARD,),
    )


def agent_of(row: Row[Any], load: int) -> Agent:
    """An agent as the contract shows it."""
    return Agent(
        agent_id=row.agent_id,
        capabilities=orjson.loads(row.capabilities),
        load_capacity=row.load_capacity,
        load=load,
        health=AgentHealth(row.health),
        health_endpoint=row.health_endpoint,
        repositories=orjson.loads(row.repositories),
        registered_at=row.registered_at,
    )


def loads(connection: Connection) -> dict[str, int]:
    """Tasks that each agent has now; agents without one are left out."""
    return {row[0]: row[1] for row in connection.execute(_LOADS)}


def candidates(connection: Connection, repository: str) -> list[Candidate]:
    """All agents, as a decision about a change to ``repository`` sees them."""
    busy = loads(connection)
    experienced = set(connection.execute(_EXPERIENCED, {"of_repository": repository}).scalars())
    known = []
    for agent_id, capabilities, capacity, health, seconds, repositories, last_given in connection.execute(_CANDIDATES):
        own = _parts(repositories)
        known.append(
            Candidate(
                agent_id=agent_id,
                capabilities=_parts(capabilities),
                load=busy.get(agent_id, 0),
                capacity=capacity,
                health=_HEALTH[health],
                seconds_per_task=seconds,
                knows_repository=agent_id in experienced or repository in own,
                repositories=own,
                last_given=last_given,
            )
        )
    return known


@lru_cache(1024)
def _parts(text: str) -> tuple[str, ...]:
    """A JSON list. Every decision reads those of all agents, and they hardly ever change."""
    return tuple(orjson.loads(text))


def note_given(connection: Connection, known: Sequence[Candidate], chosen: Collection[str]) -> None:
    """These were given something by the decision that is being made; ``known`` is what it was made from."""
    turn = max((one.last_given for one in known), default=0) + 1
    connection.execute(_GIVEN, [{"key": agent_id, "turn": turn} for agent_id in chosen])


def note_done(connection: Connection, agent_id: str, repository: str, seconds: float) -> None:
    """An agent has finished a task: its estimate moves a tenth of the way, and it knows the repository."""
    connection.execute(_LEARN, {"key": agent_id, "seconds": seconds})
    if connection.execute(_ONE_MORE, {"key": agent_id, "of_repository": repository}).rowcount == 0:
        connection.execute(experience.insert(), {"agent_id": agent_id, "repository": repository, "tasks": 1})


def find(connection: Connection, agent_id: str) -> Row[Any] | None:
    """An agent's row, retired or not."""
    return connection.execute(_FIND, {"key": agent_id}).one_or_none()


def _insert(connection: Connection, context: Context, wanted: AgentRegistration) -> None:
    connection.execute(
        agents.insert(),
        {
            "agent_id": wanted.agent_id,
            "capabilities": orjson.dumps(wanted.capabilities).decode(),
            "load_capacity": wanted.load_capacity,
            "health_endpoint": wanted.health_endpoint,
            "health": AgentHealth.HEALTHY.value,
            "registered_at": wire_time(context.now()),
            "seconds_per_task": _FIRST_ESTIMATE,
            "repositories": orjson.dumps(wanted.repositories or []).decode(),
            "last_given": 0,
            "retired": False,
        },
    )
