"""Looking at the dashboard live: a thread that keeps the stream up, and every update once, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Final

from QMSLibrary.contract.live import LiveGone, LiveReady, LiveUpdate, Subscribe
from QMSLibrary.contract.services import Service
from QMSLibrary.history.entries import Observation
from QMSLibrary.history.journal import Journal

from .errors import EnvironmentEnded, NotSupported, QMSError, Refused
from .pauses import Pauses

if TYPE_CHECKING:
    from .protocols import LiveStream

FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 2.0
"""Seconds between attempts to have the stream back."""
LOOK_EVERY: Final = 0.5
"""Seconds between looks at whether the environment lives, while the stream is down."""
MAXIMUM_KEPT: Final = 100_000
"""Updates that a watch keeps; then it ends, because a test that needs more has forgotten to close it."""


@dataclass(frozen=True, slots=True)
class Told:
    """An update as it came in."""

    update: LiveUpdate
    received: datetime
    at: float
    """Monotonic seconds, for measuring."""
    connection: int
    """Which connection it came through; 1 is the first."""


class LiveWatch:
    """One look at the dashboard that lasts, whatever becomes of its connections. Safe across threads.

    It resumes after a break from the last update it had. What comes a second time, or in the wrong order, is the
    dashboard's mistake: it is kept apart in ``strays``.
    """

    def __init__(
        self,
        opener: Callable[[Subscribe], LiveStream],
        wanted: Subscribe,
        journal: Journal,
        why_ended: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.wanted = wanted
        self.connections = 0
        """How many there were."""
        self.cuts = 0
        """How often `cut` broke one."""
        self.cutting = 0
        """How many series of cuts are under way."""
        self.trouble: str | None = None
        """Why the stream is down, in words; None while it is up."""
        self.gone: list[LiveGone] = []
        """What could not be resumed: something was missed."""
        self.strays: list[Told] = []
        """Updates that came again, or after a later one."""
        self.failed: QMSError | None = None
        """Why it cannot go on at all."""
        self._opener = opener
        self._journal = journal
        self._why_ended = why_ended
        self._updates: list[Told] = []
        self._position = wanted.after
        self._up = False
        self._pauses = Pauses(FIRST_PAUSE, LONGEST_PAUSE)
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._stream: LiveStream | None = None
        self._thread = threading.Thread(target=self._run, name="qms-live", daemon=True)

    # --- its life
    def start(self, timeout: float = 10.0) -> None:
        """Connect, and wait until everything that happens from now on will be told. Raises QMSError."""
        self._thread.start()
        if not self.wait(lambda: self._up or self.failed is not None, timeout):
            self.stop()
            raise QMSError(
                f"The dashboard's live stream was not up within {timeout:g} s: {self.trouble or 'nothing was said'}",
                service=Service.DASHBOARD,
            )
        if self.failed is not None:
            raise self.failed

    def stop(self) -> None:
        """End it. What it was told stays."""
        self._stop.set()
        stream = self._stream
        if stream is not None:
            stream.interrupt()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(5.0)

    def cut(self) -> bool:
        """Break the connection as a network would; False when there is none now."""
        stream = self._stream
        if stream is None or not self._up:
            return False
        self.cuts += 1
        stream.interrupt()
        return True

    def cut_at_random(self, times: int, during: float, seed: int) -> None:
        """Break it ``times`` times at moments of the next ``during`` seconds, in a thread of its own."""
        draw = Random(seed)
        moments = sorted(draw.uniform(0, during) for _ in range(times))
        self.cutting += 1
        threading.Thread(target=self._cut_at, args=(moments,), name="qms-live-cuts", daemon=True).start()

    def _cut_at(self, moments: list[float]) -> None:
        begun = monotonic()
        for moment in moments:
            if self._stop.wait(max(begun + moment - monotonic(), 0)):
                break
            before = self.connections
            # There may be none at that moment: then the next one, so that the number of cuts is kept.
            if self.wait(lambda: self._up or self._stop.is_set(), 10.0) and self.cut():
                self.wait(lambda before=before: self.connections > before or self._stop.is_set(), 10.0)  # type: ignore[misc]
        with self._changed:
            self.cutting -= 1
            self._changed.notify_all()

    # --- what it knows
    @property
    def up(self) -> bool:
        """Whether it is connected and subscribed now."""
        return self._up

    @property
    def position(self) -> int:
        """The newest sequence number that is certain."""
        return self._position or 0

    def updates(self, after: int = 0) -> list[Told]:
        """What it was told, in order; ``after`` counts updates, not sequence numbers."""
        with self._changed:
            return self._updates[after:]

    def wait(self, enough: Callable[[], bool], timeout: float) -> bool:
        """Sleep until ``enough()``, which is asked again whenever something came. Raises EnvironmentEnded."""
        deadline = monotonic() + timeout
        with self._changed:
            while not enough():
                left = deadline - monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left if self._up else min(left, LOOK_EVERY))
                if not self._up and (why := self._why_ended()) is not None:
                    raise EnvironmentEnded(why)
        return True

    # --- the thread
    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
                reason = "the service ended it"
            except (Refused, NotSupported) as error:
                self._fail(error)
                return
            except QMSError as error:
                reason = str(error)
            except Exception as error:  # an adapter's own; the thread must not die of it unseen
                reason = f"{type(error).__name__}: {error}"
            with self._changed:
                self._up = False
                self.trouble = reason
                self._changed.notify_all()
            self._stop.wait(self._pauses.next())

    def _fail(self, error: QMSError) -> None:
        with self._changed:
            self._up, self.failed, self.trouble = False, error, str(error)
            self._changed.notify_all()

    def _read(self) -> None:
        """One connection from beginning to end."""
        self._stream = self._opener(self.wanted.model_copy(update={"after": self._position}))
        try:
            with self._stream as stream:
                self.connections += 1
                for said in stream:
                    self._pauses.worked()
                    if self._stop.is_set():
                        return
                    self._hear(said)
        finally:
            self._stream = None

    def _hear(self, said: LiveReady | LiveUpdate | LiveGone) -> None:
        with self._changed:
            if isinstance(said, LiveGone):
                self.gone.append(said)
                self._position = None
            elif isinstance(said, LiveReady):
                if self._position is None:
                    self._position = said.sequence
                self._up, self.trouble = True, None
            else:
                told = Told(said, datetime.now(UTC), monotonic(), self.connections)
                if said.sequence <= self.position:
                    self.strays.append(told)
                else:
                    self._position = said.sequence
                    self._updates.append(told)
                    self._note_down(told)
                    if len(self._updates) >= MAXIMUM_KEPT:
                        self._stop.set()
            self._changed.notify_all()

    def _note_down(self, told: Told) -> None:
        update = told.update
        self._journal.append(
            Observation(
                service=Service.DASHBOARD,
                event_id=f"live-{update.sequence}",
                type=f"live.{update.topic}",
                timestamp=update.time,
                received=told.received,
                workflow_id=update.workflow_id,
                correlation_id="",
                source=Service.DASHBOARD,
                position=str(update.sequence),
                test=self._journal.test,
            )
        )
