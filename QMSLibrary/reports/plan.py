"""What a run is to do, written down at its start: with it, others can make the report should the runner be killed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .merge import Part

if TYPE_CHECKING:
    from robot.running import TestSuite

FILE: Final = "plan.json"
_REASON_FILE: Final = "reason.txt"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run."""

    name: str
    """Of the top suite."""
    source: Path
    planned: Mapping[str, TestSuite]
    """The tests of each category, in the order in which they run."""
    metadata: Mapping[str, str]
    """What the report says about the run as a whole."""
    logs: Path | None
    """Where the services' logs are while the environment lives; None when it is not ours."""
    runner: int
    """The process that runs it."""

    def save(self, parts: Path) -> None:
        """Write it into the folder of the run's parts."""
        content = {
            "name": self.name,
            "source": str(self.source),
            "planned": {name: suite.to_json() for name, suite in self.planned.items()},
            "metadata": dict(self.metadata),
            "logs": str(self.logs) if self.logs else None,
            "runner": self.runner,
        }
        parts.mkdir(exist_ok=True)
        (parts / FILE).write_text(json.dumps(content), encoding="utf-8")


def load(parts: Path) -> Plan:
    """Read it again. Raises FileNotFoundError when there is none."""
    from robot.running import TestSuite

    content = json.loads((parts / FILE).read_text(encoding="utf-8"))
    return Plan(
        name=content["name"],
        source=Path(content["source"]),
        planned={name: TestSuite.from_json(suite) for name, suite in content["planned"].items()},
        metadata=content["metadata"],
        logs=Path(content["logs"]) if content["logs"] else None,
        runner=content["runner"],
    )


def outputs_of(category: Path) -> list[Path]:
    """The outputs of all Robot processes of a category, in the order in which pabot began them."""
    return sorted(category.glob("*/pabot_results/**/output.xml"), key=lambda path: _number(path.parent.name))


def done(category: Path, reason: str) -> None:
    """Write down that a category has come to its end, and why what has not run of it has not."""
    (category / _REASON_FILE).write_text(reason, encoding="utf-8")


def left(plan: Plan, parts: Path) -> list[Part]:
    """What each category has left when its runner is gone."""
    found = []
    for name, planned in plan.planned.items():
        try:
            reason = (parts / name / _REASON_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            reason = f"The runner was killed: `qms run` (process {plan.runner}) ended before the run did."
        found.append(Part(planned, outputs_of(parts / name), reason))
    return found


def _number(name: str) -> int:
    return int(name) if name.isdigit() else 0
