"""Response times and throughput, computed from the history: exact, never from buckets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from .entries import Act, Outcome

NOT_COUNTED = frozenset({"log_in", "health"})
"""Acts of the library itself: they say nothing about the work that a tester measures."""


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Figures over a set of acts. Times in milliseconds; all None-free: without an act there are no figures."""

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    max: float
    error_rate: float
    """0..1: the share of acts that failed. A refusal is an answer, not an error."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` (0..1) of them do not exceed (nearest rank, a value that was
    really seen).

    Raises ValueError without values, or for a share outside 0..1.
    """
    if not values:
        raise ValueError("There is no percentile of nothing.")
    if not 0 <= share <= 1:
        raise ValueError(f"A share is between 0 and 1, and {share} is not.")
    # Rounding first: 0.95 * 20 is 19.000000000000004 to a computer.
    return sorted(values)[max(ceil(round(share * len(values), 9)), 1) - 1]


def response_times(acts: Iterable[Act]) -> ResponseTimes | None:
    """The figures of ``acts``; None when there is nothing to measure. The library's own log-ins do not count."""
    counted = [act for act in acts if act.action not in NOT_COUNTED]
    if not counted:
        return None
    times = sorted(act.duration_ms for act in counted)
    failed = sum(act.outcome is Outcome.FAILED for act in counted)
    return ResponseTimes(
        count=len(times),
        mean=sum(times) / len(times),
        p50=percentile(times, 0.50),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        max=times[-1],
        error_rate=failed / len(times),
    )


def started_per_minute(acts: Iterable[Act], action: str = "start_workflow") -> float | None:
    """How many acts of ``action`` were done per minute, from the first one sent to the last one answered.

    None when none was done.
    """
    done = [act for act in acts if act.action == action and act.outcome is Outcome.DONE]
    if not done:
        return None
    took = max(act.answered for act in done) - min(act.sent for act in done)
    return len(done) / max(took, timedelta(milliseconds=1)).total_seconds() * 60
