"""How long one routing decision takes in the decision service, with few agents and with many."""

from __future__ import annotations

from datetime import timedelta

from QMSLibrary.client.qms import QMS
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routing import AgentRegistration
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_AGENTS, Step
from QMSLibrary.contract.workflows import WorkflowRequest
from QMSLibrary.data.pull_requests import create_pull_requests
from QMSLibrary.history.statistics import percentile

from .figures import figure, reference_qms, title

_REVIEWS = 100
_AGENTS = 50
_TARGET = timedelta(milliseconds=5)
_WANTED = (EventType.WORKFLOW_STARTED, EventType.ROUTING_REQUESTED, EventType.ROUTED)


def run() -> None:
    """Print the figures."""
    title("Routing decisions")
    with reference_qms() as qms:
        few, _ = _decide(qms, "bench/few")
        _register(qms, "bench/many")
        many, heard = _decide(qms, "bench/many")
    middle, target = percentile(many, 0.5), _TARGET.total_seconds()
    figure(
        f"routing decision at {_AGENTS} agents",
        f"{middle * 1000:.2f} ms",
        f"{middle / target:.2f} × the target of {target * 1000:.0f} ms; p95 {percentile(many, 0.95) * 1000:.2f} ms",
    )
    figure(
        "  with one agent for the role",
        f"{percentile(few, 0.5) * 1000:.2f} ms",
        f"p95 {percentile(few, 0.95) * 1000:.2f} ms",
    )
    figure(
        "  from the wish in orchestration to the decision", f"{percentile(heard, 0.5) * 1000:.2f} ms", "with delivery"
    )


def _register(qms: QMS, repository: str) -> None:
    role = STEP_AGENTS[Step.DOR_VALIDATION][0]
    for number in range(_AGENTS):
        registration = AgentRegistration(
            agent_id=f"bench-{number}",
            capabilities=[role, "typescript", "documentation"],
            load_capacity=10,
            repositories=[repository],
        )
        qms.decision.register_agent(registration, role=Role.ADMIN)


def _decide(qms: QMS, repository: str) -> tuple[list[float], list[float]]:
    """Seconds that each decision took, and seconds from the wish to the decision; sorted, the first ten left out.

    The services' own timestamps tell: decision announces the wish, decides, and announces the decision.
    """
    hub = qms.events
    hub.open([Service.ORCHESTRATION, Service.DECISION])
    took, heard = [], []
    for request in create_pull_requests(_REVIEWS + 10, complexity="low", repository=repository):
        workflow = qms.start_workflow(WorkflowRequest(pull_request=request, step_by_step=True), Role.QA_LEAD)

        def times(workflow_id: str = workflow.id) -> dict[str, float]:
            seen = [one.event for one in hub.events(workflow_id) if one.event.type in _WANTED]
            return {one.type: one.timestamp.timestamp() for one in seen}

        if not hub.wait(lambda: len(times()) == len(_WANTED), 10):
            raise SystemExit(f"no decision about {workflow.id} within 10 s")
        found = times()
        took.append(found[EventType.ROUTED] - found[EventType.ROUTING_REQUESTED])
        heard.append(found[EventType.ROUTED] - found[EventType.WORKFLOW_STARTED])
    return sorted(took[10:]), sorted(heard[10:])
