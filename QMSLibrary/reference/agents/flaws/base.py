"""What a flaw is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from QMSLibrary.contract.steps import Severity

if TYPE_CHECKING:
    from QMSLibrary.reference.agents.source import Module
    from QMSLibrary.reference.agents.values import Values


class FlawKind(Enum):
    """Who looks for it."""

    SECURITY = "security"
    PERFORMANCE = "performance"


class Found(NamedTuple):
    """Where a flaw is, and what is wrong there, in a sentence."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """A flaw that the agents know. Its severity follows from its nature, not from where it is found."""

    type: str
    """Stable identifier; the failure reason of the check it fails."""
    kind: FlawKind
    severity: Severity
    find: Callable[[Module, Values], Iterable[Found]]
    hints: tuple[str, ...]
    """A file without any of these words cannot have the flaw and is not looked into: most files have nothing."""
    cwe: str | None = None

    def may_be_in(self, content: str) -> bool:
        """Whether it is worth looking."""
        return any(hint in content for hint in self.hints)
