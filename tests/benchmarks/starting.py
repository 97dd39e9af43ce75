"""How soon a QMS is there, and what the library's import costs."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from QMSLibrary import environments

from .figures import figure, seconds, spread, title

_RUNS = 5
# Where a module ends up in sys.modules tells whether it was imported.
_HEAVY = ("docker", "faker", "locust", "fastapi", "sqlalchemy", "tree_sitter")
_PROBE = """
import sys, time
import robot.running, robot.libraries.BuiltIn, robot.api
begun = time.perf_counter()
from QMSLibrary import QMSLibrary
QMSLibrary()
took = time.perf_counter() - begun
heavy = [name for name in %r if name in sys.modules]
print(took, ",".join(heavy) or "none")
"""


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def run() -> None:
    """Print the figures."""
    title("Starting")
    imports, heavy = [], set()
    for _ in range(_RUNS):
        took, found = _python(_PROBE % (_HEAVY,)).split()
        imports.append(float(took))
        heavy.add(found)
    robot = [float(_python("import time; b=time.perf_counter(); import robot.running; print(time.perf_counter()-b)"))
             for _ in range(_RUNS)]  # fmt: skip
    figure(
        "library import on top of Robot's own", spread(imports), f"{median(imports) / median(robot):.2f} × Robot's own"
    )
    figure("heavy modules imported with it", ", ".join(sorted(heavy)))

    bare = [seconds(lambda: _python("import fastapi, uvicorn, sqlalchemy")) for _ in range(_RUNS)]
    starts = []
    for _ in range(_RUNS):
        used: list[environments.Environment] = []
        starts.append(seconds(lambda: used.append(environments.use("embedded", own=True))))  # noqa: B023
        used[0].release()
    ratio = median(starts) / median(bare)
    figure("four services healthy after", spread(starts), f"{ratio:.2f} × one process importing FastAPI and SQLAlchemy")
