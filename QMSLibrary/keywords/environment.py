"""Chapter environment: which QMS is tested, and its clock."""

from __future__ import annotations

from datetime import timedelta

from robot.api.deco import keyword

from QMSLibrary.checks.workflows import duration_text
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.environments import Capability, Environment

from .chapter import Chapter
from .errors import KeywordError


class EnvironmentKeywords(Chapter):
    """Keywords about where the QMS runs."""

    @keyword
    def use_environment(self, name: str | None = None, *, own: bool = False) -> Environment:
        """Uses a QMS from now on, until the suite (or the test) that says so ends. Returns the environment.

        ``name`` is ``embedded``, the name of a file in ``variables/``, or a path to one; without it the one that the
        whole run was told to use. Environments are shared by all suites; ``own=True`` takes one that nobody else uses,
        which a suite needs that moves the clock or breaks something. It ends with the suite.

        Example:
        | ***** Settings *****
        | Suite Setup    Use Environment    own=True

        """
        attached = self.session.use(name, own)
        environment = attached.environment
        can = ", ".join(sorted(environment.capabilities)) or "only be used"
        whose = "of its own" if environment.own else "shared"
        urls = ", ".join(f"{service} {url}" for service, url in environment.connection.urls.items())
        self.say(f"Environment {environment.name} ({environment.kind}, {whose}; can: {can}): {urls}")
        return environment

    @keyword
    def get_environment(self) -> Environment:
        """Returns the environment in use: ``name``, ``kind``, ``urls``, ``capabilities``, ``targets``, ``own``.

        Example:
        | ${environment} =    Get Environment
        | Log    ${environment.urls}

        """
        return self.session.attached.environment

    @keyword
    def skip_unless_environment_can(self, *capabilities: Capability) -> None:
        """Skips the test, with the reason, unless the environment can do all of this.

        What is skipped is not verified in this environment; it has not passed. Keywords that need something of it say
        so themselves; this one says it before anything was done.

        Example:
        | Skip Unless Environment Can    clock
        | Skip Unless Environment Can    clock    process_control

        """
        if not capabilities:
            raise KeywordError(f"Name what it must be able to do: {', '.join(Capability)}.")
        environment = self.able(*capabilities)
        self.say(f"The environment {environment.name} can do {', '.join(capabilities)}.")

    @keyword
    def advance_clock(self, by: timedelta, *, as_role: Role = Role.ADMIN) -> timedelta:
        """Moves the clock of all four services forward. Returns how far they are ahead of the machine's clock now.

        Everything that becomes due by it has been done when the keyword ends. It moves the whole environment, so it
        is refused for a shared one: `Use Environment` with ``own=True`` comes first. Time does not run backwards. Where
        the environment's clock cannot be moved the test is skipped, with the reason.

        Example:
        | Use Environment    own=True
        | Advance Clock    4 hours

        """
        self.able(Capability.CLOCK)
        self.require_own("and moving its clock would disturb everybody who uses it")
        if by <= timedelta(0):
            raise KeywordError(
                f"Time does not run backwards, so the clock cannot be moved by {by}. Give a time over 0."
            )
        qms = self.qms
        # From the farthest of the four: a move that was cut short is mended by the next one.
        ahead = max(qms.service(service).clock(role=as_role).offset_seconds for service in Service)
        wanted = ahead + by.total_seconds()
        # The service that only listens first and the one that acts last, so that nothing acts into the past.
        for service in reversed(Service):
            qms.service(service).set_clock(wanted, role=as_role)
        self.say(f"Moved the clock by {duration_text(by)}; it is {duration_text(timedelta(seconds=wanted))} ahead now.")
        return timedelta(seconds=wanted)

    @keyword
    def kill_service(self, service: Service) -> None:
        """Ends a service as a crash would (SIGKILL). It stays away until `Start Service`.

        It needs an environment of its own, because everybody who uses it would be disturbed.

        Example:
        | Use Environment    own=True
        | Kill Service    dashboard

        """
        self._controllable("kill").kill_service(service)
        self.say(f"Killed the {service} service.")

    @keyword
    def stop_service(self, service: Service) -> None:
        """Ends a service the way an operator does (SIGTERM). It stays away until `Start Service`.

        It needs an environment of its own, because everybody who uses it would be disturbed.

        Example:
        | Use Environment    own=True
        | Stop Service    dashboard

        """
        self._controllable("stop").stop_service(service)
        self.say(f"Stopped the {service} service.")

    @keyword
    def start_service(self, service: Service) -> None:
        """Starts a service that was killed or stopped, on its old address, and waits until it is healthy.

        A service that runs is left alone.

        Example:
        | Kill Service    dashboard
        | Start Service    dashboard

        """
        self._controllable("start").start_service(service)
        self.say(f"The {service} service runs.")

    def _controllable(self, what: str) -> Environment:
        environment = self.able(Capability.PROCESS_CONTROL)
        self.require_own(f"so its services are not to {what}")
        return environment
