"""How many reviews the reference QMS completes in a minute, and how it bears fifty at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from QMSLibrary.client.qms import QMS
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.targets import Targets
from QMSLibrary.contract.workflows import WorkflowRequest, WorkflowState
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

    begun = time.perf_counter()
    with ThreadPoolExecutor(at_once) as threads:
        ids = set(threads.map(start, requests))
    while True:
        since = hub.now()
        states = {one.id: one.state for one in qms.orchestration.workflows(role=Role.DEVELOPER) if one.id in ids}
        ended = [state for state in states.values() if state not in _GOING_ON]
        if len(ended) == count or time.perf_counter() - begun > 120:
            break
        hub.sleep(since, 0.25)
        time.sleep(0.1)  # not a wait for something: keeps the measuring from loading what is measured
    return time.perf_counter() - begun, times, sum(state is WorkflowState.COMPLETED for state in ended)


_GOING_ON = {
    WorkflowState.INITIALIZED,
    WorkflowState.DOR_PENDING,
    WorkflowState.PROGRESS_PENDING,
    WorkflowState.DOD_PENDING,
    WorkflowState.FINAL_PENDING,
}


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
