"""What an environment that ended under its users leaves: its logs, and why it ended. Kept for a day.

The keeper and its janitor have the same names for it.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

DIED_SUFFIX: Final = ".died"
WHY_FILE: Final = "ended.txt"
KEPT_FOR: Final = 24 * 3600.0
"""Seconds."""


def died_place(directory: Path, keeper: int) -> Path:
    """Where the logs of the environment in ``directory`` are, once the keeper with this number has ended too early."""
    return directory.with_name(f"{directory.name}.{keeper}{DIED_SUFFIX}")


def why(place: Path, patience: float) -> str | None:
    """What was written about the end; None when nothing is there after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while True:
        with suppress(FileNotFoundError):
            return (place / WHY_FILE).read_text(encoding="utf-8").strip()
        if time.monotonic() > deadline:
            return None
        time.sleep(0.01)


def remove(directory: Path) -> None:
    """Remove an environment whose keeper and janitor were both killed. Its logs are kept if it was ever ready."""
    logs = directory / "logs"
    with suppress(OSError, ValueError, LookupError):
        keeper = json.loads((directory / "environment.json").read_text(encoding="utf-8"))["pid"]
        (logs / WHY_FILE).write_text(
            f"its keeper (process {keeper}) and the janitor behind it were killed\n", encoding="utf-8"
        )
        with suppress(FileNotFoundError):
            (directory / "keeper.log").rename(logs / "keeper.log")
        logs.rename(died_place(directory, keeper))
    shutil.rmtree(directory, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what has been kept long enough."""
    for place in folder.glob(f"*{DIED_SUFFIX}"):
        with suppress(FileNotFoundError):
            if time.time() - place.stat().st_mtime > KEPT_FOR:
                shutil.rmtree(place, ignore_errors=True)
