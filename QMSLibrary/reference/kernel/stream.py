"""The service's own events as server-sent events, resumable by ``Last-Event-ID``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import StreamingResponse

from .context import Context
from .log import EVENT

_KEEP_ALIVE_SECONDS: Final = 10.0
_AT_ONCE: Final = 200


def event_stream(context: Context, position: int | None, workflow_id: str | None) -> StreamingResponse:
    """Stream the log's events after ``position`` (None: from now on) at the reader's own pace.

    The first thing sent is the comment ``: ready <position>``: from then on nothing is missed. Rows are read from the
    log when the reader has taken the ones before, so a slow reader costs nothing but its own time.
    """
    begin = context.feed.head if position is None else min(position, context.feed.head)
    return StreamingResponse(
        _chunks(context, begin, workflow_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _chunks(context: Context, position: int, workflow_id: str | None) -> AsyncIterator[bytes]:
    yield b": ready %d\n\n" % position
    # Ends when the service is asked to end: an open stream would hold up its going.
    while not context.stopping.is_set():
        rows, position = await context.feed.after(position, _AT_ONCE, workflow_id)
        chunk = "".join(
            f"id: {row.sequence}\nevent: {row.type}\ndata: {row.body}\n\n" for row in rows if row.kind == EVENT
        )
        if chunk:
            yield chunk.encode()
        elif not await context.feed.wait(position, _KEEP_ALIVE_SECONDS):
            yield b": still here\n\n"
