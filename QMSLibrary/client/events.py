"""The event hub: one subscription per service and process, shared by everything that waits for an event."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from QMSLibrary.contract.events import Event
from QMSLibrary.contract.services import Service
from QMSLibrary.history.entries import Observation
from QMSLibrary.history.journal import Journal

from .errors import EnvironmentEnded
from .subscription import StreamOpener, Subscription

FORGET_AFTER: Final = 120.0
"""Seconds that events of workflows which nobody here asked about are kept."""
MAXIMUM_FOREIGN: Final = 20_000
"""And how many of them at most."""
MAXIMUM_KNOWN: Final = 200_000
"""Ids of events that are remembered to recognise doubles."""
LOOK_EVERY: Final = 0.5
"""Seconds between looks at whether the environment lives, while a stream is down."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as it came in."""

    event: Event
    service: Service
    """Whose stream it came through."""
    position: str | None
    received: datetime
    at: float
    """Monotonic seconds, for measuring."""
    number: int
    """Counts what this hub saw; later is higher."""
    repeated: bool = False
    """Its id was seen before at another place of a stream: the QMS sent it twice."""


class EventHub:
    """What the services said, as it is said.

    A stream is opened when somebody first needs it. It resumes after a drop, doubles are recognised by ``event_id``,
    and what cannot be read is noted instead of ending anything. Events of workflows that this process made are kept;
    others are forgotten after two minutes, unless a recording is on. Safe across threads.
    """

    def __init__(
        self,
        open_stream: Callable[[Service], StreamOpener | None],
        journal: Journal,
        why_ended: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._open_stream = open_stream
        self._why_ended = why_ended
        self._journal = journal
        self._changed = threading.Condition()
        self._subscriptions: dict[Service, Subscription] = {}
        self._own: dict[str, list[Seen]] = {}
        self._foreign: OrderedDict[int, Seen] = OrderedDict()
        self._known: OrderedDict[str, dict[Service, str | None]] = OrderedDict()
        self._number = 0
        self._recordings = 0
        self._notes: list[str] = []
        self._epoch = 0
        self._closed = False

    # --- streams
    def open(self, services: Iterable[Service], timeout: float = 5.0) -> list[Service]:
        """Subscribe, and wait until each stream is live (or is known not to be had); gives those that are live."""
        wanted = list(dict.fromkeys(services))
        with self._changed:
            for service in wanted:
                if service not in self._subscriptions and not self._closed:
                    self._subscriptions[service] = Subscription(
                        service, self._open_stream(service), self._arrived, self._stream_changed
                    )
        for service in wanted:
            self._subscriptions[service].start()
        deadline = monotonic() + timeout
        with self._changed:
            while any(not self._subscriptions[one].decided for one in wanted) and not self._closed:
                left = deadline - monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
        return [one for one in wanted if self._subscriptions[one].live]

    def live(self, service: Service) -> bool:
        """Whether the service's stream is up now."""
        subscription = self._subscriptions.get(service)
        return subscription is not None and subscription.live

    def trouble(self, service: Service) -> str | None:
        """Why the service's stream is not up, in words; None when it is."""
        subscription = self._subscriptions.get(service)
        return None if subscription is None or subscription.live else subscription.trouble

    def any_down(self) -> bool:
        """Whether a stream that was asked for is not up now.

        Raises EnvironmentEnded when it is down because there is nothing left that could come.
        """
        with self._changed:
            down = any(one.decided and not one.live for one in self._subscriptions.values())
        if down and (why := self._why_ended()) is not None:
            raise EnvironmentEnded(why)
        return down

    def notes(self) -> list[str]:
        """What was odd since the last call: drops, unreadable entries, unknown types."""
        with self._changed:
            told, self._notes = self._notes, []
        return told

    def close(self) -> None:
        """End all subscriptions and their threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            running = list(self._subscriptions.values())
        for subscription in running:
            subscription.stop()
        for subscription in running:
            subscription.join()

    # --- events
    def claim(self, workflow_id: str) -> None:
        """Keep this workflow's events from now on, and those that came before it was known whose they are."""
        with self._changed:
            if workflow_id in self._own:
                return
            mine = [seen for seen in self._foreign.values() if seen.event.workflow_id == workflow_id]
            for seen in mine:
                del self._foreign[seen.number]
            self._own[workflow_id] = mine
        for seen in mine:
            self._note_down(seen)

    def events(
        self,
        workflow_id: str | None = None,
        *,
        after: int = 0,
        repeated: bool = False,
        services: Iterable[Service] = (),
    ) -> list[Seen]:
        """What was seen, in the order in which it came.

        ``after`` is a ``number``; ``repeated`` keeps doubles; without services those of all.
        """
        only = set(services)
        with self._changed:
            if workflow_id is not None:
                known = self._own.get(workflow_id)
                if known is None:
                    known = [one for one in self._foreign.values() if one.event.workflow_id == workflow_id]
            else:
                known = sorted(
                    [*self._foreign.values(), *(one for several in self._own.values() for one in several)],
                    key=lambda one: one.number,
                )
            return [
                one
                for one in known
                if one.number > after and (repeated or not one.repeated) and (not only or one.service in only)
            ]

    @property
    def mark(self) -> int:
        """The number of the newest event: what comes later is higher."""
        with self._changed:
            return self._number

    def record(self, on: bool) -> None:
        """Begin or end a recording; while one is on, nothing is forgotten."""
        with self._changed:
            self._recordings = max(self._recordings + (1 if on else -1), 0)

    def now(self) -> tuple[int, int]:
        """What has come so far: the newest event's number, and the epoch. Take it before looking, then ``sleep``."""
        with self._changed:
            return self._number, self._epoch

    def sleep(self, since: tuple[int, int], timeout: float) -> None:
        """Sleep until something came after ``since``, ``timeout`` seconds at most. Interruptible.

        Raises EnvironmentEnded when a stream is down because there is nothing left that could come.
        """
        deadline = monotonic() + timeout
        while True:
            down = self.any_down()
            with self._changed:
                if (self._number, self._epoch) != since or self._closed:
                    return
                left = deadline - monotonic()
                if left <= 0:
                    return
                self._changed.wait(min(left, LOOK_EVERY) if down else left)

    def wait(self, enough: Callable[[], bool], timeout: float) -> bool:
        """Sleep until ``enough()``, which is asked again whenever something came; whether it held in time."""
        deadline = monotonic() + timeout
        while True:
            since = self.now()
            if enough():
                return True
            left = deadline - monotonic()
            if left <= 0 or self._closed:
                return False
            self.sleep(since, left)

    # --- called by subscriptions, in their threads
    def _arrived(self, service: Service, position: str | None, event: Event | None, note: str | None) -> None:
        if note is not None:
            self._add_note(f"The {service} service sent {note}")
        if event is None:
            return
        keep: Seen | None = None
        with self._changed:
            before = self._known.get(event.event_id)
            if before is not None and service in before and (position is None or before[service] == position):
                return  # a stream that resumed says its last event again
            if before is None:
                self._known[event.event_id] = {service: position}
                if len(self._known) > MAXIMUM_KNOWN:
                    self._known.popitem(last=False)
            else:
                before[service] = position
            self._number += 1
            seen = Seen(
                event, service, position, datetime.now(UTC), monotonic(), self._number, repeated=before is not None
            )
            own = self._own.get(event.workflow_id) if event.workflow_id is not None else None
            if own is not None:
                own.append(seen)
                keep = seen
            else:
                self._foreign[seen.number] = seen
                self._forget()
            self._changed.notify_all()
        if keep is not None:
            self._note_down(keep)

    def _forget(self) -> None:
        if self._recordings:
            return
        too_old = monotonic() - FORGET_AFTER
        while self._foreign:
            number, oldest = next(iter(self._foreign.items()))
            if len(self._foreign) <= MAXIMUM_FOREIGN and oldest.at >= too_old:
                return
            del self._foreign[number]

    def _stream_changed(self, service: Service, note: str | None, missed: bool) -> None:
        with self._changed:
            self._epoch += missed
            if note is not None:
                self._notes.append(note)
            self._changed.notify_all()

    def _add_note(self, note: str) -> None:
        with self._changed:
            if len(self._notes) < 1000:
                self._notes.append(note)

    def _note_down(self, seen: Seen) -> None:
        event = seen.event
        self._journal.append(
            Observation(
                service=seen.service,
                event_id=event.event_id,
                type=event.type,
                timestamp=event.timestamp,
                received=seen.received,
                workflow_id=event.workflow_id,
                correlation_id=event.correlation_id,
                source=event.source,
                position=seen.position,
                test=self._journal.test,
            )
        )
