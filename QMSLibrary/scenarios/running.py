"""Runs a scenario on a stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError
from robot.errors import ExecutionFailed, ExecutionStatus

from .calls import Subject, call, escaped
from .conditions import Conditions
from .errors import ScenarioError, ScenarioFailed
from .model import MAIN
from .parts import Act
from .stage import Stage, ends_everything
from .values import VARIABLE
from .where import Where
from .wishes import check

if TYPE_CHECKING:
    from QMSLibrary.contract.pull_requests import PullRequest
    from QMSLibrary.contract.workflows import Workflow
    from QMSLibrary.environments import Environment

    from .faults import Fault
    from .loading import Loaded
    from .structure import Parallel


@dataclass(frozen=True, slots=True)
class Failure:
    """A part that failed."""

    at: Where
    message: str


class Run:
    """One run of a scenario."""

    def __init__(self, loaded: Loaded, stage: Stage, environment: Environment) -> None:
        self.loaded = loaded
        self.stage = stage
        self.environment = environment
        self.workflows: dict[str, Workflow] = {}
        """The workflow of each pull request that was triggered, as it was then."""
        self.pull_requests: dict[str, PullRequest] = {}
        """Every pull request as it is now: mended, when it was."""
        self.failures: list[Failure] = []
        self.done = 0
        """How many acts and looks were done."""
        self.stopped = ""
        """Where it was when the test was skipped, or its time was up."""
        self.seen = ""
        """What a condition saw last, in words."""
        self._broken: list[tuple[Fault, Where]] = []
        self._turns = 0
        """Above 0: branches take turns, so their parts cannot be shown inside one another."""

    # --- the whole
    def play(self) -> None:
        """All of it. Whatever was broken on purpose is put right at the end, however it ends.

        Raises ScenarioFailed, or what Robot raises when a test is skipped or its time is up.
        """
        top = Where(("steps",), ("steps",))
        ended: ExecutionStatus | None = None
        try:
            self._prepare()
            for _ in self.parts(self.loaded.scenario.steps, top):
                pass
        except ExecutionFailed as error:
            if ends_everything(error) or not self.failures:
                ended = error
        finally:
            self._clean_up()
        if ended is not None:
            raise ended
        if self.failures:
            raise ScenarioFailed(self._told())

    def _prepare(self) -> None:
        scenario = self.loaded.scenario
        for name, value in scenario.variables.items():
            self.stage.set(name, self.stage.text(escaped(value)) if isinstance(value, str) else value)
        for name, wishes in scenario.wishes().items():
            self._possible(name, wishes.given())
        title = "pull request" if len(scenario.wishes()) == 1 else "pull requests"
        with self.stage.group(title):
            for name in scenario.wishes():
                self.create(name)
        if any(part.records for _, part in scenario.all_parts()):
            self.stage.call(call("Start Recording Events"))

    def _possible(self, name: str, wishes: dict[str, Any]) -> None:
        """What could not be checked before the variables were known is checked now, before anything is done."""
        known = {wish: self._resolved(value) for wish, value in wishes.items()}
        if known == wishes:
            return
        try:
            check(known)
        except PydanticCustomError as error:
            steps = ("pull_request",) if name == MAIN else ("pull_requests", name)
            raise ScenarioError(f"{self.loaded.line(steps)}: {(error.context or {})['got']}") from None

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolved(one) for one in value]
        return self.stage.text(escaped(value)) if isinstance(value, str) else value

    def create(self, name: str) -> None:
        """Make a pull request."""
        wishes = self.loaded.scenario.wishes()[name].given()
        self.pull_requests[name] = self.stage.call(
            call("Create Pull Request", assign=Subject(name).pull_request, **wishes)
        )

    def _told(self) -> str:
        first, *others = self.failures
        lines = [f"Scenario {self.loaded.id} failed at {self._spot(first.at)}", first.message]
        for one in others:
            lines += ["", f"Also at {self._spot(one.at)}", one.message]
        return "\n".join(lines)

    def _spot(self, at: Where) -> str:
        return f"{at} ({self._kind(at)}), {self.loaded.line(at.steps)}"

    def _kind(self, at: Where) -> str:
        return next(str(step) for step in reversed(at.steps) if isinstance(step, str))

    # --- parts
    def parts(self, parts: list[Any], at: Where) -> Iterator[None]:
        """One after the other; it stops before each thing that is done."""
        for number, entry in enumerate(parts):
            yield from entry.content.run(self, entry.content.at(at.item(number)), entry.name)

    def perform(self, act: Act, at: Where, name: str | None) -> None:
        """Do what one act consists of."""
        subject = self._subject(act.pull_request or at.branch or MAIN)
        title = f"{at.branch}: {name or act.kind} ({at})" if self._turns else name
        with self._shown(title), self._noting(at):
            act.before(self, at, subject)
            value = None
            for one in act.calls(subject):
                value = self.stage.call(one)
            act.after(self, at, subject, value)
        self.done += 1

    def side_by_side(self, parallel: Parallel, at: Where, name: str | None) -> Iterator[None]:
        """The branches in turns. The QMS works on all of them while one of them acts or waits."""
        yield
        title = name or f"parallel: {', '.join(parallel.branches)}"
        failed: list[ExecutionFailed] = []
        with self.group(at, title):
            self._turns += 1
            try:
                active = {branch: self.parts(parts, at.on(branch)) for branch, parts in parallel.branches.items()}
                turn = 0
                active = {branch: going for branch, going in active.items() if self._goes_on(going, failed)}
                while active:
                    turn += 1
                    with self._shown(f"turn {turn}" if self._turns == 1 else None):
                        for branch, going in list(active.items()):
                            if not self._goes_on(going, failed):
                                del active[branch]
                            if self._turns > 1:
                                yield
                if failed:
                    raise failed[0]
            finally:
                self._turns -= 1

    def _goes_on(self, branch: Iterator[None], failed: list[ExecutionFailed]) -> bool:
        try:
            next(branch)
        except StopIteration:
            return False
        except ExecutionFailed as error:
            if ends_everything(error):
                raise
            failed.append(error)
            return False
        return True

    @contextmanager
    def group(self, at: Where, title: str) -> Iterator[None]:
        """Show what is inside under a title. When branches take turns, each part is shown with its path instead."""
        with self._shown(None if self._turns else title):
            yield

    @contextmanager
    def _shown(self, title: str | None) -> Iterator[None]:
        if title is None:
            yield
            return
        with self.stage.group(title):
            yield

    @contextmanager
    def _noting(self, at: Where) -> Iterator[None]:
        """Remember where a failure was; Robot's own error goes on, because Robot has logged it already."""
        try:
            yield
        except ExecutionFailed as error:
            if ends_everything(error):
                self.stopped = self._spot(at)
            else:
                self.failures.append(Failure(at, error.message))
            raise

    def fail(self, at: Where, message: str) -> None:
        """Fail at a part that is no keyword itself."""
        with self._noting(at):
            self.stage.call(call("BuiltIn.Fail", message))

    # --- what parts ask
    def _subject(self, name: str) -> Subject:
        return Subject(name, alone=len(self.loaded.scenario.wishes()) == 1)

    def require_workflow(self, subject: Subject, at: Where) -> None:
        """Fail unless the pull request was triggered."""
        if subject.name not in self.workflows:
            self.stage.call(
                call(
                    "BuiltIn.Fail",
                    f"The pull request {subject.name} has not been triggered.\nExpected: `trigger` before this step"
                    + (f", with `pull_request: {subject.name}`" if subject.name not in (MAIN, at.branch) else ""),
                )
            )

    def holds(self, condition: Conditions, pull_request: str | None, at: Where) -> bool:
        """Whether a condition is so now. What was seen is in the log."""
        subject = self._subject(pull_request or at.branch or MAIN)
        title = f"{at.branch}: {condition} ({at})" if self._turns else None
        with self._shown(title), self._noting(at):
            for clause in condition.clauses:
                if clause.left == "environment":
                    can = clause.right in self.environment.capabilities
                    so = can is (clause.operator == "can")
                    self.seen = (
                        f"Seen: the environment {self.environment.name} {'can' if can else 'cannot'} {clause.right}"
                    )
                else:
                    if VARIABLE.fullmatch(clause.left):
                        value = self.stage.text(clause.left)
                    else:
                        self.require_workflow(subject, at)
                        value = [self.stage.call(one) for one in clause.getter(subject)][-1]
                    right = str(self.stage.text(escaped(clause.right)))
                    so = clause.with_right(right).holds(value)
                    self.seen = f"Seen: {_bare(clause.left)} is {value}"
                self.stage.call(call("BuiltIn.Log", f"{_bare(str(clause))}: {'yes' if so else 'no'}. {self.seen}"))
                if not so:
                    return False
        return True

    def whole(self, value: int | str, at: Where, what: str, most: int) -> int:
        """A number that may have been a variable until now."""
        if isinstance(value, int):
            return value
        found = str(self.stage.text(value))
        if not found.isdigit() or not 1 <= int(found) <= most:
            seen = f"{what} is {found!r}, by the variable {value[2:-1]}"
            self.fail(at, f"{seen}.\nExpected: a whole number from 1 to {most}")
        return int(found)

    # --- faults
    def injected(self, fault: Fault, at: Where) -> None:
        """Something is about to be broken."""
        self._broken.append((fault, at))

    def lifted(self, fault: Fault) -> None:
        """It has been put right."""
        self._broken = [(one, at) for one, at in self._broken if one != fault]

    def _clean_up(self) -> None:
        if not self._broken:
            return
        message = self.failures[0].message if self.failures else ""
        with self.stage.cleaning_up(message):
            for fault, at in reversed(self._broken):
                try:
                    with self.stage.group(f"clean up: {fault.name}"):
                        self.stage.call(fault.lift())
                except ExecutionFailed as error:
                    self.failures.append(Failure(at, f"What was broken here could not be put right: {error.message}"))


def _bare(text: str) -> str:
    """Variables by their names, where Robot would put their values in."""
    return VARIABLE.sub(r"\1", text)
