"""One conversation with somebody who looks on: what is said is answered, what is asked for is told."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson
from pydantic import BaseModel, ValidationError
from starlette.websockets import WebSocket

from QMSLibrary.contract.faults import in_words
from QMSLibrary.contract.live import (
    ENDING,
    MAXIMUM_RUBBISH,
    RUBBISH,
    TOO_SLOW,
    LiveGone,
    LiveReady,
    LiveRefused,
    Ping,
    Subscribe,
)
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.sockets import cut

from .live import Update, Updates

PATIENCE: Final = 5.0
"""Seconds that one frame may wait for a client that does not read. Beside it the connection's own buffer, 64 KiB, is
all that is kept for one; what it has not read is in the log, not in memory."""
_KINDS: Final[dict[str, type[Subscribe | Ping]]] = {"subscribe": Subscribe, "ping": Ping}
_AT_ONCE: Final = 200
_SHOWN: Final = 200


class _TooSlowError(Exception):
    """The client does not read."""


class Conversation:
    """With one client. The lock keeps the answer to a subscribe before the updates that it asks for."""

    def __init__(self, context: Context, updates: Updates, websocket: WebSocket) -> None:
        self._context = context
        self._updates = updates
        self._socket = websocket
        self._lock = asyncio.Lock()
        self._wanted: Subscribe | None = None
        self._position = 0
        self._rubbish = 0
        self._subscribed = asyncio.Event()

    async def hold(self) -> None:
        """Until the client goes, does not read, talks rubbish, or the service ends."""
        telling = asyncio.create_task(self._tell())
        hearing = asyncio.create_task(self._hear())
        ending = asyncio.create_task(self._context.stopping.wait())
        tasks: tuple[asyncio.Task[Any], ...] = (telling, hearing, ending)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                cut(self._socket, ENDING, "the service is ending")
            for task in tasks:
                if task.done():
                    task.result()
        except _TooSlowError:
            cut(self._socket, TOO_SLOW, "you do not read what you have asked for; come again and resume")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._socket.send_text(text)
        except TimeoutError:
            raise _TooSlowError from None

    async def _answer(self, message: BaseModel) -> None:
        await self._send(message.model_dump_json())

    # --- what the client says
    async def _hear(self) -> None:
        while self._rubbish < MAXIMUM_RUBBISH:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if (text := message.get("text")) is None:
                await self._refuse("not_text", "A text frame with one JSON object is expected, not a binary frame.")
            else:
                await self._understand(text)
        await self._socket.close(RUBBISH, f"{MAXIMUM_RUBBISH} times something that cannot be done")

    async def _understand(self, text: str) -> None:
        try:
            said = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            await self._refuse("malformed_json", f"One JSON object is expected: {error}.")
            return
        op = said.get("op") if isinstance(said, dict) else None
        kind: type[Subscribe | Ping] | None = _KINDS.get(op) if isinstance(op, str) else None
        if kind is None:
            await self._refuse("unknown_op", f"op must be subscribe or ping, not {str(op)[:_SHOWN]!r}.")
            return
        try:
            asked = kind.model_validate_json(text)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in one['loc']) or op}: {in_words(one)}"
                for one in error.errors(include_url=False, include_input=False)[:5]
            )
            await self._refuse("invalid_subscription", faults)
            return
        if isinstance(asked, Subscribe):
            await self._subscribe(asked)
        else:
            await self._send('{"op":"pong"}')

    async def _subscribe(self, wanted: Subscribe) -> None:
        head, oldest = self._updates.head, self._updates.oldest
        if wanted.after is not None and wanted.after > head:
            await self._refuse("unknown_sequence", f"after: {wanted.after} was never given; the newest is {head}.")
            return
        async with self._lock:
            gone = wanted.after is not None and wanted.after < oldest - 1
            if gone:
                await self._answer(LiveGone(oldest=oldest))
            # The head of now: while that was being sent, it may have moved.
            self._position = self._updates.head if wanted.after is None or gone else wanted.after
            self._wanted = wanted
            await self._answer(LiveReady(sequence=self._position))
        self._subscribed.set()
        self._updates.wake()  # it may be waiting for what comes after another place

    async def _refuse(self, reason: str, detail: str) -> None:
        self._rubbish += 1
        await self._answer(LiveRefused(reason=reason, detail=detail))

    # --- what it is told
    async def _tell(self) -> None:
        await self._subscribed.wait()
        while True:
            wanted, position = self._wanted, self._position
            assert wanted is not None
            if position < self._updates.oldest - 1:  # It reads, but ever slower than things happen.
                async with self._lock:
                    await self._answer(LiveGone(oldest=self._updates.oldest))
                    self._position = position = self._updates.head
            for update in await self._updates.after(position, _AT_ONCE):
                async with self._lock:
                    if self._wanted is not wanted:
                        break  # It has asked for something else meanwhile.
                    if _concerns(update, wanted):
                        await self._send(update.frame)
                    self._position = update.sequence
            else:
                await self._updates.wait(self._position)


def _concerns(update: Update, wanted: Subscribe) -> bool:
    return update.topic in wanted.topics and (
        wanted.repository is None or update.repository is None or update.repository == wanted.repository
    )
