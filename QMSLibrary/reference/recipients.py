"""Where it is written who is told of an escalation, and through which receivers. Light: the keeper reads it first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

STAKEHOLDERS_VARIABLE: Final = "QMS_STAKEHOLDERS"
"""The environment variable that names a file of stakeholders instead of the built-in one."""
STAKEHOLDERS: Final = Path(__file__).with_name("escalation") / "stakeholders.yaml"
RECEIVERS_VARIABLE: Final = "QMS_NOTIFICATION_RECEIVERS"
"""The one that names a file of receivers."""
