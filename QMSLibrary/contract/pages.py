"""The dashboard's web page: its addresses, what its forms send, and the marks by which things are found on it.

The page is for people, so it is no part of the OpenAPI document. What is written here is what a test may rely on.
"""

from __future__ import annotations

from typing import Final

from .dashboard import View
from .roles import Role

HOME: Final = "/"
"""Leads to the view that fits the role, or to the log-in."""
LOG_IN: Final = "/log-in"
LOG_OUT: Final = "/log-out"
THEME: Final = "/theme"
VIEW: Final = "/dashboard/{view}"
CARD: Final = "/dashboard/{view}/cards/{card}"
"""One card of a view as it is now: what the page's script puts in the place of the old one."""
ACT_ON_ALERT: Final = "/dashboard/alerts/{alert_id}/{act}"
CONFIGURE: Final = "/dashboard/widgets/{widget}/config"
STATIC: Final = "/static/{name}"

THEME_COOKIE: Final = "qms_theme"
CSRF_FIELD: Final = "csrf"
"""Every form but the log-in's sends it; it belongs to one session."""
SUMMARY: Final = "summary"
"""The card with the figures at the top; the other cards are called as their widgets."""

VIEW_OF_ROLE: Final[dict[Role, View]] = {
    Role.DEVELOPER: View.DEVELOPER,
    Role.QA_LEAD: View.QA,
    Role.MANAGER: View.EXECUTIVE,
    Role.ADMIN: View.OPERATIONAL,
}
"""Where ``/`` leads."""

# Marks: attributes in the page's HTML that say what something is, whatever it looks like.
CARD_MARK: Final = "data-card"
"""On each card: ``summary`` or its widget."""
ALERT_MARK: Final = "data-alert"
"""On each alert: its id. Beside it ``data-state``."""
ESCALATION_MARK: Final = "data-escalation"
"""On each escalation: its id. Beside it ``data-state``."""
WORKFLOW_MARK: Final = "data-workflow"
"""On each workflow: its id. Beside it ``data-state``."""
STATE_MARK: Final = "data-state"
MESSAGE_MARK: Final = "data-message"
"""On what the page says of something that was done or refused."""
CONNECTION_MARK: Final = "data-connection"
"""On the page's body: ``live``, ``lost``, ``connecting``, ``off`` (without the script)."""
SEQUENCE_MARK: Final = "data-sequence"
"""On each of the latest changes: its number on the live stream."""
