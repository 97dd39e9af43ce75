"""``qms report``: Make the report of a run that was killed, from what it left."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from . import WRONG_USAGE

NAME: Final = "report"
EXAMPLES: Final = """\
examples:
  qms report results/20260102T030405Z-1a2b

A run makes its report itself, also when it is stopped or killed. This is for one that was killed together with all its
processes, or was too large to be finished in the few seconds after its runner's end; its folder has an unfinished.txt.
What has not run is in the report as failed, with the reason.

exit codes: as `qms run`; 252 there is nothing to make a report of, or the run is still going on.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="the run's folder in results/")


def run(options: argparse.Namespace) -> int:
    """Robot's exit code."""
    from QMSLibrary.reports import plan

    from . import console, finish

    folder: Path = options.folder.resolve()
    if not folder.is_dir():
        fault = "is no folder" if folder.exists() else "does not exist"
        console.error(f"{options.folder} {fault}. Expected the folder of a run, like results/20260102T030405Z-1a2b.")
        return WRONG_USAGE
    try:
        found = plan.load(folder / "parts")
    except FileNotFoundError:
        there = "it has its report already" if (folder / "report.html").exists() else "it is no run's folder"
        console.error(f"There is nothing to make a report of in {options.folder}: {there}.")
        return WRONG_USAGE
    with finish.alone(folder) as alone:
        if not alone:
            console.error(f"The run in {options.folder} is still going on (process {found.runner}).")
            return WRONG_USAGE
        result, code = finish.finish(found, plan.left(found, folder / "parts"), folder)
    finish.summarise(result, folder, result.suite.elapsed_time.total_seconds())
    return code
