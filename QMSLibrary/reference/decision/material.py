"""The pull requests that the agents are at work on, each fetched once as long as its files are the same."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from QMSLibrary.contract.steps import Step

_MOST_BYTES: Final = 16_000_000
_MOST_WORKFLOWS: Final = 200
Fetch = Callable[[Row[Any]], Awaitable[bytes | None]]


@dataclass(slots=True)
class _Kept:
    run: int
    step: int
    attempt: int
    fetching: asyncio.Future[bytes | None]

    @property
    def size(self) -> int:
        done = self.fetching.done() and not self.fetching.cancelled() and self.fetching.exception() is None
        return len(self.fetching.result() or b"") if done else 0

    def serves(self, row: Row[Any]) -> bool:
        """Whether the task's files are these.

        Files change with a new run and with another attempt at a gate. Going through a gate leaves them alone.
        """
        if self.fetching.done() and not self.size:
            return False
        step = Step(row.step).number
        same = (self.step, self.attempt) == (step, row.attempt)
        return self.run == row.run and (same or (step > self.step and row.attempt == 1))


class Material:
    """Pull requests as they came over the wire. Used on the event loop only."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def of(self, row: Row[Any]) -> bytes | None:
        """The pull request of a task; None when the task is over. Raises what fetching raises."""
        kept = self._kept.get(row.workflow_id)
        if kept is None or not kept.serves(row):
            fetching = asyncio.ensure_future(self._fetch(row))
            kept = _Kept(row.run, Step(row.step).number, row.attempt, fetching)
            self._kept[row.workflow_id] = kept
        self._kept.move_to_end(row.workflow_id)
        # Shielded: the agents of a step share one request, and one of them may be cancelled.
        content = await asyncio.shield(kept.fetching)
        self._shrink()
        return content

    def forget(self, workflow_id: str) -> None:
        """The pull request has changed, or nobody works on it any more."""
        self._kept.pop(workflow_id, None)

    def _shrink(self) -> None:
        total = sum(kept.size for kept in self._kept.values())
        while len(self._kept) > 1 and (total > _MOST_BYTES or len(self._kept) > _MOST_WORKFLOWS):
            _, oldest = self._kept.popitem(last=False)
            total -= oldest.size
