"""Robot on a small suite, as a tester runs it, with the embedded reference QMS."""

import os
import subprocess
import sys
from pathlib import Path

from robot.api import ExecutionResult

ROOT = Path(__file__).parents[3]


def start(folder, suite, *options):
    file = folder / "suite.robot"
    file.write_text("*** Settings ***\nLibrary    QMSLibrary    environment=embedded\n" + suite)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QMS_ENV")}
    return subprocess.Popen(
        [sys.executable, "-m", "robot", "--outputdir", str(folder / "out"), *options, str(file)],
        cwd=ROOT,
        env={**environment, "QMS_HISTORY_DIR": str(folder / "history")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(folder, suite, *options):
    process = start(folder, suite, *options)
    output, _ = process.communicate(timeout=150)
    result = ExecutionResult(str(folder / "out" / "output.xml"))
    return {test.name: test for test in result.suite.all_tests}, output
