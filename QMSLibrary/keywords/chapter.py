"""What every chapter has: the session, a log, and errors in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import escape
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from robot.api import SkipExecution, logger

from QMSLibrary.checks.asked import Asked
from QMSLibrary.checks.verdict import Verdict
from QMSLibrary.checks.workflows import stands
from QMSLibrary.client.errors import EnvironmentEnded, NotFound, QMSError
from QMSLibrary.client.qms import QMS
from QMSLibrary.contract.model import Model
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.formats.counts import counted

from .assertions import Operator, check, lookup, not_there
from .errors import CheckFailed, KeywordError, NoSuchEntry
from .words import shown

if TYPE_CHECKING:
    from QMSLibrary.environments import Capability, Environment

    from .session import Session


ONCE: Final = timedelta(0)
"""How long something is waited for of which there must be nothing: it is looked at once."""


class Chapter:
    """A part of the library's keywords."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def qms(self) -> QMS:
        """What speaks to the environment in use."""
        return self.session.qms

    def able(self, *capabilities: Capability) -> Environment:
        """The environment in use, which can do all of this. Skips the test, with the reason, where it cannot: what was
        not tried has not passed, and is no fault of anybody's.
        """
        environment = self.session.attached.environment
        if missing := environment.missing(*capabilities):
            raise SkipExecution(
                f"Not verified here: the environment {environment.name} cannot do {', '.join(missing)}. "
                f"It can: {', '.join(sorted(environment.capabilities)) or 'only be used'}."
            )
        return environment

    def require_own(self, why: str, instead: str = "") -> None:
        """Fail unless the environment is one's own: ``why`` is what others would notice, ``instead`` what would do too.

        A running QMS is one's own when its file says that nobody else uses it, and `Use Environment` asked for that.
        """
        environment = self.session.attached.environment
        if not environment.own:
            raise KeywordError(
                f"The environment {environment.name} is shared, {why}. Expected {f'{instead}, or ' if instead else ''}"
                "an environment of its own: `Use Environment    own=True` in this suite's set-up."
            )

    def say(self, text: str, data: Any = None) -> None:
        """One line in Robot's log; ``data`` is folded beneath it."""
        if data is None:
            logger.info(text)
            return
        shown = data.model_dump_json(indent=2) if isinstance(data, Model) else str(data)
        logger.info(
            f"{escape(text)} <details><summary>all of it</summary><pre>{escape(shown)}</pre></details>", html=True
        )

    def require(self, verdict: Verdict) -> None:
        """Fail unless the verdict is good; say it in the log if it is."""
        if not verdict.passed:
            raise CheckFailed(verdict.message)
        self.say(verdict.message)

    def got(
        self,
        value: Any,
        field: str | None,
        operator: Operator,
        expected: Any,
        message: str | None,
        describe: Callable[[str], Asked],
        what: str,
    ) -> Any:
        """What a getter returns: the whole, or one field of it, checked when there is an operator."""
        if field is None:
            if operator is not None:
                raise KeywordError("Name the field that is to be checked before the operator: state    ==    COMPLETED")
            self.say(f"Got {what}.", value)
            return value
        asked = describe(field)
        try:
            found = lookup(value, field)
        except NoSuchEntry as error:
            raise not_there(error, operator, expected, message, asked) from None
        self.say(f"The {asked.what} is {shown(found)}.")
        return check(found, operator, expected, message, asked)

    def fetch(self, workflow: Workflow | str | None) -> Workflow:
        """The workflow that is meant, as it is now."""
        wanted = self.session.workflow_id(workflow)  # first, so that a mistake does not start an environment
        return self.qms.orchestration.workflow(wanted, role=Role.DEVELOPER)

    def standing(self, workflow_id: str) -> str:
        """Where a workflow is, or why that cannot be told. Raises NotFound when there is none."""
        try:
            return stands(self.fetch(workflow_id))
        except (NotFound, EnvironmentEnded):
            raise
        except QMSError as error:
            return str(error)

    def changed(self, act: Callable[[], Workflow]) -> Workflow:
        """Do something that changes a workflow, so that a wait that follows knows what it came to."""
        seen = self.qms.events.now()
        workflow = act()
        self.qms.remember(workflow, seen)
        return workflow

    def eventually(
        self, look: Callable[[], bool], timeout: timedelta, service: Service, workflow_id: str | None
    ) -> bool:
        """Look again whenever the service says something about the workflow, until it holds or the time is up.

        Without a workflow whatever the service says counts.

        Without the service's stream it looks ever less often, and says so.
        """
        hub = self.qms.events
        hub.open([service])
        deadline = monotonic() + timeout.total_seconds()
        pause, seen, looked = 0.05, -1, 0
        while True:
            since = hub.now()
            news = hub.events(workflow_id, after=max(seen, 0), services=[service])
            live = hub.live(service)
            left = deadline - monotonic()
            if seen < 0 or news or not live or left <= 0:
                looked += 1
                if look():
                    return True
            seen = since[0]
            if left <= 0:
                if not live:
                    self.say(f"Looked {counted(looked, 'time')}, without an event stream: {hub.trouble(service)}")
                return False
            if not live:
                pause = min(pause * 1.5, 1.0)
            hub.sleep(since, left if live else min(pause, left))
