"""The class that a suite imports. It only composes the chapters."""

from __future__ import annotations

from typing import Any

from robot.running.context import EXECUTION_CONTEXTS
from robotlibcore import DynamicCore

from QMSLibrary.version import VERSION

from . import options
from .agents import Agents
from .alerts import Alerts
from .compliance import Compliance
from .dashboard import Dashboard
from .environment import EnvironmentKeywords
from .errors import KeywordError, plain_error
from .escalations import Escalations
from .events import Events
from .load import Load
from .notifications import Notifications
from .page import PageKeywords
from .pull_request_forms import PullRequestForms
from .pull_requests import PullRequests
from .routing import Routing
from .scenarios import Scenarios
from .scopes import ScopeListener
from .session import Session
from .types import CONVERTERS
from .verdicts import Verdicts
from .waiting import Waiting
from .workflows import Workflows


class QMSLibrary(DynamicCore):  # type: ignore[misc]  # it has no types
    """Tests a quality management system (QMS) that reviews pull requests.

    A test is a sentence: somebody does something to a QMS, and something must then be true.

    | ***** Settings *****
    | Library    QMSLibrary
    |
    | ***** Test Cases *****
    | A Clean Feature Passes
    |     ${pr} =    Create Pull Request    changes=feature_implementation    complexity=medium
    |     Trigger Workflow    ${pr}
    |     Wait For Workflow    state=COMPLETED
    |     Step Should Have Passed    dor_validation
    |     Workflow Should Meet    min_quality_score=85

    = Environments =

    The QMS is the environment that `Use Environment` names, else the one given when the library is imported, else the
    variable ``${QMS_ENVIRONMENT}`` (also from the process environment), else ``embedded``: the reference QMS, started
    when the first keyword needs it and ended after the last suite.

    = The current workflow =

    ``workflow=`` may be left out everywhere: then it is the workflow that this test triggered last, or, when the test
    triggered none, the one that its suite's set-up triggered. A workflow object and an id are accepted, too.

    = Roles =

    Keywords that do something act in the lowest role that may do it. Another one is named with ``as_role=``:
    ``developer``, ``qa_lead``, ``manager`` or ``admin``.

    = Getters =

    Keywords that begin with Get return a value and can check it, with the operators of the assertion engine:

    | Get Workflow    state    ==    COMPLETED
    | ${score} =    Get Workflow    result.quality_score    >=    85
    | Get Workflow    completed_at    >    2026-11-24 10:00:00

    What is expected is read as what the value is: a number, ``yes`` or ``no``, a time such as ``4 hours``, a date such
    as ``2026-11-24T10:00:00Z`` or ``2026-11-24 10:00:00``, which is UTC. Things of different kinds are not compared:
    that is a mistake, and is said. ``<``, ``<=``, ``>`` and ``>=`` are for numbers, times and dates, and an empty text
    is contained in nothing. What the agents of a step have not judged yet lacks nothing: wait for the step first.

    = Checks =

    A check never passes because nothing was done: code that was not scanned is not clean, events from before the
    recording are not consistent, a text is not gone from a page that could not show it.

    = Names =

    An empty name is refused wherever something is named, because a variable without a value must not mean everything,
    or what is meant without it.

    = Environments that cannot do something =

    A keyword that needs what an environment cannot do skips the test, and says so. What is skipped has not passed.

    = Rows of a template =

    A test that has a template and several rows says of each failure in which row it was:

    | Row 2 of 4: high    L1_IMMEDIATE
    | The escalations of workflow wf-1: not as expected.

    = Fields =

    Everything returned is an object: ``${pr.title}`` and ``${pr}[title]`` both work.
    """

    ROBOT_LIBRARY_SCOPE = "GLOBAL"
    ROBOT_LIBRARY_VERSION = VERSION
    ROBOT_LIBRARY_DOC_FORMAT = "ROBOT"
    ROBOT_LIBRARY_CONVERTERS = CONVERTERS

    def __init__(self, *, environment: str | None = None) -> None:
        """The environment is used unless a suite says `Use Environment`.

        | Library    QMSLibrary
        | Library    QMSLibrary    environment=embedded
        | Library    QMSLibrary    environment=variables/staging.yaml
        """
        self.session = Session(environment)
        self.ROBOT_LIBRARY_LISTENER = ScopeListener(self.session)
        super().__init__(
            [
                EnvironmentKeywords(self.session),
                PullRequests(self.session),
                PullRequestForms(self.session),
                Workflows(self.session),
                Waiting(self.session),
                Verdicts(self.session),
                Events(self.session),
                Escalations(self.session),
                Alerts(self.session),
                Notifications(self.session),
                PageKeywords(self.session),
                Agents(self.session),
                Routing(self.session),
                Dashboard(self.session),
                Compliance(self.session),
                Load(self.session),
                Scenarios(self.session),
            ]
        )

    def get_keyword_arguments(self, name: str) -> Any:
        """What a keyword takes. While tests run it takes anything, so that a mistake is answered in words."""
        arguments = super().get_keyword_arguments(name)
        # For documentation, editors and a dry run it is what there really is.
        return options.as_asked(arguments) if _running() else arguments

    def get_keyword_types(self, name: str) -> Any:
        """What types a keyword takes. While tests run Robot is told of none: `run_keyword` converts, in words."""
        return {} if _running() else super().get_keyword_types(name)

    def run_keyword(self, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """Run a keyword; what a tester wrote wrong is said in words, without the name of a Python exception."""
        try:
            arguments, types = super().get_keyword_arguments(name), super().get_keyword_types(name)
            return super().run_keyword(name, *options.understood(name, arguments, types, args, kwargs or {}))
        except (ValueError, KeyError) as error:
            if isinstance(error, KeywordError):
                raise
            raise KeywordError(plain_error(error, options.title(name))) from error
        finally:
            self.session.tell_notes()


def _running() -> bool:
    context = EXECUTION_CONTEXTS.current
    return context is not None and not context.dry_run
