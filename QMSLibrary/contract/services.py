"""The four services of a QMS."""

from __future__ import annotations

from enum import StrEnum


class Service(StrEnum):
    """A service of the QMS, in the order in which they are started."""

    ORCHESTRATION = "orchestration"
    DECISION = "decision"
    DASHBOARD = "dashboard"
    ESCALATION = "escalation"

    @property
    def default_port(self) -> int:
        """The port a QMS listens on unless told otherwise (the embedded environment takes free ones)."""
        return 8080 + list(Service).index(self)
