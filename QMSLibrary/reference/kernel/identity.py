"""Who is acting."""

from __future__ import annotations

from dataclasses import dataclass

from QMSLibrary.contract.roles import AGENT_ROLE, SERVICE_ROLE, Role
from QMSLibrary.contract.services import Service


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, a service or an agent, as its token proves it."""

    name: str
    role: str
    """A Role, ``service``, ``agent`` or ``code_host``."""

    @property
    def is_service(self) -> bool:
        """Whether this is one of the four services."""
        return self.role == SERVICE_ROLE

    @property
    def is_agent(self) -> bool:
        """Whether this is an agent that is a process of its own."""
        return self.role == AGENT_ROLE

    def may_act_as(self, needed: Role) -> bool:
        """Whether a person with this role may do what ``needed`` may do; never true for a service or an agent."""
        return self.role in set(Role) and Role(self.role).includes(needed)


ANONYMOUS = Identity("anonymous", "none")
"""Somebody who did not prove who they are."""


def service_identity(service: Service) -> Identity:
    """``service`` acting by itself."""
    return Identity(service.value, SERVICE_ROLE)
