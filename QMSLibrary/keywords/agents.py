"""Chapter agents: who reviews, and what they can do."""

from __future__ import annotations

from robot.api.deco import keyword

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routing import Agent, AgentRegistration

from .chapter import Chapter
from .types import names


class Agents(Chapter):
    """Keywords about the agents of the decision service."""

    @keyword
    def get_agents(self, *, as_role: Role = Role.DEVELOPER) -> list[Agent]:
        """Returns all registered agents, by id, each with ``capabilities``, ``load``, ``load_capacity`` and ``health``.

        Example:
        | ${agents} =    Get Agents
        | Log    ${agents}[0].agent_id

        """
        agents = self.qms.decision.agents(role=as_role)
        self.say(f"{len(agents)} agents.", "\n".join(map(_line, agents)))
        return agents

    @keyword
    def register_agent(
        self,
        agent: str,
        capabilities: list[str] | str,
        *,
        load_capacity: int = 10,
        health_endpoint: str | None = None,
        as_role: Role = Role.ADMIN,
    ) -> Agent:
        """Registers an agent, or changes the registration of one that is known. Returns it.

        ``capabilities`` are the roles that it can fill and its fields of expertise; ``load_capacity`` is how many tasks
        it takes at once, 1 to 1000; ``health_endpoint`` is where its health is asked, for one that lives outside the
        QMS. All reviews may be given to it from then on, so do it in an environment of your own.

        Example:
        | Use Environment    own=True
        | Register Agent    second-reviewer    qms-code-reviewer, typescript    load_capacity=3

        """
        registration = AgentRegistration(
            agent_id=agent,
            capabilities=names(capabilities),
            load_capacity=load_capacity,
            health_endpoint=health_endpoint,
        )
        registered = self.qms.decision.register_agent(registration, role=as_role)
        self.say(f"Registered {_line(registered)}.", registered)
        return registered


def _line(agent: Agent) -> str:
    can = ", ".join(agent.capabilities)
    return f"{agent.agent_id}: {agent.health}, {agent.load} of {agent.load_capacity} tasks; {can}"
