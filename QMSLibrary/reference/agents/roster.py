"""The agents that there are. A new one is a file and a line."""

from __future__ import annotations

from typing import Final

from .base import Agent
from .code_reviewer import AGENT as CODE_REVIEWER
from .dod_validator import AGENT as DOD_VALIDATOR
from .dor_validator import AGENT as DOR_VALIDATOR
from .quality_coordinator import AGENT as QUALITY_COORDINATOR
from .security_scanner import AGENT as SECURITY_SCANNER
from .testing_specialist import AGENT as TESTING_SPECIALIST

ROSTER: Final[dict[str, Agent]] = {
    agent.role: agent
    for agent in (
        DOR_VALIDATOR,
        CODE_REVIEWER,
        TESTING_SPECIALIST,
        SECURITY_SCANNER,
        DOD_VALIDATOR,
        QUALITY_COORDINATOR,
    )
}
"""By role."""
