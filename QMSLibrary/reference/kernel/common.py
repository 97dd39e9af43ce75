"""The routes that every service answers in the same way."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection
from starlette.responses import Response

from QMSLibrary.contract import routes
from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.clock import Clock as ClockAnswer
from QMSLibrary.contract.clock import ClockRequest
from QMSLibrary.contract.events import DeadLetter, DeadLetterPage, DeliveryReport, EventBatch
from QMSLibrary.contract.health import Health
from QMSLibrary.contract.openapi import openapi

from .blueprint import Blueprint
from .call import Call
from .context import Context
from .health import health_of
from .inbox import TogetherFailed, dead_letter_page
from .peers import SHALLOW_HEADER
from .refusals import Refusal, field_refused
from .stream import event_stream


def serve_common(blueprint: Blueprint) -> None:
    """Serve what all services share."""
    context = blueprint.context
    _serve_figures(blueprint)
    _serve_clock(blueprint)

    @blueprint.serve(routes.EVENT_STREAM)
    async def stream(call: Call[Any]) -> Response:
        given = call.query.get("Last-Event-ID")
        if given is not None and not (given.isascii() and given.isdigit()):
            raise field_refused("Last-Event-ID", f"must be the id of an event of this stream, not {given!r}.")
        return event_stream(context, None if given is None else int(given), call.query.get("workflow_id"))

    @blueprint.serve(routes.DELIVER_EVENTS)
    async def deliver(call: Call[EventBatch]) -> DeliveryReport:
        events = call.body.events
        if call.identity.is_service:
            foreign = next((event.source for event in events if event.source != call.identity.name), None)
            if foreign is not None:
                raise Refusal(
                    403,
                    "source_mismatch",
                    f"{call.identity.name} may deliver its own events, not those of {foreign!r}.",
                )

        def work(connection: Connection, together: bool) -> DeliveryReport:
            if not call.identity.is_service:  # somebody speaks for a service: that is on record
                context.audit(
                    connection,
                    AuditAction.ACCESS_GRANTED,
                    f"service:{context.service}",
                    actor=call.identity,
                    correlation_id=call.correlation_id,
                    after={"delivered": [{"event_id": one.event_id, "type": one.type} for one in events]},
                )
            return blueprint.inbox.take(connection, events, together=together)

        try:
            return await context.store.write(partial(work, together=True))
        except TogetherFailed:  # All of it is undone. Once more with care, so that the others are kept.
            return await context.store.write(partial(work, together=False))

    @blueprint.serve(routes.DEAD_LETTERS)
    async def dead_letters(call: Call[Any]) -> DeadLetterPage:
        limit, after = call.limit, call.cursor or 0
        return await context.store.read(lambda connection: dead_letter_page(connection, limit, after))

    @blueprint.serve(routes.REPLAY_DEAD_LETTER)
    async def replay(call: Call[Any]) -> DeadLetter:
        return await context.store.write(
            lambda connection: blueprint.inbox.replay(
                connection, call.parts["event_id"], call.identity, call.correlation_id
            )
        )


def _serve_figures(blueprint: Blueprint) -> None:
    context = blueprint.context

    @blueprint.serve(routes.HEALTH)
    async def health(call: Call[Any]) -> Health:
        return await health_of(context, blueprint.probes, shallow=SHALLOW_HEADER in call.request.headers)

    @blueprint.serve(routes.METRICS)
    async def metrics(call: Call[Any]) -> Response:
        behind = {courier.name: max(0, context.feed.head - courier.position) for courier in blueprint.couriers}
        text = blueprint.metrics.text(context.feed.head, behind)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    document: list[bytes] = []

    @blueprint.serve(routes.OPENAPI)
    async def description(call: Call[Any]) -> bytes:
        if not document:
            document.append(orjson.dumps(await asyncio.to_thread(openapi, context.service)))
        return document[0]


def _serve_clock(blueprint: Blueprint) -> None:
    context = blueprint.context

    @blueprint.serve(routes.GET_CLOCK)
    async def get_clock(call: Call[Any]) -> ClockAnswer:
        return _clock(context)

    @blueprint.serve(routes.SET_CLOCK)
    async def set_clock(call: Call[ClockRequest]) -> ClockAnswer:
        offset, before = call.body.offset_seconds, context.clock.offset
        if not context.settings.movable_clock:
            raise Refusal(
                409,
                "clock_not_movable",
                "This environment was started without a movable clock; its time is the machine's.",
            )
        if offset < before:
            raise Refusal(
                409,
                "clock_runs_forward",
                f"The clock is {before:g} s ahead already and cannot go back to {offset:g} s.",
            )
        if offset > before:

            def record(connection: Connection) -> None:
                context.audit(
                    connection,
                    AuditAction.CLOCK_MOVED,
                    f"clock:{context.service}",
                    actor=call.identity,
                    correlation_id=call.correlation_id,
                    before=before,
                    after=offset,
                )

            await context.store.write(record)
            await blueprint.scheduler.move_to(offset)
        return _clock(context)


def _clock(context: Context) -> ClockAnswer:
    return ClockAnswer(now=context.now(), offset_seconds=context.clock.offset, movable=context.settings.movable_clock)
