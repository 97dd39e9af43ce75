"""Figures for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from QMSLibrary.contract.services import Service

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """A registry of its own for each service: several of them may be made in one process."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "qms_requests", "Requests answered", ["service", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "qms_request_seconds", "Time to answer", ["service", "route"], buckets=_BUCKETS, registry=self.registry
        )
        self._events = Gauge(
            "qms_event_log_position", "Position of the newest event", ["service"], registry=self.registry
        )
        self._undelivered = Gauge(
            "qms_undelivered_rows", "Rows a courier has yet to pass", ["service", "courier"], registry=self.registry
        )
        self._labels: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._service = service.value

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        known = self._labels.get((route, status))
        if known is None:
            # Looking up labels costs more than counting, so the children are kept.
            known = (
                self._requests.labels(self._service, route, str(status)),
                self._seconds.labels(self._service, route),
            )
            self._labels[route, status] = known
        known[0].inc()
        known[1].observe(seconds)

    def text(self, position: int, behind: dict[str, int]) -> bytes:
        """All figures in Prometheus' text format."""
        self._events.labels(self._service).set(position)
        for courier, rows in behind.items():
            self._undelivered.labels(self._service, courier).set(rows)
        return generate_latest(self.registry)
