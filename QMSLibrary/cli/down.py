"""``qms down``: End what `qms up` started."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from QMSLibrary.environments.home import EndWatch

NAME: Final = "down"
EXAMPLES: Final = """\
examples:
  qms down                  everything that is up
  qms down --name embedded  this one
  qms down --force          also if somebody else still uses it
"""
_PATIENCE: Final = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--name", "--environment", dest="name", help="which environment (default: all)")
    parser.add_argument("--force", action="store_true", help="end it although it is still used")


def run(options: argparse.Namespace) -> int:
    """0: it is down; 1: there is no such one, or somebody else still uses it; 252: an empty name."""
    import os
    import signal

    from QMSLibrary.environments import control, home

    from . import WRONG_USAGE, console, holder

    if options.name is not None and not options.name.strip():
        console.error("--name is empty. Expected an environment's name; `qms status` lists them. Without it, all end.")
        return WRONG_USAGE
    folder = home.home()
    home.sweep(folder)
    up = holder.holders(folder)
    wanted = [options.name] if options.name else list(up)
    if options.name and options.name not in up and not options.force:
        console.error(f"{options.name!r} is not up. Up: {', '.join(up) or 'nothing'}.")
        return 1
    shared = [one for one in home.directories(folder) if "-own-" not in one.name]
    mine = [one for one in shared if not wanted or _name(one) in wanted]
    watches = {directory: home.EndWatch(directory) for directory in mine}
    for name in wanted:
        if name in up:
            os.kill(up[name], signal.SIGTERM)
    if options.force:
        for directory in mine:
            control.ask(directory, "end")
    holding = list(up.values())
    left = [directory for directory, watch in watches.items() if wanted and not _ended(directory, watch, holding)]
    for directory in left:
        console.error(f"{_name(directory)} stays: it is used by {_used_by(directory)}. `qms down --force` ends it.")
    if not wanted and not (options.force and mine):
        console.say("Nothing is up.")
    elif not left:
        console.say(f"{', '.join(wanted) or 'Everything'} is down.")
    return 1 if left else 0


def _name(directory: Path) -> str:
    return directory.name.rpartition("-")[0]


def _ended(directory: Path, watch: EndWatch, holders: list[int]) -> bool:
    """Wait until it is gone; not when somebody other than the holders uses it."""
    import time

    from QMSLibrary.environments import home

    deadline = time.monotonic() + _PATIENCE
    while not watch.ended():
        others = set(home.users(directory)) - set(holders)
        if others or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _used_by(directory: Path) -> str:
    from QMSLibrary.environments import home

    from .status import command_of

    return ", ".join(f"{pid} ({command_of(pid)})" for pid in home.users(directory)) or "nobody, but it does not end"
