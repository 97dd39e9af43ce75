"""Chapter dashboard: what it shows, and what it tells live."""

from __future__ import annotations

import random
from datetime import timedelta
from time import monotonic
from typing import Any, Final

from robot.api.deco import keyword

from QMSLibrary.checks import dashboard, tally
from QMSLibrary.checks import live as updates
from QMSLibrary.checks.asked import Asked
from QMSLibrary.checks.verdict import worst
from QMSLibrary.client.live import LiveWatch
from QMSLibrary.contract.dashboard import HISTORIES, Period, Widget, WidgetConfig
from QMSLibrary.contract.live import CHANGES, LiveTopic, LiveUpdate, Subscribe
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.formats.names import did_you_mean

from .assertions import Operator
from .chapter import Chapter
from .errors import CheckFailed, KeywordError

W = Workflow | str | None
ANY = "any"
MOST_CUTS: Final = 1_000
"""Cuts that one keyword makes."""
_NOTHING_RECORDED = (
    "No event of the repository {repository} was recorded, so there is nothing to hold the dashboard against. Expected "
    "`Start Recording Events` before the first act in that repository."
)


class Dashboard(Chapter):
    """Keywords about the dashboard's widgets and its live updates."""

    @keyword
    def open_live_dashboard(
        self, *topics: LiveTopic, repository: str | None = None, as_role: Role = Role.DEVELOPER
    ) -> LiveWatch:
        """Looks at the dashboard live from now on: everything that changes is told by it without asking. Returns the
        live dashboard, for `live=`; without it the other keywords mean the one that was opened last.

        ``topics`` are ``workflow``, ``alert``, ``escalation``, ``routing``, ``agent``; all of them without any. Only
        what belongs to ``repository``, if it is given, and what belongs to none, such as agents. When its connection
        breaks it comes back and resumes. It is closed with the test (or suite).

        Example:
        | Open Live Dashboard    repository=${REPOSITORY}
        | Trigger Workflow    ${pr}
        | Wait For Live Update    workflow    state=COMPLETED

        """
        wanted = Subscribe(op="subscribe", topics=list(topics or LiveTopic), repository=repository)
        watch = self.qms.watch(wanted, as_role)
        watch.start()
        self.session.look(watch)
        about = f" of {repository}" if repository else ""
        self.say(f"The dashboard tells what changes{about} after {watch.position}: {', '.join(wanted.topics)}.")
        return watch

    @keyword
    def close_live_dashboard(self, *, live: LiveWatch | None = None) -> None:
        """Looks no more. What was told until then can still be looked at with `Get Live Updates`.

        Example:
        | Close Live Dashboard

        """
        watch = self.session.live(live)
        watch.stop()
        self.say(f"The dashboard has told of {len(watch.updates())} changes over {watch.connections} connections.")

    @keyword
    def get_live_updates(self, topic: LiveTopic | None = None, *, live: LiveWatch | None = None) -> list[LiveUpdate]:
        """Returns what the live dashboard has told so far, in the order in which it came: ``sequence``, ``topic``,
        ``time``, ``workflow_id``, ``repository`` and ``change``.

        Example:
        | ${updates} =    Get Live Updates    workflow
        | Log    ${updates}[0].change[state]

        """
        told = [one for one in self.session.live(live).updates() if topic is None or one.update.topic is topic]
        self.say(f"{len(told)} live updates.", "\n".join(map(updates.line, told)))
        return [one.update for one in told]

    @keyword
    def wait_for_live_update(
        self,
        topic: LiveTopic,
        *,
        workflow: W = None,
        after: LiveUpdate | None = None,
        timeout: timedelta = timedelta(seconds=5),
        live: LiveWatch | None = None,
        **change: Any,
    ) -> LiveUpdate:
        """Waits until the live dashboard has told of a change with these values, and returns that update.

        It may have come before this keyword; with ``after`` only later ones count. The current workflow's unless
        ``workflow`` is given, where ``any`` means everybody's; agents belong to no workflow.

        | =Topic= | =Values= |
        | workflow | id, title, repository, author, state, status, step, progress, revision, quality_score |
        | alert | those of the alert |
        | escalation | id, level, type, state, tier, reason |
        | routing | decision_id, workflow_id, step, fallback |
        | agent | agent_id, health, load, load_capacity |

        Example:
        | Wait For Live Update    workflow    state=DOR_FAILED    timeout=500 ms
        | Wait For Live Update    agent    agent_id=reviewer-1    load=0    timeout=2 seconds

        """
        watch, about = self.session.live(live), self._about(topic, workflow)
        for name in change:
            if name not in CHANGES[topic]:
                known = ", ".join(CHANGES[topic])
                raise KeywordError(
                    f"A live update about {topic} has no value {name!r}.{did_you_mean(name, CHANGES[topic])} "
                    f"It has: {known}."
                )
        if topic not in watch.wanted.topics:
            raise KeywordError(
                f"This live dashboard was opened for {', '.join(watch.wanted.topics)}, so it is told nothing about "
                f"{topic}. Name it, or no topic at all, in `Open Live Dashboard`."
            )
        begin = after.sequence if after is not None else 0

        def found() -> Any:
            return updates.matching(watch.updates(), topic, change, about, begin)

        watch.wait(lambda: found() is not None, timeout.total_seconds())
        told = found()
        if told is None:
            raise CheckFailed(updates.never_came(watch, topic, change, about, timeout).message)
        self.say(f"Told live: {updates.line(told)}", told.update)
        update: LiveUpdate = told.update
        return update

    @keyword
    def cut_live_connection(
        self,
        *,
        times: int = 1,
        during: timedelta = timedelta(0),
        seed: int | None = None,
        live: LiveWatch | None = None,
    ) -> int:
        """Breaks the connection of the live dashboard as a network would. It comes back by itself and resumes.

        With ``during`` this many cuts, at most 1000, are made at random moments of that time, while the test goes on;
        they follow from ``seed``, which is drawn and logged unless it is given. Returns the seed. `Live Updates Should
        Be Complete` waits for the last of them.

        Example:
        | Cut Live Connection
        | Cut Live Connection    times=8    during=1 second    seed=42

        """
        if not 1 <= times <= MOST_CUTS:
            raise KeywordError(f"times: a connection cannot be cut {times} times. Give a number from 1 to {MOST_CUTS}.")
        watch = self.session.live(live)
        drawn = random.randrange(1_000_000) if seed is None else seed
        watch.cut_at_random(times, during.total_seconds(), drawn)
        if not during:
            watch.wait(lambda: not watch.cutting, 10.0)
        self.say(f"{times} cuts at random moments of {during.total_seconds():g} s by the seed {drawn}.")
        return drawn

    @keyword
    def live_updates_should_be_complete(
        self,
        *,
        within: timedelta | None = None,
        timeout: timedelta = timedelta(seconds=5),
        live: LiveWatch | None = None,
    ) -> None:
        """Fails unless the live dashboard has told of every change of a review that orchestration has told by its own
        events: each once, in its order, and, with ``within``, at most this long after orchestration had said it.

        It waits for what is still on its way. Events must be recorded, and the dashboard be opened for a repository,
        before anything happens there.

        Example:
        | Start Recording Events
        | Open Live Dashboard    repository=${REPOSITORY}
        | Trigger Workflow    ${pr}
        | Wait For Workflow
        | Live Updates Should Be Complete    within=200 ms

        """
        watch = self.session.live(live)
        repository = watch.wanted.repository
        if repository is None or LiveTopic.WORKFLOW not in watch.wanted.topics:
            raise KeywordError(
                "This live dashboard is not about the workflows of one repository, so there is nothing to hold it "
                "against. Expected `Open Live Dashboard    workflow    repository=…`."
            )
        deadline = monotonic() + timeout.total_seconds()
        watch.wait(lambda: not watch.cutting, timeout.total_seconds())
        # What orchestration has done and its events have not said yet is still on its way as well.
        reviews = self.qms.orchestration.workflows(repository=repository, role=Role.DEVELOPER)
        done = {one.id: one.revision for one in reviews}
        while True:
            seen = self._recorded(repository)
            verdict = updates.complete(watch, seen, repository, within, done)
            left = deadline - monotonic()
            if verdict.passed or left <= 0:
                break
            count = len(watch.updates())
            watch.wait(lambda count=count: len(watch.updates()) > count, min(left, 0.1))  # type: ignore[misc]
        if not seen:
            raise KeywordError(_NOTHING_RECORDED.format(repository=repository))
        self.require(verdict)

    @keyword
    def get_widget(
        self,
        widget: Widget,
        field: str | None = None,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        repository: str | None = None,
        period: Period | None = None,
        as_role: Role = Role.DEVELOPER,
    ) -> Any:
        """Returns what a widget of the dashboard shows now, or one value of it, and can check the value.

        Values are written with dots: ``by_state.COMPLETED``, ``agents.0.assigned``. Only what belongs to
        ``repository``, if it is given. ``period`` (``hour`` or ``day``) is what history is counted by.

        Example:
        | Get Widget    workflow_pipeline    by_state.COMPLETED    ==    1    repository=${REPOSITORY}
        | ${widget} =    Get Widget    routing_history    repository=${REPOSITORY}    period=hour
        | Log    ${widget.data}[newest]

        """
        shown = self.qms.dashboard.widget_data(widget, role=as_role, repository=repository, period=period)

        def ask(name: str) -> Asked:
            return dashboard.of_widget(shown, name, repository)

        if field is None:
            return self.got(shown, None, assertion_operator, assertion_expected, message, ask, str(widget))
        return self.got(shown.data, field, assertion_operator, assertion_expected, message, ask, str(widget))

    @keyword
    def widget_should_show(
        self,
        widget: Widget,
        field: str,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        repository: str | None = None,
        period: Period | None = None,
        timeout: timedelta = timedelta(seconds=5),
        as_role: Role = Role.DEVELOPER,
    ) -> Any:
        """Waits until a widget shows this, and returns the value. The operators are those of `Get Widget`.

        It looks again whenever an event has come.

        Example:
        | Widget Should Show    workflow_pipeline    total    ==    3    repository=${REPOSITORY}
        | Widget Should Show    queue_depth    waiting_for_people    >=    1    timeout=1 second

        """
        if assertion_operator is None:
            raise KeywordError("Write what it should show after an operator: total    ==    3")
        hub = self.qms.events
        deadline, pause = monotonic() + timeout.total_seconds(), 0.01
        while True:
            since = hub.now()
            try:
                return self.get_widget(
                    widget,
                    field,
                    assertion_operator,
                    assertion_expected,
                    message,
                    repository=repository,
                    period=period,
                    as_role=as_role,
                )
            except CheckFailed:
                left = deadline - monotonic()
                if left <= 0:
                    raise
            hub.sleep(since, min(pause, left))
            pause = min(pause * 2, 0.25)

    @keyword
    def configure_widget(
        self,
        widget: Widget,
        *,
        title: str | None = None,
        refresh_seconds: int = 5,
        limit: int = 100,
        period: Period | None = None,
        as_role: Role = Role.QA_LEAD,
    ) -> WidgetConfig:
        """Changes how a widget is shown, for everybody. Returns how it is shown now. It is refused in a shared
        environment.

        ``title`` has up to 120 characters, ``refresh_seconds`` are 1 to 3600, ``limit`` is how many of each list are
        shown, 1 to 1000; ``period`` is what history is counted by, for widgets that show history.

        Example:
        | Use Environment    own=True
        | Configure Widget    quality_trend    title=Quality    period=hour    limit=48

        """
        self.require_own(f"and {widget} would be shown otherwise to everybody who uses it")
        wanted = WidgetConfig.model_construct(
            title=title, refresh_seconds=refresh_seconds, limit=limit, period=period
        )  # not checked here: whether the QMS refuses what it must is what is tested
        config = self.qms.dashboard.configure_widget(widget, wanted, role=as_role)
        self.say(f"The widget {widget} is shown with: {config}")
        return config

    @keyword
    def dashboard_should_agree_with_events(
        self,
        *widgets: Widget,
        repository: str,
        period: Period | None = None,
        within: timedelta = timedelta(seconds=5),
        as_role: Role = Role.DEVELOPER,
    ) -> None:
        """Fails unless the widgets show what the recorded events of a repository add up to; all widgets without any.

        The sums are made here, from the events alone: the dashboard is not asked how it counts. It waits until they
        agree, at most ``within``. Events must have been recorded from the first act in the repository on.

        Example:
        | Start Recording Events
        | Trigger Workflow    ${pr}
        | Wait For Workflow
        | Dashboard Should Agree With Events    load_distribution    agent_status    repository=${REPOSITORY}

        """
        hub = self.qms.events
        deadline, pause = monotonic() + within.total_seconds(), 0.01
        while True:
            since = hub.now()
            events = tally.of_repository([one.event for one in self._recorded(repository)], repository)
            if not events:
                raise KeywordError(_NOTHING_RECORDED.format(repository=repository))
            verdicts = []
            for widget in widgets or tuple(Widget):
                on = period if widget in HISTORIES else None
                shown = self.qms.dashboard.widget_data(widget, role=as_role, repository=repository, period=on)
                verdicts.append(dashboard.agrees(widget, shown, events, repository))
            left = deadline - monotonic()
            if all(one.passed for one in verdicts) or left <= 0:
                break
            hub.sleep(since, min(pause, left))
            pause = min(pause * 2, 0.25)
        self.require(worst(verdicts))

    def _about(self, topic: LiveTopic, workflow: W) -> str | None:
        if topic is LiveTopic.AGENT or (isinstance(workflow, str) and workflow.strip().lower() == ANY):
            return None
        if workflow is None and not self.session.has_workflow:
            return None
        return self.session.workflow_id(workflow)

    def _recorded(self, repository: str) -> list[Any]:
        recording = self.session.recording
        hub = recording.attached.qms.events
        seen = hub.events(None, after=recording.mark, services=recording.services)
        kept = {one.event_id for one in tally.of_repository([one.event for one in seen], repository)}
        return [one for one in seen if one.event.event_id in kept]
