"""Waiting for a workflow: woken by its events, without asking in between while the stream is up."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow, WorkflowState

from .errors import ConnectionLost, QMSError, ServiceFailed, ServiceTooSlow, ServiceUnreachable
from .qms import QMS

SHORTEST_POLL: Final = 0.1
LONGEST_POLL: Final = 1.0
"""Seconds between questions while there is no stream."""
LAG: Final = 0.02
"""Seconds after which an answer older than the event that caused the question is asked for again."""
CATCH_UP: Final = 0.25
"""Seconds that the events which led to an answer may be behind it."""
_PASSING: Final = frozenset({502, 503, 504})
_VERDICTS: Final = frozenset(
    {
        EventType.STEP_COMPLETED,
        EventType.STEP_FAILED,
        EventType.GATE_PASSED,
        EventType.GATE_FAILED,
        EventType.WORKFLOW_COMPLETED,
        EventType.WORKFLOW_STUCK,
        EventType.ERROR_OCCURRED,
        EventType.PR_UPDATED,
    }
)


def snapshot(event: Event) -> dict[str, Any]:
    """The workflow's state that an event carries; empty when it carries none."""
    carried = event.payload.get("workflow")
    return carried if isinstance(carried, dict) else {}


def revision(event: Event) -> int | None:
    """The revision of the state that an event carries."""
    number = snapshot(event).get("revision")
    return number if isinstance(number, int) else None


def is_verdict(event: Event) -> bool:
    """Whether an event can mean that a step came to something."""
    return event.type in _VERDICTS


def reaches(*states: WorkflowState) -> Callable[[Event], bool]:
    """Whether an event says, or leaves open, that its workflow came to one of ``states``."""

    def check(event: Event) -> bool:
        state = snapshot(event).get("state")
        return event.type in _VERDICTS if state is None else state in states

    return check


class WaitFor:
    """One wait for one workflow. After ``run``: what was seen, how often it was asked, and why not by stream."""

    def __init__(self, qms: QMS, workflow_id: str, role: Role = Role.DEVELOPER) -> None:
        self._qms = qms
        self._id = workflow_id
        self._role = role
        self.latest: Workflow | None = None
        self.polls = 0
        """Questions asked because there was no stream."""
        self.trouble: QMSError | None = None
        """The last question that got no answer."""
        self.untold = False
        """It came, and no event has said so: seen only because the time was up."""
        self._mark = 0
        self._wanted: int | None = None
        """The newest revision that a relevant event has told of."""
        self._told: int | None = None
        """The newest revision that any event has told of."""
        self._missed = True
        """Whether something may have happened unseen: nothing was asked yet, or a stream came or went."""

    def run(
        self, satisfied: Callable[[Workflow], bool], timeout: float, relevant: Callable[[Event], bool] = is_verdict
    ) -> bool:
        """Wait until ``satisfied``; False when the time is up.

        ``relevant`` says which events are worth a question. A service that cannot be reached is waited for: it may be
        restarting. Raises QMSError when it answers something wrong.
        """
        hub = self._qms.events
        hub.claim(self._id)
        hub.open([Service.ORCHESTRATION])
        deadline = monotonic() + timeout
        pause = SHORTEST_POLL
        since = hub.now()
        known = self._qms.latest(self._id)
        if known is not None and hub.live(Service.ORCHESTRATION) and known[1][1] == since[1]:
            self.latest, (self._mark, _) = known
            self._missed = False
        epoch = since[1]
        next_poll = 0.0
        while True:
            since = hub.now()
            self._missed = self._missed or since[1] != epoch
            epoch = since[1]
            live = hub.live(Service.ORCHESTRATION)
            if self._news(relevant) or self._missed or (not live and monotonic() >= next_poll):
                if not live:
                    self.polls += 1
                self._ask(since)
                next_poll = monotonic() + pause
                pause = min(pause * 1.5, LONGEST_POLL)
            if self.latest is not None and self.trouble is None and satisfied(self.latest):
                self._catch_up(relevant)
                return True
            left = deadline - monotonic()
            if left <= 0:
                return self._last_look(satisfied)
            if not live or self.trouble is not None:
                left = min(left, max(next_poll - monotonic(), SHORTEST_POLL / 2))
            elif self._lagging():
                left = min(left, LAG)
            hub.sleep(since, left)

    def _last_look(self, satisfied: Callable[[Workflow], bool]) -> bool:
        """When the time is up: how it really is. An event that was never sent must not hide what has been done."""
        self._ask(self._qms.events.now())
        self.untold = self.latest is not None and self.trouble is None and satisfied(self.latest)
        return self.untold

    def _catch_up(self, relevant: Callable[[Event], bool]) -> None:
        """An answer can be a moment ahead of the stream. Whoever looks at events after the wait expects them there."""
        hub = self._qms.events
        deadline = monotonic() + CATCH_UP
        while self.latest is not None and hub.live(Service.ORCHESTRATION):
            since = hub.now()
            self._news(relevant)
            left = deadline - monotonic()
            if self._told is None or self._told >= self.latest.revision or left <= 0:
                return
            hub.sleep(since, left)

    def _lagging(self) -> bool:
        return self._wanted is not None and (self.latest is None or self.latest.revision < self._wanted)

    def _news(self, relevant: Callable[[Event], bool]) -> bool:
        """Whether an event tells of something newer than what is known."""
        known = self.latest.revision if self.latest is not None else -1
        for seen in self._qms.events.events(self._id, after=self._mark):
            self._mark = seen.number
            number = revision(seen.event)
            self._told = max(number or 0, self._told or 0) or None
            if relevant(seen.event):
                if number is None:
                    return True
                self._wanted = max(number, self._wanted or 0)
        return self._wanted is not None and self._wanted > known

    def _ask(self, since: tuple[int, int]) -> None:
        try:
            self.latest = self._qms.orchestration.workflow(self._id, role=self._role)
        except (ServiceUnreachable, ServiceTooSlow, ConnectionLost) as error:
            self.trouble, self._missed = error, True
        except ServiceFailed as error:
            if error.status not in _PASSING:
                raise
            self.trouble, self._missed = error, True
        else:
            self.trouble = None
            self._missed = False
            self._qms.remember(self.latest, since)
