"""Runs the tests of many Python repositories under pytest and coverage.py, in one process that forks for each.

``python data_python.py FOLDER…`` prints a JSON list: for each folder whether its tests are green, what they said, and
for each file of ``app/`` its statements, the missed lines, and the missed lines by the test that ran.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Lines:
    """What coverage.py says about a file."""

    statements: int
    missed: tuple[int, ...]


@dataclass(frozen=True)
class Run:
    """What came of the tests in one repository."""

    green: bool
    said: str
    files: dict[str, Lines]

    def share(self, paths: Sequence[str]) -> float:
        """Percent of the statements of these files that ran."""
        files = [self.files[path] for path in paths]
        return 100 - 100 * sum(len(file.missed) for file in files) / sum(file.statements for file in files)


def run_tests(folders: Sequence[Path]) -> list[Run]:
    """Run them all. No user's site, plugins or configuration has a say."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, __file__, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return [
        Run(
            found["green"],
            found["said"],
            {path: Lines(one["statements"], tuple(one["missed"])) for path, one in found["files"].items()},
        )
        for found in json.loads(done.stdout)
    ]


def _run_one(folder: str) -> dict[str, Any]:
    import coverage
    import pytest

    os.chdir(folder)
    sys.path.insert(0, folder)
    measured = coverage.Coverage(source=["app"], data_file=None, config_file=False)
    said = io.StringIO()
    measured.start()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(["-q", "-W", "error", "-p", "no:cacheprovider", "tests"])
    measured.stop()
    files = {}
    for path in sorted(Path("app").rglob("*.py")):
        _, statements, _, missed, _ = measured.analysis2(str(path))
        files[path.as_posix()] = {"statements": len(statements), "missed": missed}
    return {"green": code == 0, "said": said.getvalue()[-3000:], "files": files}


def _main() -> None:
    import coverage  # noqa: F401 - once, before the forks
    import pytest  # noqa: F401

    results = []
    for folder in sys.argv[1:]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                json.dump(_run_one(folder), pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            results.append(json.loads(pipe.read()))
        os.waitpid(child, 0)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    _main()
