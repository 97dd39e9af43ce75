"""What the keywords of one process share: the environment in use, the history, and what each test triggered."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from QMSLibrary.client.errors import QMSError
from QMSLibrary.client.live import LiveWatch
from QMSLibrary.client.qms import QMS
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.environments import Environment, EnvironmentUseError, use
from QMSLibrary.history.journal import Journal, file_name

from .errors import KeywordError

VARIABLE = "QMS_ENVIRONMENT"
LONGEST_ID = 200


@dataclass(slots=True)
class Attached:
    """An environment in use, with what speaks to it."""

    environment: Environment
    qms: QMS

    def release(self) -> None:
        """Stop speaking to it, then let it go."""
        try:
            self.qms.close()
        finally:
            self.environment.release()


@dataclass(slots=True)
class Recording:
    """Events being recorded."""

    attached: Attached
    mark: int
    """The newest event before it began."""
    services: tuple[Service, ...]


@dataclass(slots=True)
class Scope:
    """A suite or a test, and what belongs to it."""

    name: str
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    workflow: str | None = None
    left: str | None = None
    """The workflow that was current before another environment was used."""
    attached: Attached | None = None
    owned: list[Attached] = field(default_factory=list)
    recording: Recording | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What is to be given back beside environments, while they are still there."""
    lives: list[LiveWatch] = field(default_factory=list)


class Session:
    """One per process. Not thread-safe: Robot runs one keyword at a time."""

    def __init__(self, default: str | None = None) -> None:
        self.journal = Journal()
        self._default = default
        self._shared: dict[str, Attached] = {}
        self._scopes = [Scope("")]
        self._told_trouble = False

    # --- scopes
    def begin(self, name: str) -> None:
        """A suite or test begins."""
        self._scopes.append(Scope(name))
        self.journal.test = name

    def end(self, name: str) -> None:
        """It ends: what it recorded and the environments it had for itself are given back."""
        while len(self._scopes) > 1 and any(scope.name == name for scope in self._scopes[1:]):
            scope = self._scopes.pop()
            self.journal.test = self._scopes[-1].name or None
            self._leave(scope)
            if scope.name == name:
                return

    def close(self) -> None:
        """The run is over: everything is given back."""
        while self._scopes:
            self._leave(self._scopes.pop())
        self._scopes = [Scope("")]
        shared, self._shared = self._shared, {}
        for attached in shared.values():
            attached.release()
        self.journal.close()

    def _leave(self, scope: Scope) -> None:
        for watch in scope.lives:
            watch.stop()
        if scope.recording is not None:
            scope.recording.attached.qms.events.record(False)
        for work in reversed(scope.afterwards):
            try:
                work()
            except (QMSError, EnvironmentUseError) as error:
                logger.info(f"Not all could be given back: {error}")
        for attached in scope.owned:
            attached.release()

    def when_left(self, work: Callable[[], None]) -> None:
        """Do this when the running test, or suite, ends: before its environments are given back."""
        self._scopes[-1].afterwards.append(work)

    @property
    def began(self) -> datetime:
        """When the running test, or suite, began."""
        return self._scopes[-1].began

    # --- environment
    def default_environment(self) -> str:
        """The environment of a suite that names none."""
        if self._default is not None:
            return self._default
        return str(robot_variable(VARIABLE) or os.environ.get(VARIABLE) or "embedded")

    def use(self, name: str | None, own: bool) -> Attached:
        """Use an environment from now on, until the suite (or test) that asked for it ends."""
        wanted = self.default_environment() if name is None else name
        scope = self._scopes[-1]
        if own:
            attached = self._attach(wanted, own=True)
            scope.owned.append(attached)
        else:
            key = str(Path(wanted).resolve()) if "/" in wanted else wanted
            attached = self._shared.get(key) or self._attach(wanted, own=False)
            self._shared[key] = attached
        scope.attached = attached
        scope.left, scope.workflow = scope.workflow or scope.left, None
        return attached

    def _attach(self, name: str, *, own: bool) -> Attached:
        self._keep_history()
        environment = use(name, own=own)
        try:
            return Attached(environment, QMS(environment.connection, self.journal, environment.why_ended))
        except BaseException:
            environment.release()
            raise

    @property
    def attached(self) -> Attached:
        """The environment in use; the default one is taken when nobody asked for one."""
        for scope in reversed(self._scopes):
            if scope.attached is not None:
                return scope.attached
        name = self.default_environment()
        if name not in self._shared:
            self._shared[name] = self._attach(name, own=False)
        return self._shared[name]

    @property
    def qms(self) -> QMS:
        """What speaks to the environment in use."""
        return self.attached.qms

    def _keep_history(self) -> None:
        if self.journal.path is not None:
            return
        folder = os.environ.get("QMS_HISTORY_DIR") or robot_variable("OUTPUT_DIR")
        if folder:
            self.journal.write_to(Path(str(folder)) / file_name())

    # --- workflow
    def triggered(self, workflow: Workflow) -> None:
        """Remember it as the test's (or the suite set-up's) own."""
        self._scopes[-1].workflow = workflow.id

    def workflow_id(self, workflow: Workflow | str | None) -> str:
        """The id of the workflow that is meant. Raises KeywordError when there is none."""
        if isinstance(workflow, str):
            return _as_id(workflow.strip())
        if workflow is not None:
            return workflow.id
        for scope in reversed(self._scopes):
            if scope.workflow is not None:
                return scope.workflow
            if scope.left is not None:
                raise KeywordError(
                    f"The workflow {scope.left} was triggered in another environment, which `Use Environment` has left "
                    "since. Expected `Use Environment` first, in the suite's set-up, and then `Trigger Workflow`."
                )
            if scope.attached is not None:
                break  # what was triggered before is in another environment
        raise KeywordError(
            "Neither this test nor its suite's set-up has triggered a workflow. Expected `Trigger Workflow` before "
            "this keyword, or workflow=… with a workflow or its id."
        )

    @property
    def has_workflow(self) -> bool:
        """Whether this test, or its suite's set-up, has triggered a workflow."""
        return any(scope.workflow is not None for scope in self._scopes)

    # --- recording
    def record(self, services: tuple[Service, ...]) -> Recording:
        """Begin a recording that lasts until the test (or suite) ends; a second one begins anew."""
        scope = self._scopes[-1]
        attached = self.attached
        if scope.recording is not None:
            scope.recording.attached.qms.events.record(False)
        attached.qms.events.record(True)
        scope.recording = Recording(attached, attached.qms.events.mark, services)
        return scope.recording

    @property
    def recording(self) -> Recording:
        """The recording that is on. Raises KeywordError when there is none."""
        attached = self.attached
        for scope in reversed(self._scopes):
            if scope.recording is not None and scope.recording.attached is attached:
                return scope.recording
        raise KeywordError(
            "No events are being recorded. Expected `Start Recording Events` before the act whose events are looked at."
        )

    # --- live dashboards
    def look(self, watch: LiveWatch) -> None:
        """Keep a live dashboard until the test (or suite) ends."""
        self._scopes[-1].lives.append(watch)

    def live(self, watch: LiveWatch | None) -> LiveWatch:
        """The live dashboard that is meant. Raises KeywordError when there is none."""
        if watch is not None:
            return watch
        for scope in reversed(self._scopes):
            if scope.lives:
                return scope.lives[-1]
        raise KeywordError("No live dashboard is open. Expected `Open Live Dashboard` before this keyword.")

    # --- log
    def tell_notes(self) -> None:
        """Log what the event streams noted meanwhile."""
        for attached in {id(one): one for one in (*self._shared.values(), *self._owned())}.values():
            for note in attached.qms.events.notes():
                logger.info(note)
        if self.journal.trouble is not None and not self._told_trouble:
            self._told_trouble = True
            logger.warn(self.journal.trouble)

    def _owned(self) -> list[Attached]:
        return [attached for scope in self._scopes for attached in scope.owned]


def robot_variable(name: str) -> Any:
    """A Robot variable; None when it is not set, or when Robot is not running."""
    try:
        return BuiltIn().get_variable_value(f"${{{name}}}")
    except RobotNotRunningError:
        return None


def _as_id(text: str) -> str:
    """``text``, if it can be an id. Robot makes a text of whatever is no workflow, also of a pull request."""
    if not text or len(text) > LONGEST_ID or any(letter.isspace() for letter in text):
        raise KeywordError(
            f"workflow= wants what `Trigger Workflow` returned, or a workflow's id, and not {text[:60]!r}"
            f"{'…' if len(text) > 60 else ''}"
        )
    return text
