"""Health of a service."""

from __future__ import annotations

from enum import StrEnum

from .model import Model, Moment


class HealthStatus(StrEnum):
    """Whether a service can do its work."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """It answers, and something it needs does not."""
    UNHEALTHY = "unhealthy"


class DependencyHealth(Model):
    """Something the service needs."""

    name: str
    status: HealthStatus
    latency_ms: float | None = None
    """How long it took to answer; None if it did not."""
    detail: str | None = None


class Health(Model):
    """What ``/health`` answers."""

    service: str
    status: HealthStatus
    version: str
    time: Moment
    """By the service's own clock."""
    dependencies: list[DependencyHealth] = []
