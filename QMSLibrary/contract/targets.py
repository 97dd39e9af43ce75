"""Figures that a QMS is held to. They are defaults: an environment may set its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from .model import Model, Seconds

Share = Annotated[float, Field(ge=0, le=1)]


class Targets(Model):
    """Limits for verdicts. Sources: the integration testing design, §2.2 and §2.3, unless said otherwise."""

    workflow_duration: Seconds = timedelta(hours=4)
    quality_score: float = 85.0
    stakeholder_satisfaction: float = 4.0
    coverage_percent: float = 80.0
    concurrent_workflows: int = 50
    mean_response: Seconds = timedelta(milliseconds=500)
    error_rate: Share = 0.01
    started_per_minute: float = 10.0
    completion_rate: Share = 0.95
    start_events_within: Seconds = timedelta(seconds=5)
    agreement_within: Seconds = timedelta(seconds=1)
