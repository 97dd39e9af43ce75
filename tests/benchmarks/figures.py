"""Printing figures, and the reference QMS that they are measured on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from QMSLibrary import environments
from QMSLibrary.client.qms import QMS
from QMSLibrary.history.journal import Journal


def title(text: str) -> None:
    """A heading."""
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def figure(name: str, value: str, beside: str = "") -> None:
    """A line: what was measured, and what it is measured against."""
    print(f"  {name:<48} {value:>14}   {beside}", flush=True)


def seconds(work: Callable[[], Any]) -> float:
    """How long ``work`` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def spread(values: Sequence[float], unit: str = "ms", scale: float = 1000.0) -> str:
    """Minimum, median and maximum."""
    low, middle, high = min(values) * scale, median(values) * scale, max(values) * scale
    return f"min {low:.1f}, median {middle:.1f}, max {high:.1f} {unit} over {len(values)}"


@contextmanager
def reference_qms() -> Iterator[QMS]:
    """A reference QMS of one's own, without the library's log."""
    with environments.use("embedded", own=True) as environment:
        qms = QMS(environment.connection, Journal())
        try:
            yield qms
        finally:
            qms.close()
