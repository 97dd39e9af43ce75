"""What the dashboard must show, summed up from the events that this library saw, and from nothing else.

Each function takes the events of one repository, each event once, in the order in which they came, and gives what it
knows of a widget in the widget's own shape. It asks no service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any, Final

from QMSLibrary.contract.dashboard import Period, Widget
from QMSLibrary.contract.escalations import EscalationLevel, EscalationState
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import WorkflowState, WorkflowStatus

_E = EventType
Tally = Callable[[Sequence[Event], Period], dict[str, Any]]
_HISTORY: Final = {
    _E.WORKFLOW_STARTED: "started",
    _E.WORKFLOW_COMPLETED: "completed",
    _E.GATE_PASSED: "gate_passed",
    _E.GATE_FAILED: "gate_failed",
}
_OPEN: Final = (EscalationState.ACTIVE, EscalationState.ACKNOWLEDGED)


def of_repository(events: Sequence[Event], repository: str) -> list[Event]:
    """The events about what happens in a repository, each once."""
    once = {event.event_id: event for event in events if _repository(event) == repository}
    return list(once.values())


def _repository(event: Event) -> str | None:
    for part in ("workflow", "escalation"):
        told = event.payload.get(part)
        if isinstance(told, dict) and told.get("repository") is not None:
            return str(told["repository"])
    return None


def reviews(events: Sequence[Event]) -> dict[str, dict[str, Any]]:
    """Each review as it is now, by what orchestration said of it: the snapshot with the highest revision."""
    newest: dict[str, dict[str, Any]] = {}
    for event in events:
        told = event.payload.get("workflow")
        if event.source != Service.ORCHESTRATION or not isinstance(told, dict) or event.workflow_id is None:
            continue
        known = newest.get(event.workflow_id)
        if known is None or told["revision"] > known["revision"]:
            newest[event.workflow_id] = told
    return newest


def _of(events: Sequence[Event], *types: EventType) -> list[Event]:
    return [event for event in events if event.type in types]


def _pipeline(events: Sequence[Event], period: Period) -> dict[str, Any]:
    known = reviews(events)
    states = Counter(one["state"] for one in known.values())
    return {
        "total": len(known),
        "by_state": {state.value: states[state] for state in WorkflowState},
        "in_progress_by_step": _by_step(known),
        "workflows": {
            key: {name: one[name] for name in ("state", "status", "step", "progress", "revision")}
            for key, one in known.items()
        },
    }


def _by_step(known: dict[str, dict[str, Any]]) -> dict[str, int]:
    running = Counter(one["step"] for one in known.values() if one["status"] == WorkflowStatus.IN_PROGRESS)
    return {step.value: running[step] for step in Step}


def _queue(events: Sequence[Event], period: Period) -> dict[str, Any]:
    known = reviews(events)
    running = {key: one for key, one in known.items() if one["status"] == WorkflowStatus.IN_PROGRESS}
    asked, person = dict[str, bool](), dict[str, str]()
    for event in events:
        if event.workflow_id is None:
            continue
        if event.type in (_E.ROUTING_REQUESTED, _E.ROUTED):
            asked[event.workflow_id] = event.type == _E.ROUTING_REQUESTED
        if event.type in (_E.STEP_COMPLETED, _E.STEP_FAILED, _E.GATE_PASSED, _E.GATE_FAILED) or (
            event.type == _E.PR_UPDATED and event.payload.get("cause") == "waiting"
        ):
            person[event.workflow_id] = " ".join(event.payload.get("waiting_for") or ())
    for_agents = [key for key in running if asked.get(key)]
    return {
        "queued": sum(one["status"] == WorkflowStatus.QUEUED for one in known.values()),
        "in_progress": len(running),
        "in_progress_by_step": _by_step(known),
        "waiting_for_agents": len(for_agents),
        "waiting_for_people": sum(bool(person.get(key)) for key in running if key not in for_agents),
    }


def _assignments(events: Sequence[Event]) -> list[dict[str, Any]]:
    return [one for event in _of(events, _E.ROUTED) for one in event.payload["decision"]["assignments"]]


def _agents(events: Sequence[Event], period: Period) -> dict[str, Any]:
    given = Counter(one["agent_id"] for one in _assignments(events))
    work: dict[str, list[dict[str, Any]]] = {}
    for event in _of(events, _E.TASK_COMPLETED):
        work.setdefault(event.payload["agent_id"], []).append(event.payload)
    return {
        "completed": sum(map(len, work.values())),
        "agents": {
            agent_id: {
                "assigned": given[agent_id],
                "completed": len(work.get(agent_id, ())),
                "passed": sum(bool(one["passed"]) for one in work.get(agent_id, ())),
                "mean_seconds": fmean(one["seconds"] for one in work[agent_id]) if agent_id in work else None,
            }
            for agent_id in {*given, *work}
        },
    }


def _load(events: Sequence[Event], period: Period) -> dict[str, Any]:
    every = _assignments(events)
    given = Counter(one["agent_id"] for one in every)
    return {
        "assignments": len(every),
        "by_role": dict(Counter(one["role"] for one in every)),
        "agents": {agent_id: {"assigned": number, "share": number / len(every)} for agent_id, number in given.items()},
    }


def _routing(events: Sequence[Event], period: Period) -> dict[str, Any]:
    decided = [event.payload["decision"] for event in _of(events, _E.ROUTED)]
    failed = _of(events, _E.ROUTING_FAILED)
    periods: dict[str, list[dict[str, Any]]] = {}
    for one in decided:
        periods.setdefault(_begin(one["decided_at"], period), []).append(one)
    misses = Counter(_begin(wire_time(event.timestamp), period) for event in failed)
    return {
        **_routed(decided, len(failed)),
        "history": {begin: _routed(periods.get(begin, []), misses[begin]) for begin in {*periods, *misses}},
        "newest": {
            one["decision_id"]: {
                "step": one["step"],
                "assignments": {
                    part["agent_id"]: {name: part[name] for name in ("role", "confidence_score", "reason")}
                    for part in one["assignments"]
                },
            }
            for one in decided
        }
        | {
            failed_at(event.workflow_id, wire_time(event.timestamp)): {
                "failed": True,
                "step": event.payload["step"],
                "reason": event.payload["reason"],
            }
            for event in failed
        },
    }


def failed_at(workflow_id: Any, time: Any) -> str:
    """What a routing is called that found nobody: it has no decision, and may fail again for the same review."""
    return f"the routing of {workflow_id} that failed at {time}"


def _routed(decided: list[dict[str, Any]], failed: int) -> dict[str, Any]:
    means = [fmean(part["confidence_score"] for part in one["assignments"]) for one in decided if one["assignments"]]
    return {
        "decisions": len(decided),
        "assignments": sum(len(one["assignments"]) for one in decided),
        "fallbacks": sum(one["fallback"] for one in decided),
        "security_sensitive": sum(one["security_sensitive"] for one in decided),
        "failed": failed,
        "mean_confidence": fmean(means) if means else None,
    }


def _quality(events: Sequence[Event], period: Period) -> dict[str, Any]:
    newest: dict[str, dict[str, Any]] = {}
    history: dict[str, dict[str, Any]] = {}
    results: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event.type not in _HISTORY or event.workflow_id is None:
            continue
        begin = _begin(wire_time(event.timestamp), period)
        one = history.setdefault(begin, dict.fromkeys(_HISTORY.values(), 0))
        one[_HISTORY[EventType(event.type)]] += 1
        if event.type == _E.WORKFLOW_COMPLETED:
            newest[event.workflow_id] = event.payload["result"]
            results.setdefault(begin, []).append(event.payload["result"])
    for begin, one in history.items():
        ended = results.get(begin, [])
        one["mean_quality_score"] = _mean_score(ended)
        one["compliant"] = sum(bool(result["compliance_adhered"]) for result in ended)
    compliant = {key: bool(result["compliance_adhered"]) for key, result in newest.items()}
    return {
        "completed": len(newest),
        "mean_quality_score": _mean_score(list(newest.values())),
        "share_compliant": fmean(compliant.values()) if compliant else None,
        "points": {
            key: {"quality_score": result["quality_score"], "compliance_adhered": compliant[key]}
            for key, result in newest.items()
        },
        "history": history,
    }


def _mean_score(results: list[dict[str, Any]]) -> float | None:
    known = [one["quality_score"] for one in results if one.get("quality_score") is not None]
    return fmean(known) if known else None


def _escalated(events: Sequence[Event]) -> dict[str, dict[str, Any]]:
    """Each escalation as it was told last; its state never goes back."""
    newest: dict[str, dict[str, Any]] = {}
    order = list(EscalationState)
    for event in events:
        told = event.payload.get("escalation")
        if event.source == Service.ESCALATION and isinstance(told, dict):
            known = newest.get(told["id"])
            if known is None or order.index(told["state"]) >= order.index(known["state"]):
                newest[told["id"]] = told
    return newest


def _escalations(events: Sequence[Event], period: Period) -> dict[str, Any]:
    known = _escalated(events)
    states = Counter(one["state"] for one in known.values())
    is_open = {key: one for key, one in known.items() if one["state"] in _OPEN}
    levels = Counter(one["level"] for one in is_open.values())
    return {
        "open": len(is_open),
        "by_state": {state.value: states[state] for state in EscalationState if state is not EscalationState.CLOSED},
        "open_by_level": {level.value: levels[level] for level in EscalationLevel},
        "escalations": {
            key: {name: one[name] for name in ("level", "type", "state", "tier")} for key, one in is_open.items()
        },
    }


def _alerts(events: Sequence[Event], period: Period) -> dict[str, Any]:
    active = {key: one for key, one in _escalated(events).items() if one["state"] == EscalationState.ACTIVE}
    return {"total": len(active), "alerts": {key: {"state": "active"} for key in active}}


def _begin(time: str, period: Period) -> str:
    return time[:13] + ":00:00Z" if period is Period.HOUR else time[:10] + "T00:00:00Z"


TALLIES: Final[dict[Widget, Tally]] = {
    Widget.WORKFLOW_PIPELINE: _pipeline,
    Widget.QUEUE_DEPTH: _queue,
    Widget.AGENT_STATUS: _agents,
    Widget.LOAD_DISTRIBUTION: _load,
    Widget.ROUTING_HISTORY: _routing,
    Widget.QUALITY_TREND: _quality,
    Widget.ESCALATIONS: _escalations,
    Widget.ACTIVE_ALERTS: _alerts,
}
