"""What a check comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from QMSLibrary.contract.services import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether something is as it must be, in words that a tester can act on."""

    title: str
    """What was checked: ``The step dor_validation of workflow wf-1``."""
    passed: bool
    expected: str
    actual: str
    blame: Service | None = None
    """The service that did not do its part; None when it passed or none can be named."""
    look_at: str = ""
    """What to look at next."""

    @property
    def message(self) -> str:
        """The whole in words."""
        if self.passed:
            return f"{self.title}: {self.actual}"
        lines = [f"{self.title}: not as expected.", f"Expected: {self.expected}", f"Seen: {self.actual}"]
        if self.blame is not None:
            lines.append(f"Service to blame: {self.blame}")
        if self.look_at:
            lines.append(f"Look at: {self.look_at}")
        return "\n".join(lines)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for several: the first that failed, with the others' failures told in it; else the last.

    Raises ValueError for no verdict at all: nothing checked is not passed.
    """
    every = list(verdicts)
    if not every:
        raise ValueError("Nothing was checked.")
    failed = [one for one in every if not one.passed]
    if not failed:
        return every[-1]
    first, *others = failed
    if not others:
        return first
    also = "".join(f"\nAlso: {one.title}: expected {one.expected}; seen {one.actual}" for one in others)
    return Verdict(
        title=first.title,
        passed=False,
        expected=first.expected,
        actual=first.actual + also,
        blame=first.blame,
        look_at=first.look_at,
    )


def listed(items: Iterable[object], none: str = "nothing") -> str:
    """Things in a row, for a message."""
    return ", ".join(str(item) or "an empty text" for item in items) or none
