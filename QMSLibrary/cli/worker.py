"""Runs Robot for pabot: ``python -m QMSLibrary.cli.worker ROBOT-ARGUMENTS…``, in the folder that the variable names.

Pabot leaves a file in the folder that it is started in. With this as its command it can be started elsewhere, and the
suites still run where the user is. Pabot splits its command at spaces, so nothing in it may be a path.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

FOLDER_VARIABLE: Final = "QMS_WORKER_FOLDER"
PR_SET_PDEATHSIG: Final = 1


def main(folder: str, arguments: list[str]) -> None:
    """Run Robot; it ends the process with its exit code."""
    # If pabot is killed, stop as if the user had asked to: what has run is written down.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    os.chdir(folder)
    from robot.run import run_cli

    run_cli(arguments)


if __name__ == "__main__":
    main(os.environ.pop(FOLDER_VARIABLE), sys.argv[1:])
