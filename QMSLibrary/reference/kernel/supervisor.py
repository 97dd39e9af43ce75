"""Background tasks that never die silently."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from .context import Context

_LOG = logging.getLogger(__name__)
_PAUSE: Final = 1.0
_RECOVERED_AFTER: Final = 5.0


class Supervisor:
    """Keeps background tasks running: a failure is logged, shown by ``/health``, and the task is begun again."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run ``run`` for as long as the service lives."""
        self._tasks.add(asyncio.create_task(self._keep(name, run), name=name))

    async def stop(self) -> None:
        """End all tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        failures = self._context.failures
        loop = asyncio.get_running_loop()
        while True:
            recovered = loop.call_later(_RECOVERED_AFTER, failures.pop, name, None)
            try:
                await run()
                return
            except Exception as error:
                _LOG.exception("background task %s failed; it is begun again in %s s", name, _PAUSE)
                failures[name] = f"{type(error).__name__}: {error}"
                await asyncio.sleep(_PAUSE)
            finally:
                recovered.cancel()
