"""What orchestration hears from decision and the dashboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.routing import RoutingDecision
from QMSLibrary.contract.steps import StepStatus
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.context import Context

from .act import Act, open_act
from .gates import ROUTE_AGAIN, assign, take_decision
from .slots import finish

_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(minutes=1)


def add_to(service: Blueprint) -> None:
    """Handle the events that orchestration acts on."""
    service.on(EventType.ROUTED)(routed)
    service.on(EventType.ROUTING_FAILED)(routing_failed)
    service.on(EventType.DASHBOARD_CREATED)(shown)


def routed(connection: Connection, event: Event, context: Context) -> None:
    """Decision found agents."""
    decision = RoutingDecision.model_validate(event.payload["decision"])
    act = _act(connection, event, context)
    take_decision(act, decision)
    finish(act)


def routing_failed(connection: Connection, event: Event, context: Context) -> None:
    """Nobody is available: a person is asked by escalation, and routing is asked for again after a growing pause."""
    act = _act(connection, event, context)
    review, step = act.review, act.review.current
    wish = (event.payload.get("step"), event.payload.get("run"), event.payload.get("attempt"))
    if wish != (review.step, review.run, step.attempt) or step.status is not StepStatus.IN_PROGRESS:
        return
    step.routing_failures += 1
    pause = min(_FIRST_PAUSE * 2 ** (step.routing_failures - 1), _LONGEST_PAUSE)
    act.timer(ROUTE_AGAIN, pause, run=review.run, attempt=step.attempt)
    finish(act)


def shown(connection: Connection, event: Event, context: Context) -> None:
    """The dashboard has announced its entry: the first step may be assigned if it is routed."""
    act = _act(connection, event, context)
    review, step = act.review, act.review.current
    if review.dashboard_seen:
        return
    review.dashboard_seen = True
    if step.decision is not None and not step.agents and step.status is StepStatus.IN_PROGRESS:
        assign(act)
    finish(act)


def _act(connection: Connection, event: Event, context: Context) -> Act:
    if event.workflow_id is None:
        raise ValueError(f"An event of the type {event.type} must name its workflow.")
    return open_act(context, connection, event.workflow_id, context.identity)
