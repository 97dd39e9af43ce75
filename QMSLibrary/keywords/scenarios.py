"""Chapter scenarios: recipes in YAML that are run as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.scenarios import ScenarioError, files

from .chapter import Chapter

if TYPE_CHECKING:
    from QMSLibrary.scenarios.loading import Loaded


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """What there is to know of a scenario before it is run."""

    name: str
    """What it is asked for by."""
    title: str
    description: str
    needs: list[str]
    """What the environment must be able to do."""
    own: bool
    """It takes an environment of its own, because it disturbs others."""
    file: Path

    def __getitem__(self, field: str) -> Any:
        return getattr(self, field)


@dataclass(frozen=True, slots=True)
class ScenarioRun:
    """What became of a scenario."""

    name: str
    parts: int
    """How many acts and looks were done."""
    duration: float
    """Seconds."""
    pull_requests: dict[str, PullRequest]
    """By their names in the scenario; the main one is ``main``."""
    workflows: dict[str, Workflow]
    """The same for those that were triggered, as they were then."""

    def __getitem__(self, field: str) -> Any:
        return getattr(self, field)


class Scenarios(Chapter):
    """Keywords that run scenarios, and tell what there is."""

    @keyword
    def run_scenario(self, scenario: str, **overrides: Any) -> ScenarioRun:
        """Runs a scenario: a name of `Get Scenarios`, or the path of a YAML file of your own.

        The file is checked as a whole first; what is wrong in it is told with line and column, and nothing is done.
        The ``overrides`` are options of `Create Pull Request` for the main pull request (``files=15``), the same for
        another one (``hotfix.files=3``), or variables of the scenario.

        It is skipped where the environment cannot do what it needs, and takes an environment of its own if it disturbs
        others. A part that fails fails the scenario; what was broken on purpose is put right in any case. Afterwards
        the current workflow is that of the main pull request.

        Example:
        | Run Scenario    normal_pull_request
        | Run Scenario    normal_pull_request    files=15    lines_changed=847
        | ${run} =    Run Scenario    ${CURDIR}/mine.yaml
        | Log    ${run.workflows}[main]

        """
        from QMSLibrary.scenarios.loading import load
        from QMSLibrary.scenarios.running import Run
        from QMSLibrary.scenarios.stage import RobotStage

        loaded = load(scenario, overrides)
        stage = RobotStage(self._library())
        began = monotonic()
        with stage.scope():
            self._outside(loaded, stage)
            self.say(f"{loaded.title}: {loaded.scenario.description} ({loaded.line(())})")
            self._take_environment(loaded, stage)
            run = Run(loaded, stage, self.session.attached.environment)
            try:
                run.play()
            finally:
                if run.stopped:
                    self.say(f"Scenario {loaded.id} was stopped at {run.stopped}.")
                if main := run.workflows.get("main"):
                    self.session.triggered(main)
        done = ScenarioRun(loaded.id, run.done, monotonic() - began, run.pull_requests, run.workflows)
        self.say(f"Scenario {done.name} passed: {done.parts} parts in {done.duration:.1f} s.")
        return done

    @keyword
    def get_scenarios(self) -> list[ScenarioSummary]:
        """Returns the scenarios in ``resources/scenarios``.

        Each has ``name``, ``title``, ``description``, ``needs``, ``own`` and ``file``. One that is not sound is left
        out, with a warning that says why.

        Example:
        | ${scenarios} =    Get Scenarios
        | Log    ${scenarios}[0].description

        """
        from robot.api import logger

        from QMSLibrary.scenarios.loading import read

        found = []
        for name, file in files().items():
            try:
                found.append(summary(read(file)))
            except ScenarioError as error:
                logger.warn(f"The scenario {name} cannot be used.\n{error}")
        self.say(f"{len(found)} scenarios.", "\n".join(f"{one.name}: {one.description}" for one in found))
        return found

    @keyword
    def scenario_should_be_sound(self, scenario: str) -> ScenarioSummary:
        """Reads a scenario and checks all of it, without doing any of it. Fails with every mistake and its line.

        Example:
        | Scenario Should Be Sound    normal_pull_request
        | Scenario Should Be Sound    ${CURDIR}/mine.yaml

        """
        from QMSLibrary.scenarios.loading import load

        found = summary(load(scenario))
        self.say(f"{found.name} is sound: {found.description}")
        return found

    def _take_environment(self, loaded: Loaded, stage: Any) -> None:
        from QMSLibrary.scenarios.calls import call

        needs = loaded.scenario.required()
        if needs:
            stage.call(call("Skip Unless Environment Can", *needs))
        environment = self.session.attached.environment
        if loaded.scenario.own(environment.capabilities) and not environment.own:
            stage.call(call("Use Environment", own=True))

    def _outside(self, loaded: Loaded, stage: Any) -> None:
        from QMSLibrary.scenarios.loading import shown

        for name, place in loaded.outside.items():
            if not stage.knows(name):
                raise ScenarioError(
                    f"{shown(loaded.path)} line {place.line} column {place.column}: there is no variable ${{{name}}}. "
                    "Expected it among the scenario's `variables:`, or in the suite that runs it."
                )

    def _library(self) -> str:
        """The name under which the suite imported this library."""
        instances: Any = BuiltIn().get_library_instance(all=True)
        return next(str(name) for name, one in instances.items() if getattr(one, "session", None) is self.session)


def summary(loaded: Loaded) -> ScenarioSummary:
    """What there is to know of a scenario."""
    scenario = loaded.scenario
    needs = scenario.required()
    own = scenario.own(frozenset(needs))
    return ScenarioSummary(loaded.id, loaded.title, scenario.description, [*map(str, needs)], own, loaded.path)
