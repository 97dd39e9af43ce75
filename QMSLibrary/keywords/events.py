"""Chapter events: what the services say, and whether they agree."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import Any, Final

from robot.api.deco import keyword

from QMSLibrary.checks import agreement, asked, events
from QMSLibrary.client.errors import EnvironmentEnded, NotFound, QMSError
from QMSLibrary.client.events import Seen
from QMSLibrary.contract.events import START_SEQUENCE, DeadLetter, DeliveryReport, Event
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import ComponentState, Workflow
from QMSLibrary.formats.counts import counted

from .assertions import Operator
from .chapter import Chapter
from .errors import CheckFailed, KeywordError
from .types import EventName

W = Workflow | str | None
CATCH_UP: Final = timedelta(seconds=1)
"""How long the first event of a workflow may be behind the answer that told of it."""


class Events(Chapter):
    """Keywords about events and the data that flows with them."""

    @keyword
    def start_recording_events(self, *services: Service) -> None:
        """Records the events of these services from now on, of all four without any. It ends with the test (or suite).

        It is used before the act whose events are looked at. When the keyword ends the event streams are live, so
        nothing that happens afterwards is missed.

        Example:
        | Start Recording Events
        | Trigger Workflow    ${pr}
        | Wait For Event Sequence    workflow.started    decision.routing_requested

        """
        wanted = services or tuple(Service)
        hub = self.qms.events
        live = hub.open(wanted)
        missing = [service for service in wanted if service not in live]
        if missing:
            hub.any_down()  # no service is to blame when the environment itself has ended
            raise CheckFailed(events.unheard({one: hub.trouble(one) or "not live within 5 s" for one in missing}))
        self.session.record(wanted)
        self.say(f"Recording the events of {', '.join(wanted)}.")

    @keyword
    def get_recorded_events(
        self, *, workflow: W = None, type: EventName | None = None, service: Service | None = None
    ) -> list[Event]:
        """Returns the recorded events of a workflow in the order in which they came, each one once.

        Example:
        | ${events} =    Get Recorded Events
        | ${gates} =    Get Recorded Events    type=gate.passed    service=orchestration

        """
        seen = self._recorded(self.session.workflow_id(workflow))
        found = [
            one.event
            for one in seen
            if (type is None or one.event.type == type) and (service is None or one.event.source == service)
        ]
        self.say(f"{counted(len(found), 'event')}.", "\n".join(events.line(one) for one in seen))
        return found

    @keyword
    def wait_for_event_sequence(
        self, *types: EventName, within: timedelta | None = None, workflow: W = None
    ) -> list[Event]:
        """Waits until the workflow's events contain these types in this order, and returns those events.

        Others may come between. The last must follow the first ``within`` this time, 5 seconds unless the environment's
        targets say otherwise. Without types it is the sequence of a start: workflow.started,
        decision.routing_requested, dashboard.workflow_created, orchestration.step_assigned.

        Example:
        | Start Recording Events
        | Trigger Workflow    ${pr}
        | Wait For Event Sequence    workflow.started    decision.routing_requested    within=5 seconds

        """
        wanted = self.session.workflow_id(workflow)
        order = tuple(types) or START_SEQUENCE
        limit = self.session.attached.environment.targets.start_events_within if within is None else within
        recording = self.session.recording
        blind = {events.SAYS[one] for one in order if one in events.SAYS} - set(recording.services)
        if blind:
            raise KeywordError(
                f"The events of {', '.join(blind)} are not being recorded. "
                "Name it in `Start Recording Events`, or name none there."
            )
        hub = recording.attached.qms.events
        hub.claim(wanted)
        hub.wait(lambda: events.match(self._recorded(wanted), order, limit) is not None, limit.total_seconds())
        seen = self._recorded(wanted)
        self.require(events.sequence(seen, order, limit, wanted))
        return [one.event for one in events.match(seen, order, limit) or []]

    @keyword
    def events_should_be_consistent(self, *, workflow: W = None) -> None:
        """Fails unless all recorded events of the workflow carry one workflow id and one correlation id, have UTC times
        that never go back within one service, and came once each.

        Recording must have begun before the workflow was triggered: of what was not recorded nothing can be said.

        Example:
        | Start Recording Events
        | Trigger Workflow    ${pr}
        | Wait For Workflow
        | Events Should Be Consistent

        """
        found = self.fetch(workflow)
        recording = self.session.recording

        def begun() -> bool:
            return events.begun([one.event.type for one in self._recorded(found.id)], recording.services)

        # An answer can be a moment ahead of the streams.
        recording.attached.qms.events.wait(begun, CATCH_UP.total_seconds())
        seen = self._recorded(found.id, repeated=True)
        self.require(events.consistent(seen, found.id, found.correlation_id, recording.services))

    @keyword
    def get_component_state(
        self,
        service: Service,
        field: str | None = None,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        workflow: W = None,
        as_role: Role = Role.DEVELOPER,
    ) -> Any:
        """Returns a service's own copy of where a workflow stands, or one field of it, and can check the value.

        Example:
        | Get Component State    dashboard    status    ==    in_progress
        | ${state} =    Get Component State    decision

        """
        wanted = self.session.workflow_id(workflow)
        state = self.qms.service(service).component_state(wanted, role=as_role)
        return self.got(
            state,
            field,
            assertion_operator,
            assertion_expected,
            message,
            lambda name: asked.of_component(state, service, name),
            f"{wanted} in {service}, {state.state} at {state.step}",
        )

    @keyword
    def components_should_agree(
        self,
        *services: Service,
        within: timedelta | None = None,
        workflow: W = None,
        as_role: Role = Role.DEVELOPER,
    ) -> None:
        """Fails unless these services, all four without any, come to say the same of a workflow within this time.

        Compared are id, step, state, status, progress and correlation id; the times of the last change may differ by
        ``within``, 1 second unless the environment's targets say otherwise.

        Example:
        | Components Should Agree
        | Components Should Agree    orchestration    dashboard    within=500 ms

        """
        wanted = self.session.workflow_id(workflow)
        compared = services or tuple(Service)
        if len(compared) < 2:
            raise KeywordError("At least two services are needed to agree. Name more, or none for all four.")
        limit = self.session.attached.environment.targets.agreement_within if within is None else within
        deadline = monotonic() + limit.total_seconds()
        pause = 0.01
        while True:
            states = {service: self._state(service, wanted, as_role) for service in compared}
            verdict = agreement.agree(states, limit, wanted)
            left = deadline - monotonic()
            if verdict.passed or left <= 0:
                break
            # Not every service says when its copy has changed, so this asks again, ever less often.
            hub = self.qms.events
            hub.sleep(hub.now(), min(pause, left))
            pause *= 2
        self.require(verdict)

    @keyword
    def deliver_event(self, event: Event, service: Service, *, as_role: Role = Role.ADMIN) -> DeliveryReport:
        """Hands an event to a service, as another service would. Returns what became of it: ``accepted``,
        ``duplicates``, ``dead``.

        The event is a recorded one, or a changed copy of it (`Change Event`).

        Example:
        | ${events} =    Get Recorded Events    type=gate.passed
        | ${report} =    Deliver Event    ${events}[0]    dashboard
        | Should Be Equal As Integers    ${report.duplicates}    1

        """
        report = self.qms.service(service).deliver(event, role=as_role)
        self.say(
            f"Delivered {event.type} {event.event_id} to {service}: {report.accepted} accepted, "
            f"{report.duplicates} known, {report.dead} dead."
        )
        return report

    @keyword
    def change_event(self, event: Event, **fields: Any) -> Event:
        """Returns a copy of an event with other fields. ``payload`` is a dictionary whose values replace the event's
        own, also deep inside; the rest of the payload stays.

        Example:
        | ${again} =    Change Event    ${event}    event_id=made-by-a-test
        | ${payload} =    Evaluate    {"workflow": {"revision": "not a number"}}
        | ${broken} =    Change Event    ${event}    event_id=broken-1    payload=${payload}

        """
        unknown = [name for name in fields if name not in Event.model_fields]
        if unknown:
            raise KeywordError(
                f"An event has no field {', '.join(unknown)}. It has: {', '.join(Event.model_fields)}. What is inside "
                "the payload is given as payload=${dictionary}."
            )
        if "payload" in fields:
            if not isinstance(fields["payload"], dict):
                raise KeywordError(f"payload must be a dictionary, not {fields['payload']!r}.")
            fields = {**fields, "payload": _merged(event.payload, fields["payload"])}
        changed = Event.model_validate({**event.model_dump(), **fields})
        self.say(f"Changed {', '.join(fields)} of {event.type} {event.event_id}.", changed)
        return changed

    @keyword
    def get_dead_letters(
        self,
        service: Service,
        *,
        event: Event | str | None = None,
        as_role: Role = Role.QA_LEAD,
    ) -> list[DeadLetter]:
        """Returns the events that a service could not handle, the oldest first; only the one of ``event`` if given.

        Example:
        | ${letters} =    Get Dead Letters    dashboard
        | ${letters} =    Get Dead Letters    dashboard    event=${broken}
        | Log    ${letters}[0].reason

        """
        only = event.event_id if isinstance(event, Event) else event
        letters = [
            one
            for one in self.qms.service(service).dead_letters(role=as_role)
            if only is None or one.event.event_id == only
        ]
        self.say(
            f"{len(letters)} dead letters at {service}.",
            "\n".join(f"{one.received_at} {one.event.type} {one.event.event_id}: {one.reason}" for one in letters),
        )
        return letters

    @keyword
    def replay_dead_letter(
        self, event: Event | DeadLetter | str, service: Service, *, as_role: Role = Role.ADMIN
    ) -> DeadLetter:
        """Lets a service handle a dead letter again. Returns the letter, with ``replayed_at`` when it was handled.

        The event is given as itself, as its dead letter, or by its id.

        Example:
        | ${letters} =    Get Dead Letters    dashboard
        | Replay Dead Letter    ${letters}[0]    dashboard

        """
        if isinstance(event, DeadLetter):
            event = event.event
        wanted = event if isinstance(event, str) else event.event_id
        letter = self.qms.service(service).replay_dead_letter(wanted, role=as_role)
        self.say(f"Replayed {wanted} at {service}: {letter.replayed_at or 'it still cannot be handled'}.")
        return letter

    def _recorded(self, workflow_id: str, *, repeated: bool = False) -> list[Seen]:
        recording = self.session.recording
        hub = recording.attached.qms.events
        return hub.events(workflow_id, after=recording.mark, repeated=repeated, services=recording.services)

    def _state(self, service: Service, workflow_id: str, role: Role) -> ComponentState | str:
        try:
            return self.qms.service(service).component_state(workflow_id, role=role)
        except NotFound:
            return agreement.UNKNOWN
        except EnvironmentEnded:
            raise  # no service will ever agree
        except QMSError as error:
            return str(error)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        both = isinstance(before, dict) and isinstance(value, dict)
        merged[name] = _merged(before, value) if both and isinstance(before, dict) else value
    return merged
