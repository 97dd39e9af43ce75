"""A QMS as the library sees it: four services behind their protocols, their events, and the history of it all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from QMSLibrary.contract.live import Subscribe
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow, WorkflowRequest
from QMSLibrary.history.journal import Journal

from .connection import Connection
from .events import EventHub
from .live import LiveWatch
from .recorder import Recorder

if TYPE_CHECKING:
    from .protocols import AnyService, Dashboard, Decision, EscalationService, Orchestration
    from .subscription import StreamOpener

REMEMBERED: Final = 2_000
"""Workflows whose last known state is kept, so that a wait need not ask for what it knows."""


class QMS:
    """One QMS under test. Every call of its services is one act in the history. Safe across threads.

    ``why_ended`` says in words that the whole environment has ended, and how; None while it lives. Whoever waits for
    it, or cannot reach a service of it, then gets EnvironmentEnded.
    """

    def __init__(
        self, connection: Connection, journal: Journal, why_ended: Callable[[], str | None] = lambda: None
    ) -> None:
        # Imported when a QMS is really used: a suite that is only being parsed need not pay for it.
        from . import adapter, rest

        self.connection = connection
        self.journal = journal
        self._why_ended = why_ended
        services = adapter.connect(connection) if connection.adapter else rest.connect(connection, self._record)
        self._targets: dict[Service, object] = {
            Service.ORCHESTRATION: services.orchestration,
            Service.DECISION: services.decision,
            Service.DASHBOARD: services.dashboard,
            Service.ESCALATION: services.escalation,
        }
        recorded = {service: self._record(service, target) for service, target in self._targets.items()}
        self.orchestration = cast("Orchestration", recorded[Service.ORCHESTRATION])
        self.decision = cast("Decision", recorded[Service.DECISION])
        self.dashboard = cast("Dashboard", recorded[Service.DASHBOARD])
        self.escalation = cast("EscalationService", recorded[Service.ESCALATION])
        self._services = cast("dict[Service, AnyService]", recorded)
        self._close = services.close
        self.events = EventHub(self._opener, journal, why_ended)
        self._latest: OrderedDict[str, tuple[Workflow, tuple[int, int]]] = OrderedDict()

    def service(self, service: Service) -> AnyService:
        """What every service answers, of this one."""
        return self._services[service]

    def watch(self, wanted: Subscribe, role: Role) -> LiveWatch:
        """Look at the dashboard live, from now on until the watch is stopped. Raises NotSupported."""
        opener = self.dashboard.live_stream  # first of all: an adapter may have none, and says so
        return LiveWatch(partial(opener, role=role), wanted, self.journal, self._why_ended)

    def start_workflow(self, request: WorkflowRequest, role: Role) -> Workflow:
        """Start a review, with the stream of its events open before, so that nothing of it is missed."""
        self.events.open([Service.ORCHESTRATION])
        seen = self.events.now()
        workflow = self.orchestration.start_workflow(request, role=role)
        self.events.claim(workflow.id)
        self.remember(workflow, seen)
        return workflow

    def remember(self, workflow: Workflow, seen: tuple[int, int]) -> None:
        """Keep what is known of a workflow; ``seen`` is ``events.now()`` from before it was asked for."""
        known = self._latest.get(workflow.id)
        if known is None or known[0].revision <= workflow.revision:
            self._latest[workflow.id] = (workflow, seen)
            self._latest.move_to_end(workflow.id)
            while len(self._latest) > REMEMBERED:
                self._latest.popitem(last=False)

    def latest(self, workflow_id: str) -> tuple[Workflow, tuple[int, int]] | None:
        """The newest state that is known without asking, and what had been seen by then."""
        return self._latest.get(workflow_id)

    def close(self) -> None:
        """End the streams and give back the connections."""
        self.events.close()
        self._close()

    def _record(self, service: Service, target: object) -> object:
        return Recorder(service, target, self.journal, self.connection.accounts, self.connection.name, self._why_ended)

    def _opener(self, service: Service) -> StreamOpener | None:
        return getattr(self._targets[service], "event_stream", None)
