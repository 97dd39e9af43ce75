"""Who may do what."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """A person's role. Each one includes those before it."""

    DEVELOPER = "developer"
    QA_LEAD = "qa_lead"
    MANAGER = "manager"
    ADMIN = "admin"

    def includes(self, needed: Role) -> bool:
        """Whether somebody with this role may do what ``needed`` may do."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


# Services prove themselves with a role of their own. It is no person's role, so it is not in the ladder above.
SERVICE_ROLE: Final = "service"
# So does an agent that is a process of its own: it reads what it reviews, and answers in its own name.
AGENT_ROLE: Final = "agent"
CODE_HOST_ROLE: Final = "code_host"
"""For the audit trail: somebody whom the code host vouches for. It is no role of ours and allows nothing."""
