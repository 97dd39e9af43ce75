"""Agents in whose hands an awaited step is: whether they can answer at all, and who should have moved their work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from QMSLibrary.client.agent_health import Trouble
from QMSLibrary.client.events import Seen
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.routing import AgentHealth
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_TIME_LIMITS, StepResult

from .verdict import listed
from .workflows import duration_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An agent that is awaited, as it was found when the time was up."""

    agent_id: str
    health: AgentHealth | None
    """What decision says; None when it says nothing of it."""
    trouble: Trouble | None = None
    """What is wrong with it by its own health endpoint; None when it is well or has no such endpoint."""
    decided: tuple[str, ...] = ()
    """Whom decision has chosen last for this attempt at the step; empty when that is not known."""

    @property
    def ill(self) -> bool:
        """Whether it can be known that it will not answer."""
        return self.health is AgentHealth.UNHEALTHY or (self.trouble is not None and self.trouble.certain)


class Held(NamedTuple):
    """What is to be said about an awaited step that agents hold."""

    lines: list[str]
    blame: Service | None
    """Who should have acted; None when the holders' health does not tell."""
    look_at: str = ""


def held(holders: Sequence[Holder], result: StepResult, run: int, events: Sequence[Seen], now: datetime | None) -> Held:
    """Each holder in a line, and who is to blame. ``now`` is the time by orchestration's clock."""
    step, since = result.step, {one.agent_id: _since(one.agent_id, result, run, events) for one in holders}
    lines = [_line(one, result, since[one.agent_id]) for one in holders]
    moved = [one for one in holders if one.decided and one.agent_id not in one.decided]
    if moved:
        names, others = listed(one.agent_id for one in moved), listed(moved[0].decided)
        return Held(
            lines,
            Service.ORCHESTRATION,
            f"why orchestration has not asked the agents that decision has chosen since ({others}) in place of {names}",
        )
    if ill := [one for one in holders if one.ill]:
        names = listed(one.agent_id for one in ill)
        known = all(one.health is AgentHealth.UNHEALTHY for one in ill)
        why = "decision knows that it is ill" if known else "it asks each agent for its health"
        return Held(
            lines,
            Service.DECISION,
            f"why decision has not moved the work of {names} to another agent: {why}, and what an agent cannot do is "
            "decided anew at once (`Get Agents`, `Get Routing History`)",
        )
    limit, began = STEP_TIME_LIMITS[step], min(filter(None, since.values()), default=None)
    if now is not None and began is not None and now - began > limit:
        return Held(
            lines,
            Service.ORCHESTRATION,
            f"why orchestration still waits: after {duration_text(limit)} {step} is to be tried again with others",
        )
    return Held(lines, None)


def _line(holder: Holder, result: StepResult, since: datetime | None) -> str:
    at = f" since {since:%H:%M:%S}" if since is not None else ""
    decision = "decision does not know it" if holder.health is None else f"decision says that it is {holder.health}"
    own = f"; asked now, from here, it {holder.trouble.words}" if holder.trouble is not None else ""
    return f"  The agent {holder.agent_id} has {result.step}{at} and has not answered: {decision}{own}"


def _since(agent_id: str, result: StepResult, run: int, events: Sequence[Seen]) -> datetime | None:
    """When it was given this attempt; when the step began if that was not heard."""
    key = (result.step, run, result.attempt)
    for one in events:
        payload = one.event.payload
        given = one.event.type == EventType.STEP_ASSIGNED and agent_id in payload.get("agents", ())
        if given and key == (payload.get("step"), payload.get("run"), payload.get("attempt")):
            return one.event.timestamp
    return result.started_at
