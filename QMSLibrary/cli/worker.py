"""Runs Robot for pabot: ``python worker.py FOLDER ROBOT-ARGUMENTS…``, in FOLDER.

Pabot wants `robot` on PATH and leaves a file in the folder that it is started in. With this as its command, it needs no
PATH, can be started elsewhere, and the suites still run where the user is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(folder: str, arguments: list[str]) -> None:
    """Run Robot; it ends the process with its exit code."""
    # If pabot is killed, stop as if the user had asked to: what has run is written down.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    os.chdir(folder)
    from robot.run import run_cli

    run_cli(arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
