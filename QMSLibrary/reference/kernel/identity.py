"""Who is acting."""

from __future__ import annotations

from dataclasses import dataclass

from QMSLibrary.contract.roles import SERVICE_ROLE, Role
from QMSLibrary.contract.services import Service


@dataclass(frozen=True, slots=True)
class Identity:
    """A person or a service, as its token proves it."""

    name: str
    role: str
    """A Role, or ``service``."""

    @property
    def is_service(self) -> bool:
        """Whether this is one of the four services."""
        return self.role == SERVICE_ROLE

    def may_act_as(self, needed: Role) -> bool:
        """Whether a person with this role may do what ``needed`` may do; never true for a service."""
        return not self.is_service and Role(self.role).includes(needed)


ANONYMOUS = Identity("anonymous", "none")
"""Somebody who did not prove who they are."""


def service_identity(service: Service) -> Identity:
    """``service`` acting by itself."""
    return Identity(service.value, SERVICE_ROLE)
