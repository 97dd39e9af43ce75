"""What every environment is, whatever runs in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from QMSLibrary.client.connection import Connection
from QMSLibrary.contract.services import Service

from .errors import EnvironmentUseError

if TYPE_CHECKING:
    from QMSLibrary.contract.targets import Targets

    from .receivers import Receivers


class Capability(StrEnum):
    """Something that can be done to an environment, beside using it."""

    CLOCK = "clock"
    """Its clock can be moved forward."""
    PROCESS_CONTROL = "process_control"
    """A service can be killed, stopped and started."""
    AGENT_CONTROL = "agent_control"
    """Agents can be started as processes of their own, made slow, broken and killed."""
    NETWORK_FAULTS = "network_faults"
    """The way between two services can be made slow or cut."""
    DATABASE_FAULTS = "database_faults"
    """A service's database can be made slow or taken away."""
    RECEIVERS = "receivers"
    """What its notifications' receivers really got can be looked at, and they can be told to fail."""


class Environment:
    """A QMS that can be used now. Use it as a context manager, or call `release` when done."""

    def __init__(
        self,
        *,
        name: str,
        kind: str,
        connection: Connection,
        capabilities: frozenset[Capability],
        targets: Mapping[str, Any],
        own: bool,
    ) -> None:
        self.name = name
        """``embedded``, or the name of the file it is described in."""
        self.kind = kind
        """``embedded`` or ``existing``."""
        self.connection = connection
        self.capabilities = capabilities
        self.own = own
        """Nobody else uses it, so it may be changed as a whole: its clock moved, its services killed."""
        self._targets = dict(targets)

    @property
    def urls(self) -> Mapping[Service, str]:
        """The root of each service."""
        return self.connection.urls

    @property
    def targets(self) -> Targets:
        """What this environment is held to: the contract's targets, with its own figures where it set some."""
        from QMSLibrary.contract.targets import Targets

        return Targets(**self._targets)

    def missing(self, *capabilities: Capability) -> list[Capability]:
        """Those of ``capabilities`` that it does not have, in the order given."""
        return [one for one in capabilities if one not in self.capabilities]

    def require(self, *capabilities: Capability) -> None:
        """Raise EnvironmentUseError unless it has all ``capabilities``."""
        if missing := self.missing(*capabilities):
            has = ", ".join(sorted(self.capabilities)) or "nothing beyond being used"
            raise EnvironmentUseError(
                f"The environment {self.name!r} cannot do this: it lacks {', '.join(missing)}. It can do: {has}."
            )

    @property
    def receivers(self) -> Receivers:
        """What its notifications come to. Raises EnvironmentUseError when nobody can look at that."""
        raise EnvironmentUseError(
            f"What the notifications of the environment {self.name!r} come to cannot be looked at: they go to real "
            "people and channels."
        )

    def why_ended(self) -> str | None:
        """What to tell a tester when the environment as a whole has ended; None while it lives, or nobody can know."""
        return None

    def kill_service(self, service: Service) -> None:
        """End a service with SIGKILL, as a crash would; it stays dead until `start_service`."""
        self._no_process_control()

    def stop_service(self, service: Service) -> None:
        """End a service the way an operator does (SIGTERM); it stays down until `start_service`."""
        self._no_process_control()

    def start_service(self, service: Service) -> None:
        """Start a service that was killed or stopped, on its old address; returns when it is healthy."""
        self._no_process_control()

    def start_agents(self, agent_ids: Sequence[str]) -> dict[str, str]:
        """Start agents as processes of their own; each one's health endpoint, by id, when all of them are healthy.

        They are not registered by that. They end with the environment.
        """
        self._no_agent_control()

    def change_agent(self, agent_id: str, way: str, pause: timedelta) -> None:
        """Tell an agent how to work from now on: ``well``, ``failing``, ``wrong`` or ``silent``, and how long to pause
        before each answer.
        """
        self._no_agent_control()

    def kill_agent(self, agent_id: str) -> None:
        """End an agent with SIGKILL, as a crash would."""
        self._no_agent_control()

    def _no_agent_control(self) -> NoReturn:
        raise EnvironmentUseError(
            f"The environment {self.name!r} is of the kind {self.kind!r}: no agents can be started there for a test."
        )

    def _no_process_control(self) -> NoReturn:
        raise EnvironmentUseError(
            f"The environment {self.name!r} is of the kind {self.kind!r}: its processes are not ours "
            "to kill, stop or start."
        )

    def release(self) -> None:
        """Say that it is no longer used from here. Releasing twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        urls = ", ".join(f"{service} {url}" for service, url in self.urls.items())
        return f"<{type(self).__name__} {self.name!r}{' own' if self.own else ''}: {urls}>"
