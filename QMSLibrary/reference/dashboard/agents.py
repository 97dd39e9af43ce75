"""The agents as the dashboard knows them: from decision's announcements, decisions, and what the work came to."""

from __future__ import annotations

from statistics import fmean
from typing import Any, Final

import orjson
from sqlalchemy import Boolean, Connection, bindparam, func, insert, select, update

from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.live import LiveTopic
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.workflows import WorkflowStatus
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.store import Notes, notes

from .live import post
from .tables import agents, answers, assignments, copies, decisions

_TOUCHED: Final = "agents whose load has changed"
_A = assignments.c
_KNOWN_AGENT: Final = select(agents).where(agents.c.agent_id == bindparam("key"))
_ENTER_AGENT: Final = insert(agents)
_CHANGE_AGENT: Final = update(agents).where(agents.c.agent_id == bindparam("key"))
_DECIDED: Final = select(decisions.c.decision_id).where(decisions.c.decision_id == bindparam("key"))
_NEWEST: Final = select(func.max(decisions.c.decided_at)).where(decisions.c.workflow_id == bindparam("key"))
_DECIDE: Final = insert(decisions)
_ASSIGN: Final = insert(assignments)
_ANSWERED: Final = select(answers.c.agent_id).where(
    answers.c.workflow_id == bindparam("workflow_id"),
    answers.c.step == bindparam("step"),
    answers.c.run == bindparam("run"),
    answers.c.attempt == bindparam("attempt"),
    answers.c.agent_id == bindparam("agent_id"),
)
_ANSWER: Final = insert(answers)
_OPEN: Final = select(_A.decision_id, _A.agent_id, _A.step, _A.run, _A.attempt).where(
    _A.workflow_id == bindparam("key"), _A.open.is_(True)
)
_CLOSE: Final = (
    update(assignments)
    .where(_A.decision_id == bindparam("of_decision"), _A.agent_id == bindparam("of_agent"))
    .values(open=bindparam("no", type_=Boolean))
)
_LOADS: Final = (
    select(_A.agent_id, func.count())
    .where(_A.open.is_(True), _A.agent_id.in_(bindparam("ids", expanding=True)))
    .group_by(_A.agent_id)
)


def on_agent_changed(connection: Connection, event: Event, context: Context) -> None:
    """Keep how the agent is; older news than what is known change nothing."""
    agent, at = event.payload["agent"], wire_time(event.timestamp)
    key = str(agent["agent_id"])
    values = {"changed_at": at, "body": orjson.dumps(agent).decode()}
    known = connection.execute(_KNOWN_AGENT, {"key": key}).one_or_none()
    if known is None:
        connection.execute(_ENTER_AGENT, {"agent_id": key, **values})
    elif at > known.changed_at:
        connection.execute(_CHANGE_AGENT, {"key": key, **values})
    else:
        return
    _touch(connection, key)


def on_routed(connection: Connection, event: Event, context: Context) -> None:
    """A decision: kept once, and its agents are busy unless the review has moved on meanwhile."""
    decision = event.payload["decision"]
    workflow_id, decided_at = decision["workflow_id"], decision["decided_at"]
    if connection.execute(_DECIDED, {"key": decision["decision_id"]}).first() is not None:
        return
    snapshot = _newer(copies.snapshot(connection, workflow_id), event.payload.get("workflow"))
    newest = connection.execute(_NEWEST, {"key": workflow_id}).scalar()
    current = (
        (newest is None or decided_at > newest)
        and snapshot is not None
        and snapshot["status"] == WorkflowStatus.IN_PROGRESS
        and snapshot["step"] == decision["step"]
    )
    if current:
        _close(connection, workflow_id)
    repository = _repository(event, snapshot)
    chosen = decision["assignments"]
    connection.execute(
        _DECIDE,
        {
            "decision_id": decision["decision_id"],
            "workflow_id": workflow_id,
            "repository": repository,
            "decided_at": decided_at,
            "assignments": len(chosen),
            "confidence": fmean(one["confidence_score"] for one in chosen) if chosen else None,
            "fallback": decision["fallback"],
            "security_sensitive": decision["security_sensitive"],
            "failed": False,
            "body": orjson.dumps(decision).decode(),
        },
    )
    place = {name: decision[name] for name in ("workflow_id", "step", "run", "attempt", "decision_id")}
    if chosen:
        connection.execute(
            _ASSIGN,
            [
                {**place, "agent_id": one["agent_id"], "role": one["role"], "repository": repository, "open": current}
                for one in chosen
            ],
        )
    for one in chosen if current else ():
        _touch(connection, one["agent_id"])
    post(
        connection,
        context,
        LiveTopic.ROUTING,
        {
            **{name: decision[name] for name in ("decision_id", "workflow_id", "step", "fallback")},
            "assignments": [
                {name: one[name] for name in ("agent_id", "role", "confidence_score", "reason")} for one in chosen
            ],
        },
        workflow_id=workflow_id,
        repository=repository,
    )


def on_routing_failed(connection: Connection, event: Event, context: Context) -> None:
    """Nobody could be found: that is part of the routing history, once for each time that it was said."""
    payload = event.payload
    key = f"{event.workflow_id}:{payload['step']}:{payload['run']}:{payload['attempt']}:{wire_time(event.timestamp)}"
    key = key[-64:]
    if connection.execute(_DECIDED, {"key": key}).first() is not None:
        return
    told = {name: payload.get(name) for name in ("step", "run", "attempt", "role", "reason")}
    connection.execute(
        _DECIDE,
        {
            "decision_id": key,
            "workflow_id": event.workflow_id or "",
            "repository": _repository(event, None),
            "decided_at": wire_time(event.timestamp),
            "assignments": 0,
            "confidence": None,
            "fallback": False,
            "security_sensitive": False,
            "failed": True,
            "body": orjson.dumps({"workflow_id": event.workflow_id, **told}).decode(),
        },
    )


def on_task_completed(connection: Connection, event: Event, context: Context) -> None:
    """An agent has done its part: its work is counted once, and it has one task less."""
    payload = event.payload
    place = {"workflow_id": event.workflow_id, **{name: payload[name] for name in _PLACE}}
    if connection.execute(_ANSWERED, place).first() is not None:
        return
    values = {"repository": _repository(event, None), "passed": payload["passed"], "seconds": payload["seconds"]}
    connection.execute(_ANSWER, {**place, **values})
    _close(connection, place["workflow_id"], **{name: payload[name] for name in _PLACE})


_PLACE: Final = ("step", "run", "attempt", "agent_id")


def on_step_decided(connection: Connection, event: Event, context: Context) -> None:
    """The step has its verdict, so nobody is at it any more; agents that live elsewhere do not say so themselves."""
    payload = event.payload
    if event.workflow_id is not None and "attempt" in payload:
        _close(connection, event.workflow_id, **{name: payload[name] for name in ("step", "run", "attempt")})


def on_moved(connection: Connection, workflow_id: str, snapshot: dict[str, Any]) -> None:
    """The review has moved: whoever was at another step, or at one that is over, is free."""
    for row in connection.execute(_OPEN, {"key": workflow_id}).all():
        if snapshot["status"] != WorkflowStatus.IN_PROGRESS or row.step != snapshot["step"]:
            _free(connection, row)


def tell_touched(connection: Connection, left: Notes, context: Context) -> None:
    """At the end of a transaction: how the agents are whose load or health it has changed, once each."""
    touched = left.memo.pop(_TOUCHED, None)
    if not touched:
        return
    loads = loads_of(connection, touched)
    for agent_id in sorted(touched):
        card = card_of(connection, agent_id)
        change = {"agent_id": agent_id, "health": card.get("health"), "load": loads.get(agent_id, 0)}
        post(connection, context, LiveTopic.AGENT, {**change, "load_capacity": card.get("load_capacity")})


def card_of(connection: Connection, agent_id: str) -> dict[str, Any]:
    """What decision said of the agent last; empty when it has said nothing."""
    row = connection.execute(_KNOWN_AGENT, {"key": agent_id}).one_or_none()
    return {} if row is None else dict(orjson.loads(row.body))


def loads_of(connection: Connection, agent_ids: set[str]) -> dict[str, int]:
    """How many tasks each of them has; those without any are left out."""
    return {row[0]: row[1] for row in connection.execute(_LOADS, {"ids": sorted(agent_ids)})}


def _close(connection: Connection, workflow_id: str, **only: Any) -> None:
    for row in connection.execute(_OPEN, {"key": workflow_id}).all():
        if all(getattr(row, name) == value for name, value in only.items()):
            _free(connection, row)


def _free(connection: Connection, row: Any) -> None:
    connection.execute(_CLOSE, {"of_decision": row.decision_id, "of_agent": row.agent_id, "no": False})
    _touch(connection, row.agent_id)


def _touch(connection: Connection, agent_id: str) -> None:
    notes(connection).memo.setdefault(_TOUCHED, set()).add(agent_id)


def _newer(copy: dict[str, Any] | None, told: dict[str, Any] | None) -> dict[str, Any] | None:
    """Orchestration's own news of the step may be slower than the decision that was made upon them."""
    return told if copy is None or (told is not None and told["revision"] > copy["revision"]) else copy


def _repository(event: Event, snapshot: dict[str, Any] | None) -> str | None:
    told = event.payload.get("workflow") or snapshot or {}
    repository = told.get("repository")
    return None if repository is None else str(repository)


HANDLERS: Final = {
    EventType.AGENT_CHANGED: on_agent_changed,
    EventType.ROUTED: on_routed,
    EventType.ROUTING_FAILED: on_routing_failed,
    EventType.TASK_COMPLETED: on_task_completed,
    EventType.STEP_COMPLETED: on_step_decided,
    EventType.STEP_FAILED: on_step_decided,
}
