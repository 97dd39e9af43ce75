"""Finishes a run whose runner was killed: makes the report of what there is, within a few seconds, and ends.

A process of its own (``python heir.py FOLDER GUARDS``), in a session of its own. Until it is needed it has loaded
nothing beyond the standard library. Two pipes tell it what is the matter:

- Standard input, whose other end the runner alone holds. A byte: the run has ended as it should. Its end: the runner is
  gone.
- The one with the number GUARDS, whose other end the runner and its guards hold. Its end: the guards are gone as well,
  and so is every Robot process.

What takes longer than LIMIT is given up: five seconds after its runner nothing of a run may be alive. Then the parts
stay, and the text beside them says how to make the report by hand.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

LIMIT: Final = 4.5
"""Seconds after the runner's end."""


class Heir:
    """The runner's side: starts it, and tells it that it is not needed."""

    def __init__(self, folder: Path) -> None:
        read, self.guards = os.pipe()
        """The end of the pipe that guards hold."""
        package_root = str(Path(__file__).parents[2])
        variables = dict(os.environ)
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, [package_root, variables.get("PYTHONPATH")]))
        try:
            with (folder / "parts" / "heir.log").open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", __file__, str(folder), str(read)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=[read],
                    env=variables,
                    start_new_session=True,
                )
        finally:
            os.close(read)

    def dismiss(self) -> None:
        """The run has ended as it should."""
        with suppress(BrokenPipeError):
            self._process.communicate(b"d")
        os.close(self.guards)


def main(folder: Path, guards: int, limit: float = LIMIT) -> int:
    """Wait until the runner has ended; finish its run if it had not."""
    if os.read(0, 1):
        return 0
    # By the kernel, whatever is going on then.
    signal.setitimer(signal.ITIMER_REAL, limit)
    # The guards are ending the Robot processes: time to load what will be needed.
    from robot.reporting import ResultWriter  # noqa: F401
    from robot.result import ExecutionResult  # noqa: F401

    from QMSLibrary.cli import finish
    from QMSLibrary.reports import plan

    found = plan.load(folder / "parts")
    os.read(guards, 1)
    with finish.alone(folder) as alone:
        if alone:
            if found.logs is not None:
                finish.copy_logs(found.logs, folder)
            finish.finish(found, plan.left(found, folder / "parts"), folder, metrics=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
