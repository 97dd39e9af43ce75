"""How many reviews the reference QMS completes in a minute, and how it bears fifty at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from QMSLibrary.client.qms import QMS
from QMSLibrary.client.waiting import snapshot
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.targets import Targets
from QMSLibrary.contract.workflows import PENDING_STATE, WorkflowRequest, WorkflowState
from QMSLibrary.data.pull_requests import create_pull_requests
from QMSLibrary.history.statistics import percentile

from .figures import figure, reference_qms, spread, title


def _review(qms: QMS, count: int, at_once: int) -> tuple[float, list[float], int]:
    """Seconds until all are done, seconds that each start took, and how many completed."""
    requests = [WorkflowRequest(pull_request=one) for one in create_pull_requests(count, complexity="medium")]
    hub = qms.events
    hub.open([Service.ORCHESTRATION])
    times: list[float] = []

    def start(request: WorkflowRequest) -> str:
        begun = time.perf_counter()
        workflow = qms.orchestration.start_workflow(request, role=Role.QA_LEAD)
        times.append(time.perf_counter() - begun)
        return workflow.id

    begun, mark = time.perf_counter(), hub.mark
    with ThreadPoolExecutor(at_once) as threads:
        ids = set(threads.map(start, requests))
    states: dict[str, str] = {}
    while len(states) < count and time.perf_counter() - begun < 120:
        # Told by the events alone: asking again and again would load what is measured.
        since = hub.now()
        for seen in hub.events(after=mark, services=[Service.ORCHESTRATION]):
            mark = seen.number
            state = snapshot(seen.event).get("state")
            if state in _ENDED and seen.event.workflow_id in ids:
                states[seen.event.workflow_id] = state
        if len(states) < count:
            hub.sleep(since, 1.0)
    return time.perf_counter() - begun, times, sum(state == WorkflowState.COMPLETED for state in states.values())


_ENDED = (
    {state.value for state in WorkflowState}
    - {state.value for state in PENDING_STATE.values()}
    - {WorkflowState.INITIALIZED.value}
)


def run() -> None:
    """Print the figures."""
    title("Throughput, with the audit trail on")
    targets = Targets()
    with reference_qms() as qms:
        _review(qms, 10, 4)  # warm
        one, _, _ = _review(qms, 1, 1)
        took, _, completed = _review(qms, 200, 4)
        rate = completed / took * 60
        beside = (
            f"{rate / 500:.2f} × 500; one alone took {one * 1000:.0f} ms, so {rate * one / 60:.1f} of them at a time"
        )
        figure("reviews completed in a minute", f"{rate:.0f}", beside)
        took, times, completed = _review(qms, 50, 50)
        mean = sum(times) / len(times)
        limit = targets.mean_response.total_seconds()
        figure(
            "50 at once: mean response",
            f"{mean * 1000:.0f} ms",
            f"{mean / limit:.2f} × the target of {limit * 1000:.0f} ms",
        )
        figure("50 at once: responses", f"p95 {percentile(sorted(times), 0.95) * 1000:.0f} ms", spread(times))
        figure(
            "50 at once: completed",
            f"{completed} of 50",
            f"in {took:.1f} s; median start {median(times) * 1000:.0f} ms",
        )
