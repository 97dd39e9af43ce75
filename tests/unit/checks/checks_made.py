"""Contract models for the tests of the checks."""

from datetime import UTC, datetime, timedelta

from QMSLibrary.client.events import Seen
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.pull_requests import PullRequestSummary
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_CHECKS, Finding, Step, StepResult, StepStatus
from QMSLibrary.contract.workflows import STATUS_OF_STATE, Workflow, WorkflowResult, WorkflowState

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def finding(type="sql_injection", severity="high", agent="qms-security-scanner", **more):
    return Finding(type=type, severity=severity, agent_id=agent, message="…", **{"path": "a.ts", "line": 3, **more})


def step(step, status=StepStatus.PASSED, **more):
    checks = more.pop("checks", dict.fromkeys(STEP_CHECKS[step], True) if status is StepStatus.PASSED else {})
    return StepResult(step=step, status=status, attempt=1, checks=checks, **more)


def workflow(state=WorkflowState.COMPLETED, at=Step.FINAL_REVIEW, steps=None, result=None, **more):
    given = {one.step: one for one in steps or []}
    everything = [given.get(one) or step(one) for one in Step]
    defaults = {
        "total_duration": timedelta(minutes=3),
        "quality_score": 91,
        "compliance_score": 100,
        "compliance_adhered": True,
        "stakeholder_satisfaction": 4.5,
    }
    return Workflow(
        id=more.pop("id", "wf-1"),
        pull_request=PullRequestSummary(
            id="PR-1", title="feat: x", author="ada", repository="a/b", base_branch="main", head_branch="feature/x",
            files=3, lines_changed=40,
        ),
        state=state,
        status=STATUS_OF_STATE[state],
        step=at,
        progress=more.pop("progress", 100),
        revision=more.pop("revision", 9),
        run=1,
        correlation_id="corr-1",
        requested_by="quinn",
        created_at=NOW,
        updated_at=NOW,
        steps=everything,
        result=WorkflowResult(**{**defaults, **(result or {})}),
        **more,
    )  # fmt: skip


def seen(type="workflow.started", source="orchestration", ms=0, number=1, **more):
    event = Event(
        event_id=more.pop("event_id", f"e{number}"),
        type=type,
        timestamp=NOW + timedelta(milliseconds=ms),
        source=source,
        workflow_id=more.pop("workflow_id", "wf-1"),
        correlation_id=more.pop("correlation_id", "corr-1"),
        payload=more.pop("payload", {}),
    )
    return Seen(event, Service(source), str(number), NOW, 0.0, number, **more)
