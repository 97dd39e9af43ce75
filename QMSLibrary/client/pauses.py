"""How long to wait before a stream is tried again."""

from __future__ import annotations

from random import random


class Pauses:
    """Doubled from try to try, with jitter, so that many who lost the same service do not come back at once."""

    def __init__(self, first: float, longest: float) -> None:
        """Both in seconds."""
        self._first = first
        self._longest = longest
        self._next = first

    def worked(self) -> None:
        """Something came through: the next break is a new one. However it ends: a broken connection did work."""
        self._next = self._first

    def next(self) -> float:
        """Seconds to wait now: half to one and a half times the pause that is due."""
        due, self._next = self._next, min(self._next * 2, self._longest)
        return due * (0.5 + random())
