"""Failures that a scenario can inject. A new fault is one class and the line that registers it.

Whatever is injected is lifted again: by `lift`, or when the scenario ends, however it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from QMSLibrary.environments import Capability

from .calls import Call, Subject, call
from .parts import Act, kind
from .values import ServiceName, Short
from .where import Where

if TYPE_CHECKING:
    AnyFault = Any

F = TypeVar("F", bound="type[Fault]")
FAULTS: Final[dict[str, type[Fault]]] = {}
"""Every fault by the name it has in a file."""


def fault(name: str) -> Callable[[F], F]:
    """Register a class as the fault with this name: ``@fault("service_killed")``."""

    def register(one: F) -> F:
        one.name = name
        FAULTS[name] = one
        return one

    return register


class Fault(Short):
    """Something that is broken for a while."""

    name: ClassVar[str] = ""
    needs: ClassVar[frozenset[Capability]] = frozenset()

    def inject(self) -> Call:
        """The keyword that breaks it."""
        raise NotImplementedError

    def lift(self) -> Call:
        """The keyword that puts it right. It is also called when the first one has failed halfway."""
        raise NotImplementedError


@fault("service_killed")
class ServiceKilled(Fault):
    """A service ends as by a crash, and stays away."""

    short = "service"
    needs = frozenset({Capability.PROCESS_CONTROL})
    service: ServiceName

    def inject(self) -> Call:
        return call("Kill Service", self.service)

    def lift(self) -> Call:
        return call("Start Service", self.service)


@fault("service_stopped")
class ServiceStopped(Fault):
    """A service ends the way an operator ends it, and stays away."""

    short = "service"
    needs = frozenset({Capability.PROCESS_CONTROL})
    service: ServiceName

    def inject(self) -> Call:
        return call("Stop Service", self.service)

    def lift(self) -> Call:
        return call("Start Service", self.service)


class _Faulty(Act):
    short = "fault"
    short_mapping = True
    fixed: ClassVar[frozenset[str]] = frozenset({"pull_request", "fault"})
    disturbs = True
    fault: AnyFault
    """One of the faults, such as `service_killed: dashboard`."""

    @property
    def meant(self) -> Fault:
        """The fault itself."""
        found: Fault = self.fault.content
        return found

    def capabilities(self) -> frozenset[Capability]:
        return self.meant.needs


@kind("inject")
class Inject(_Faulty):
    """Breaks something, until `lift` or the end of the scenario."""

    def calls(self, subject: Subject) -> list[Call]:
        return [self.meant.inject()]

    def before(self, run: Any, at: Where, subject: Subject) -> None:
        run.injected(self.meant, at)  # before it is done, because it may fail halfway


@kind("lift")
class Lift(_Faulty):
    """Puts right what `inject` has broken."""

    def calls(self, subject: Subject) -> list[Call]:
        return [self.meant.lift()]

    def after(self, run: Any, at: Where, subject: Subject, value: Any) -> None:
        run.lifted(self.meant)
