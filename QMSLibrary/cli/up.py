"""``qms up``: Start an environment and leave it running until `qms down`."""

from __future__ import annotations

import argparse
from typing import Final

NAME: Final = "up"
EXAMPLES: Final = """\
examples:
  qms up                      the reference QMS; suites started meanwhile use it
  qms up --name postgres      the environment described in variables/postgres.yaml
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument(
        "--name", "--environment", dest="name", default="embedded", help="which environment (default: embedded)"
    )


def run(options: argparse.Namespace) -> int:
    """0: it is up; 1: it cannot be started."""
    from QMSLibrary.environments import home
    from QMSLibrary.environments.files import EXISTING, describe

    from . import console, holder

    description = describe(options.name)
    if description.kind == EXISTING:
        console.error(f"{options.name!r} describes a QMS that is already running; there is nothing to start.")
        return 1
    folder = home.home()
    held_by = holder.holders(folder).get(description.name)
    if held_by is not None and holder.keeps_something(folder, held_by):
        console.say(f"{description.name} is up already. `qms status` shows it.")
        return 0
    if held_by is not None:
        console.say(f"{description.name} was up and its services have died since; starting them again.")
        holder.end(folder, description.name)
    answer = holder.start(options.name, folder)
    console.say(f"{console.paint(description.name, 'bold')} is up.")
    for line in console.table([(service, url) for service, url in answer["urls"].items()]):
        console.say(f"  {line}")
    console.say(f"Addresses and accounts: {answer['directory']}/environment.json (for your eyes alone)")
    console.say("`qms down` ends it.")
    return 0
