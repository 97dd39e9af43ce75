"""How the page calls things: states, roles, times and figures in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from QMSLibrary.contract.dashboard import View, Widget
from QMSLibrary.contract.escalations import EscalationLevel
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import WorkflowState

S = WorkflowState
ROLES: Final = {Role.DEVELOPER: "developer", Role.QA_LEAD: "QA lead", Role.MANAGER: "manager", Role.ADMIN: "admin"}
STEPS: Final = {
    Step.DOR_VALIDATION: "Ready check",
    Step.PROGRESS_REVIEWS: "Reviews",
    Step.DOD_VALIDATION: "Done check",
    Step.FINAL_REVIEW: "Final review",
}
STATES: Final[dict[WorkflowState, tuple[str, str]]] = {
    # What is said, and in which tone: calm, good, warn or bad.
    S.INITIALIZED: ("Queued", "calm"),
    S.DOR_PENDING: ("Ready check", "calm"),
    S.DOR_FAILED: ("Ready check failed", "bad"),
    S.PROGRESS_PENDING: ("In review", "calm"),
    S.PROGRESS_BLOCKED: ("Review blocked", "bad"),
    S.DOD_PENDING: ("Done check", "calm"),
    S.DOD_FAILED: ("Done check failed", "bad"),
    S.FINAL_PENDING: ("Final review", "calm"),
    S.FINAL_REJECTED: ("Rejected", "bad"),
    S.COMPLETED: ("Completed", "good"),
    S.ERROR: ("Error", "bad"),
}
SEVERITIES: Final = {
    "critical": ("Critical", "bad"), "high": ("High", "bad"), "medium": ("Medium", "warn"), "low": ("Low", "calm"),
}  # fmt: skip
LEVELS: Final = {
    EscalationLevel.L0_CRITICAL.value: ("Critical", "bad"),
    EscalationLevel.L1_IMMEDIATE.value: ("Immediate", "bad"),
    EscalationLevel.L2_URGENT.value: ("Urgent", "warn"),
    EscalationLevel.L3_STANDARD.value: ("Standard", "calm"),
}
ALERT_STATES: Final = {
    "active": ("Open", "warn"), "acknowledged": ("Acknowledged", "calm"), "resolved": ("Resolved", "good"),
    "closed": ("Closed", "good"),
}  # fmt: skip
HEALTHS: Final = {
    "healthy": ("Healthy", "good"), "degraded": ("Slow", "warn"), "unhealthy": ("Not well", "bad"),
    "unknown": ("Unknown", "calm"),
}  # fmt: skip
VIEWS: Final = {
    View.EXECUTIVE: ("Executive", "How good the work is, and what wants a decision."),
    View.OPERATIONAL: ("Operations", "What runs now, who does it, and what is stuck."),
    View.DEVELOPER: ("Developers", "Where your pull requests are, and why."),
    View.QA: ("Quality assurance", "What passes, what fails, and what wants somebody."),
}
TITLES: Final[dict[str, str]] = {
    Widget.WORKFLOW_PIPELINE: "Reviews",
    Widget.QUALITY_TREND: "Quality",
    Widget.ACTIVE_ALERTS: "Alerts",
    Widget.ESCALATIONS: "Escalations",
    Widget.AGENT_STATUS: "Agents",
    Widget.QUEUE_DEPTH: "Waiting",
    Widget.LOAD_DISTRIBUTION: "Who was given how much",
    Widget.ROUTING_HISTORY: "Routing decisions",
}
_IDENTIFIER: Final = re.compile(r"(?<![\w./-])[a-z]+(?:_[a-z]+)+(?![\w/-]|\.\w)")
_UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def moment_of(value: datetime | str) -> datetime:
    """A time in UTC, from one or from its text on the wire."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC)


def ago(moment: datetime, now: datetime) -> str:
    """How long ago (or ahead) it is: ``3 minutes ago``, ``in 2 hours``, ``just now``."""
    seconds = (now - moment).total_seconds()
    for size, unit in _UNITS:
        count = int(abs(seconds) // size)
        if count and not (unit == "second" and count < 5):
            amount = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "just now"


def exact(moment: datetime) -> str:
    """``24 November 2026, 20:41:07 UTC``."""
    return f"{moment.day} {moment:%B %Y, %H:%M:%S} UTC"


def counted(count: int, one: str, many: str | None = None) -> str:
    """``1 alert``, ``2 alerts``, ``no alerts``."""
    if count == 1:
        return f"1 {one}"
    return f"{count or 'no'} {many or one + 's'}"


def figure(value: float | None, digits: int = 1) -> str:
    """A number as people write it: without zeros that say nothing; a dash when there is none."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(text: str | None) -> str:
    """The QMS's own identifiers in it as words (``sql_injection`` as ``sql injection``); paths stay as they are."""
    return _IDENTIFIER.sub(lambda found: found[0].replace("_", " "), text or "")
