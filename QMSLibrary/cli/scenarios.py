"""``qms scenarios``: List the scenarios, or check them without running anything."""

from __future__ import annotations

import argparse
from typing import Final

from QMSLibrary.formats.counts import counted

NAME: Final = "scenarios"
EXAMPLES: Final = """\
examples:
  qms scenarios                           what there is in resources/scenarios, and what each one shows
  qms scenarios check                     whether all of them are sound
  qms scenarios check mine.yaml other     whether these are: files, or names

A scenario is run by a suite: `Run Scenario    normal_pull_request`.

exit codes: 0 all are sound; 1 at least one is not, and every mistake is told with its file, line and column.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is to be done, and with which scenarios."""
    parser.add_argument(
        "what", nargs="?", choices=["list", "check"], default="list", help="list (the default) or check"
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="names or YAML files (default: all there are)")


def run(options: argparse.Namespace) -> int:
    """0: all are sound; 1: at least one is not."""
    from QMSLibrary.scenarios import ScenarioError, files
    from QMSLibrary.scenarios.loading import load

    from . import console

    wanted: list[str] = options.scenarios or [str(path) for path in files().values()]
    if not wanted:
        console.error("There is no scenario here. Go to the project's folder, or name a YAML file.")
        return 1
    rows, wrong = [("name", "needs", "what it shows")], 0
    for name in wanted:
        try:
            loaded = load(name)
        except ScenarioError as error:
            wrong += 1
            console.error(str(error))
            continue
        needs = ", ".join(loaded.scenario.required()) or "-"
        if options.what == "check":
            steps = sum(1 for _ in loaded.scenario.all_parts())
            console.say(f"{console.paint('ok', 'green')}  {loaded.id}  {counted(steps, 'step')}")
        rows.append((loaded.id, needs, loaded.scenario.description))
    if options.what == "list" and len(rows) > 1:
        for row in console.table(rows):
            console.say(row)
    return int(bool(wrong))
