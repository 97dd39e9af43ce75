"""What the receivers got, and which of them are broken for which messages."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from QMSLibrary.contract.escalations import Channel
from QMSLibrary.contract.receivers import Break, Failure, Received, is_about

KEPT: Final = 20_000
"""Messages that are kept; the oldest go first."""
MOST_BREAKS: Final = 1_000


@dataclass(slots=True)
class _Broken:
    wanted: Break
    left: int | None


@dataclass(slots=True)
class Inbox:
    """One for all channels, so that one question shows whom an escalation reached by whatever way."""

    items: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT))
    newest: int = 0
    _broken: list[_Broken] = field(default_factory=list)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    def fails(self, channel: Channel, address: str, text: str) -> Break | None:
        """How this message is to fail, if it is; what is broken for a number of messages only is counted."""
        for one in self._broken:
            wanted = one.wanted
            if wanted.channel is not channel or one.left == 0:
                continue
            if wanted.address in (None, address) and (wanted.about is None or is_about(text, wanted.about)):
                if one.left is not None:
                    one.left -= 1
                return wanted
        return None

    async def keep(self, channel: Channel, address: str, text: str, key: str, *, taken: bool, answer: str) -> None:
        """Write down a message that came."""
        async with self._came:
            self.newest += 1
            self.items.append(
                Received(
                    number=self.newest, channel=channel, address=address, text=text, key=key, taken=taken,
                    answer=answer, received_at=datetime.now(UTC),
                )
            )  # fmt: skip
            self._came.notify_all()

    def matching(self, about: str, after: int) -> list[Received]:
        """Messages that name ``about`` and came after the number ``after``, the oldest first; all without a name."""
        return [one for one in self.items if one.number > after and (not about or is_about(one.text, about))]

    async def wait(self, about: str, after: int, seconds: float) -> list[Received]:
        """The same, as soon as there is one, ``seconds`` at most."""
        try:
            async with asyncio.timeout(seconds), self._came:
                await self._came.wait_for(lambda: self.matching(about, after))
        except TimeoutError:
            pass
        return self.matching(about, after)

    def break_(self, wanted: Break) -> bool:
        """Break a channel from now on; False when too much is broken already."""
        if len(self._broken) >= MOST_BREAKS:
            return False
        self._broken.append(_Broken(wanted, wanted.first))
        return True

    def mend(self, channel: Channel | None, about: str | None) -> int:
        """Mend what is broken of a channel (all channels) for a text; without a text all of it. How many that were."""
        kept = [
            one
            for one in self._broken
            if (channel is not None and one.wanted.channel is not channel)
            or (about is not None and one.wanted.about != about)
        ]
        mended, self._broken = len(self._broken) - len(kept), kept
        return mended


def said(failure: Failure) -> str:
    """What a message's sender was told by a receiver that fails so."""
    return {
        Failure.REFUSE: "refused: the receiver cannot take it now",
        Failure.SILENT: "the receiver ended the connection without an answer",
        Failure.SLOW: "taken, after a while",
    }[failure]
