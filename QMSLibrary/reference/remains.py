"""What an environment that ended under its users leaves for people: its logs, and why it ended."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

DIED_SUFFIX: Final = ".died"
WHY_FILE: Final = "ended.txt"


def died_place(directory: Path, keeper: int) -> Path:
    """Where the logs of the environment in ``directory`` are kept when the keeper with this number ends too early."""
    return directory.with_name(f"{directory.name}.{keeper}{DIED_SUFFIX}")


def keep_logs(directory: Path, place: Path, why: str) -> None:
    """Move the logs out of ``directory`` to ``place``, with a line that says why. All of it is there at once.

    Does nothing when there are no logs, or when they have been kept already.
    """
    logs = directory / "logs"
    with suppress(OSError):
        (logs / WHY_FILE).write_text(f"{why}\n", encoding="utf-8")
        with suppress(FileNotFoundError):
            (directory / "keeper.log").rename(logs / "keeper.log")
        logs.rename(place)
