"""Wishes for agents become decisions; those for which nobody has room wait, and none is lost across a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

import orjson
from pydantic import BaseModel
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.routing import SECURITY_AGENT, AgentHealth, Assignment, RoutingDecision
from QMSLibrary.contract.steps import STEP_AGENTS, Step
from QMSLibrary.contract.workflows import PENDING_STATE
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.copies import Change, Copies

from . import scoring
from .registry import candidates, note_done, note_given
from .scoring import Candidate
from .tables import TABLES, agents, decisions, tasks, waiting

COPIES = Copies(TABLES)
_OLDEST: Final = select(waiting).order_by(waiting.c.position).limit(50)
_WAIT: Final = insert(waiting)
_WAIT_NO_MORE: Final = delete(waiting).where(waiting.c.workflow_id == bindparam("key"))
# Open tasks are left to their workers, see _forget.
_NOT_BEGUN: Final = delete(tasks).where(tasks.c.workflow_id == bindparam("key"), tasks.c.state != "open")
_DECIDED: Final = insert(decisions)
_RESERVED: Final = insert(tasks)
_ANSWERED: Final = delete(tasks).where(
    tasks.c.workflow_id == bindparam("of_workflow"),
    tasks.c.step == bindparam("of_step"),
    tasks.c.run == bindparam("of_run"),
    tasks.c.attempt == bindparam("of_attempt"),
    tasks.c.agent_id == bindparam("of_agent"),
    tasks.c.state != "open",
)
_REGISTERED: Final = select(agents.c.agent_id).where(agents.c.agent_id.in_(bindparam("ids", expanding=True)))
_BEGIN: Final = (
    update(tasks)
    .where(
        tasks.c.workflow_id == bindparam("of_workflow"),
        tasks.c.step == bindparam("of_step"),
        tasks.c.run == bindparam("of_run"),
        tasks.c.attempt == bindparam("of_attempt"),
        tasks.c.agent_id.in_(bindparam("ids", expanding=True)),
        tasks.c.agent_id.not_in(select(agents.c.agent_id).where(agents.c.health_endpoint.is_not(None))),
    )
    .values(state="open", requested_by=bindparam("by"))
)


class ChangeWish(BaseModel):
    """What a wish says of the pull request."""

    title: str
    repository: str
    lines_changed: int
    paths: list[str]


class Wish(BaseModel):
    """A step wants agents."""

    workflow_id: str
    correlation_id: str
    step: Step
    run: int
    attempt: int
    pull_request: ChangeWish
    instead_of: list[str] = []
    """Agents that let an attempt at the step run out of time: others come first."""


def on_event(connection: Connection, event: Event, context: Context) -> None:
    """Keep the copy of the workflow's state, and decide when agents are asked for."""
    change = COPIES.apply(connection, event)
    wanted = event.payload.get("routing")
    if wanted is not None and change is None and _is_late(connection, event):
        return
    if wanted is not None:
        wish = Wish(workflow_id=event.workflow_id or "", correlation_id=event.correlation_id, **wanted)
        _forget(connection, wish.workflow_id)
        _announce(connection, wish, context)
        if not _decide(connection, wish, context):
            connection.execute(_WAIT, {"workflow_id": wish.workflow_id, "wish": wish.model_dump_json()})
    elif change is not None and _over(change, event):
        _forget(connection, change.workflow_id)
    else:
        return
    serve_waiting(connection, context)


def serve_waiting(connection: Connection, context: Context) -> None:
    """Somebody may have room now: decide for those that wait, oldest first. One that does not fit holds nobody up."""
    for row in list(connection.execute(_OLDEST)):
        if _decide(connection, Wish.model_validate_json(row.wish), context):
            connection.execute(delete(waiting).where(waiting.c.position == row.position))


def move_work(connection: Connection, agent_id: str, context: Context) -> None:
    """The agent can no longer work: decide again for every workflow that has a task of its."""
    affected = select(tasks.c.workflow_id).where(tasks.c.agent_id == agent_id).distinct()
    for workflow_id in list(connection.execute(affected).scalars()):
        last = select(decisions.c.wish).where(decisions.c.workflow_id == workflow_id)
        wish = Wish.model_validate_json(
            connection.execute(last.order_by(decisions.c.position.desc()).limit(1)).scalar_one()
        )
        connection.execute(delete(tasks).where(tasks.c.workflow_id == workflow_id))
        _forget(connection, workflow_id)
        if not _decide(connection, wish, context):
            connection.execute(_WAIT, {"workflow_id": workflow_id, "wish": wish.model_dump_json()})


def _is_late(connection: Connection, event: Event) -> bool:
    """Whether the workflow has moved on since. Events of one act share a revision, so an equal one is not late."""
    snapshot = event.payload.get("workflow")
    return snapshot is not None and snapshot["revision"] < COPIES.revision(connection, event.workflow_id or "")


def _over(change: Change, event: Event) -> bool:
    """Whether the workflow no longer waits for the agents it had."""
    working = change.snapshot["state"] in {state.value for state in PENDING_STATE.values()}
    return not working or event.type in (EventType.GATE_PASSED, EventType.PR_UPDATED)


def _forget(connection: Connection, workflow_id: str) -> None:
    """Nobody need begin what was meant for the workflow.

    Open tasks are left to their workers: after a crash only asking orchestration again tells whether an answer was
    taken (and is still to be announced) or is not wanted any more.
    """
    connection.execute(_NOT_BEGUN, {"key": workflow_id})
    connection.execute(_WAIT_NO_MORE, {"key": workflow_id})


def _announce(connection: Connection, wish: Wish, context: Context) -> None:
    context.emit(
        connection,
        EventType.ROUTING_REQUESTED,
        workflow_id=wish.workflow_id,
        correlation_id=wish.correlation_id,
        payload=_payload(connection, wish),
    )


def _payload(connection: Connection, wish: Wish) -> dict[str, Any]:
    return {
        "workflow": COPIES.snapshot(connection, wish.workflow_id),
        "step": wish.step.value,
        "run": wish.run,
        "attempt": wish.attempt,
    }


def _decide(connection: Connection, wish: Wish, context: Context) -> bool:
    """Decide, or say that nobody can; False when everybody who could is busy."""
    known = candidates(connection, wish.pull_request.repository)
    fields = scoring.fields_of(wish.pull_request.paths)
    words = scoring.sensitive_words(wish.pull_request.paths, wish.pull_request.title)
    roles = STEP_AGENTS[wish.step]
    if words and SECURITY_AGENT not in roles:
        roles = (*roles, SECURITY_AGENT)
    chosen: list[Assignment] = []
    for role in roles:
        # An agent answers once for a step, so it fills one role of it.
        taken = {one.agent_id for one in chosen}
        pool = scoring.pool(role, wish.pull_request.repository, known)
        able = [one for one in pool if one.health is AgentHealth.HEALTHY and one.agent_id not in taken]
        if not able:
            _announce_failure(connection, wish, role, pool, context)
            return True
        others = [one for one in able if one.agent_id not in wish.instead_of]
        assignment = scoring.choose(role, others or able, fields, wish.pull_request.lines_changed, words)
        if assignment is None:
            return False
        if passed_over := [one.agent_id for one in able if others and one.agent_id in wish.instead_of]:
            assignment.reason += f" {', '.join(passed_over)} did not answer in time before."
        chosen.append(assignment)
    _store(connection, wish, chosen, bool(words), context)
    note_given(connection, known, [one.agent_id for one in chosen])
    return True


def _store(connection: Connection, wish: Wish, chosen: list[Assignment], sensitive: bool, context: Context) -> None:
    decision = RoutingDecision(
        decision_id=uuid4().hex,
        workflow_id=wish.workflow_id,
        step=wish.step,
        run=wish.run,
        attempt=wish.attempt,
        assignments=chosen,
        fallback=any(one.confidence_score < scoring.CONFIDENCE_THRESHOLD for one in chosen),
        security_sensitive=sensitive,
        decided_at=context.now(),
        correlation_id=wish.correlation_id,
    )
    body = decision.model_dump(mode="json")
    connection.execute(
        _DECIDED,
        {
            "decision_id": decision.decision_id,
            "workflow_id": wish.workflow_id,
            "body": orjson.dumps(body).decode(),
            "wish": wish.model_dump_json(),
        },
    )
    connection.execute(
        _RESERVED,
        [
            {
                "workflow_id": wish.workflow_id,
                "step": wish.step.value,
                "run": wish.run,
                "attempt": wish.attempt,
                "agent_id": one.agent_id,
                "role": one.role,
                "state": "reserved",
                "correlation_id": wish.correlation_id,
            }
            for one in chosen
        ],
    )
    context.emit(
        connection,
        EventType.ROUTED,
        workflow_id=wish.workflow_id,
        correlation_id=wish.correlation_id,
        payload={**_payload(connection, wish), "decision": body},
    )
    context.audit(
        connection,
        AuditAction.DECISION_MADE,
        f"workflow:{wish.workflow_id}",
        correlation_id=wish.correlation_id,
        after={"step": wish.step.value, "agents": [one.agent_id for one in chosen], "decision": decision.decision_id},
        reason=" ".join(one.reason for one in chosen),
    )


def _announce_failure(
    connection: Connection, wish: Wish, role: str, pool: Sequence[Candidate], context: Context
) -> None:
    repository = wish.pull_request.repository
    own = [one.agent_id for one in pool if one.repositories]
    whose = f" for {repository}, whose own agents are {', '.join(own)}" if own else ""
    context.emit(
        connection,
        EventType.ROUTING_FAILED,
        workflow_id=wish.workflow_id,
        correlation_id=wish.correlation_id,
        payload={
            **_payload(connection, wish),
            "role": role,
            "reason": f"No healthy agent can act as {role}{whose}. Register one, or look at the agents' health.",
        },
    )


def on_step_assigned(connection: Connection, event: Event, context: Context) -> None:
    """Orchestration has given the step to its agents: the tasks of those that live here may begin.

    An agent that lives elsewhere hears the same event, and answers orchestration itself. Raises LookupError for an
    agent that is not registered: the step would wait for it for ever, so somebody must hear of it.
    """
    COPIES.apply(connection, event)
    payload = event.payload
    known = set(connection.execute(_REGISTERED, {"ids": payload["agents"]}).scalars())
    if unknown := [agent_id for agent_id in payload["agents"] if agent_id not in known]:
        raise LookupError(f"no agent {', '.join(unknown)} is registered. Register it, then replay this event.")
    connection.execute(
        _BEGIN,
        {
            "of_workflow": event.workflow_id,
            "of_step": payload["step"],
            "of_run": payload["run"],
            "of_attempt": payload["attempt"],
            "ids": payload["agents"],
            "by": payload["requested_by"],
        },
    )


def on_task_completed(connection: Connection, event: Event, context: Context) -> None:
    """An agent that lives elsewhere has answered orchestration: its place is free."""
    payload = event.payload
    done = {
        "of_workflow": event.workflow_id,
        "of_step": payload["step"],
        "of_run": payload["run"],
        "of_attempt": payload["attempt"],
        "of_agent": payload["agent_id"],
    }
    if connection.execute(_ANSWERED, done).rowcount == 0:
        return  # decided otherwise meanwhile
    repository = payload["workflow"]["repository"]
    note_done(connection, payload["agent_id"], repository, payload["seconds"])
    serve_waiting(connection, context)
