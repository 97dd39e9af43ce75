"""One service's event stream, kept up by a thread: connect, read, resume after a drop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.services import Service

from .errors import NotSupported, QMSError
from .pauses import Pauses

if TYPE_CHECKING:
    from .protocols import EventStream

StreamOpener = Callable[[str | None], "EventStream"]
Arrived = Callable[[Service, str | None, Event | None, str | None], None]
Changed = Callable[[Service, str | None, bool], None]
"""Service, a note for people, and whether something may have been missed."""

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 5.0
"""Seconds between attempts to have a stream back."""
QUIET_START: Final = 1.0
"""Seconds after which a connected stream counts as live although it has said nothing."""
_KNOWN_TYPES: Final = frozenset(EventType)


class Subscription:
    """A thread that reads one stream and hands on what comes. Its states are read without a lock; all are simple."""

    def __init__(self, service: Service, opener: StreamOpener | None, arrived: Arrived, changed: Changed) -> None:
        self.service = service
        self.live = False
        self.decided = opener is None
        """Whether the first attempt has come to something, good or bad."""
        self.trouble: str | None = None
        if opener is None:
            self.trouble = f"this environment has no event stream of the {service} service"
        self._opener = opener
        self._arrived = arrived
        self._changed = changed
        self._position: str | None = None
        self._pauses = Pauses(FIRST_PAUSE, LONGEST_PAUSE)
        self._stop = threading.Event()
        self._stream: EventStream | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._quiet: threading.Timer | None = None
        self._unknown: set[str] = set()

    def start(self) -> None:
        """Begin; later calls do nothing."""
        with self._starting:
            if self._thread is None and self._opener is not None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name=f"qms-events-{self.service}", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Ask it to end; a read that is going on is cut."""
        self._stop.set()
        stream = self._stream
        if stream is not None:
            stream.interrupt()

    def join(self) -> None:
        """Wait until it has ended; a few seconds at most, since a foreign adapter may not let itself be cut."""
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        assert self._opener is not None
        while not self._stop.is_set():
            try:
                self._read()
                reason = "the service ended it"
            except NotSupported as error:
                self._gone(str(error))
                return
            except QMSError as error:
                reason = str(error)
            except Exception as error:  # an adapter's own; the thread must not die of it unseen
                reason = f"{type(error).__name__}: {error}"
            finally:
                self._end_quiet()
            if self._stop.is_set():
                return
            self._gone(reason)
            self._stop.wait(self._pauses.next())

    def _read(self) -> None:
        """One connection from beginning to end."""
        assert self._opener is not None
        self._stream = self._opener(self._position)
        try:
            with self._stream as stream:
                if self._stop.is_set():
                    return
                self._quiet = threading.Timer(QUIET_START, self._became_live)
                self._quiet.daemon = True
                self._quiet.start()
                for item in stream:
                    if self._stop.is_set():
                        return
                    if item.position is not None:
                        self._position = item.position
                    if not self.live:
                        self._end_quiet()
                        self._became_live()
                    if item.event is not None or item.note is not None:
                        self._arrived(self.service, item.position, item.event, item.note)
                        self._note_unknown(item.event)
        finally:
            self._stream = None

    def _note_unknown(self, event: Event | None) -> None:
        if event is None or event.type in _KNOWN_TYPES or event.type in self._unknown:
            return
        self._unknown.add(event.type)
        self._arrived(self.service, None, None, f"events of the type {event.type!r}, which the contract does not know")

    def _became_live(self) -> None:
        if self.live or self._stop.is_set():
            return
        self._pauses.worked()
        back = self.trouble is not None
        self.live, self.decided, self.trouble = True, True, None
        note = f"The event stream of the {self.service} service is up again." if back else None
        self._changed(self.service, note, back)

    def _gone(self, reason: str) -> None:
        first, was_live = self.trouble is None, self.live
        self.live, self.decided, self.trouble = False, True, reason
        if first:
            self._changed(self.service, f"The event stream of the {self.service} service is down: {reason}", was_live)

    def _end_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
