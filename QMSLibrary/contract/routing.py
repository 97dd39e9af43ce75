"""Agents and routing decisions."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from .model import Model, Moment, Page, Request, Seconds
from .steps import Step

SCORE_WEIGHTS: Final[dict[str, float]] = {"expertise": 0.40, "workload": 0.30, "availability": 0.20, "context": 0.10}
SECURITY_AGENT: Final = "qms-security-scanner"
Capacity = Annotated[int, Field(ge=1, le=1000)]
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$", max_length=256)]
AgentId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._-]+$")]


class AgentHealth(StrEnum):
    """Whether an agent can be given work."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class AgentRegistration(Request):
    """An agent presents itself."""

    agent_id: AgentId
    capabilities: list[str]
    """The roles of STEP_AGENTS that it can fill, such as ``qms-code-reviewer``, and its fields of expertise."""
    load_capacity: Capacity
    health_endpoint: str | None = None
    """Where its health can be asked; None for an agent that lives inside the decision service."""
    repositories: Annotated[list[RepositoryName], Field(max_length=100)] | None = None
    """The pool it belongs to: it works for these repositories only, and a role for which a repository has agents of
    its own is filled by these alone. Empty: for every repository that has none of its own. None: as it was, and empty
    for an agent that is new."""


class Agent(Model):
    """A registered agent."""

    agent_id: str
    capabilities: list[str]
    load_capacity: int
    load: int
    """Tasks it has now; never over load_capacity."""
    health: AgentHealth
    health_endpoint: str | None = None
    repositories: list[str] = []
    """The only ones it works for; empty when it belongs to none."""
    registered_at: Moment


class AgentPage(Page):
    """All agents, by id."""

    items: list[Agent]


class Assignment(Model):
    """One agent's part of a decision."""

    agent_id: str
    role: str
    """The role of STEP_AGENTS that it fills."""
    estimated_duration: Seconds
    confidence_score: Annotated[float, Field(ge=0, le=1)]
    reason: str


class RoutingDecision(Model):
    """Who reviews a step, and why."""

    decision_id: str
    workflow_id: str
    step: Step
    run: int
    attempt: int
    assignments: list[Assignment]
    fallback: bool = False
    """The confidence was under the threshold, so the rules decided."""
    security_sensitive: bool = False
    decided_at: Moment
    correlation_id: str


class RoutingPage(Page):
    """Routing decisions, newest first."""

    items: list[RoutingDecision]
