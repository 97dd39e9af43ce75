"""Where the lines and points of the page's pictures are. Templates draw them.

Everything is in percent of the picture, so that a picture fits any width without a script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi
from typing import Any, Final

from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import FAILED_STATE, PENDING_STATE, WorkflowState

from .words import STEPS

RADIUS: Final = 26
"""Of a stage's ring, in a picture of 64 × 64."""
_AROUND: Final = 2 * pi * RADIUS
_GRAIN: Final = 10
"""The trend's scale begins at a multiple of this."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pipeline: how many are there, and how many of them failed there."""

    key: str
    name: str
    here: int
    failed: int
    dash: str
    """``stroke-dasharray`` of the part of the ring that stands for those who are there."""
    failed_dash: str
    failed_offset: str


def stages(by_state: Mapping[str, int]) -> list[Stage]:
    """The four steps and the end, from how many workflows are in each state."""
    total = sum(by_state.values()) or 1
    counts = [
        (step.value, STEPS[step], by_state.get(PENDING_STATE[step], 0), by_state.get(FAILED_STATE[step], 0))
        for step in Step
    ]
    key, name, here, failed = counts[0]
    counts[0] = (key, name, here + by_state.get(WorkflowState.INITIALIZED, 0), failed)
    counts.append(("completed", "Completed", by_state.get(WorkflowState.COMPLETED, 0), 0))
    return [_stage(*count, total) for count in counts]


def _stage(key: str, name: str, here: int, failed: int, total: int) -> Stage:
    mine, bad = here / total * _AROUND, failed / total * _AROUND
    return Stage(key, name, here, failed, f"{mine:.2f} {_AROUND:.2f}", f"{bad:.2f} {_AROUND:.2f}", f"{-mine:.2f}")


@dataclass(frozen=True, slots=True)
class Point:
    """A completed review on the trend."""

    x: float
    y: float
    score: float
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trend:
    """A line over time."""

    points: tuple[Point, ...]
    ticks: tuple[tuple[float, int], ...]
    """Height and value of each line of the scale."""
    target: float
    """Height of the target."""

    @property
    def line(self) -> str:
        """For ``points`` of a polyline in a picture of 100 × 100."""
        return " ".join(f"{one.x:.2f},{one.y:.2f}" for one in self.points)

    @property
    def area(self) -> str:
        """The same, closed at the bottom."""
        if not self.points:
            return ""
        return f"{self.points[0].x:.2f},100 {self.line} {self.points[-1].x:.2f},100"


def trend(data: Sequence[Mapping[str, Any]], target: float) -> Trend:
    """The quality scores (0–100) of ``data``, oldest first, spread evenly; those without a score are left out."""
    scored = [one for one in data if one.get("quality_score") is not None]
    lowest = min([*(one["quality_score"] for one in scored), target], default=0)
    bottom = max(0, int(lowest // _GRAIN * _GRAIN) - (_GRAIN if lowest % _GRAIN < 3 else 0))

    def height(value: float) -> float:
        return round((100 - value) / (100 - bottom) * 100, 2)

    last = len(scored) - 1
    points = tuple(
        Point(round(number / last * 100, 2) if last else 50.0, height(one["quality_score"]), one["quality_score"], one)
        for number, one in enumerate(scored)
    )
    step = _GRAIN if 100 - bottom <= 4 * _GRAIN else 2 * _GRAIN
    ticks = tuple((height(value), value) for value in range(100, bottom - 1, -step))
    return Trend(points, ticks, height(target))


def share(part: float, whole: float) -> float:
    """Percent, 0 to 100, that ``part`` is of ``whole``."""
    return round(min(max(part / whole, 0), 1) * 100, 2) if whole else 0.0
