"""``qms docs``: Write the documents that are made from the code."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

NAME: Final = "docs"
EXAMPLES: Final = """\
examples:
  qms docs api                   docs/api/<service>.json, from the contract
  qms docs keywords              docs/keywords.html, every keyword with its arguments and an example
  qms docs keywords --to build   build/keywords.html
  qms docs scenarios             docs/scenario.schema.json, with which editors complete and check scenarios
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("what", choices=["api", "keywords", "scenarios"], help="what to write")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to (default: docs/api and docs)")


def run(options: argparse.Namespace) -> int:
    """0: written; 1: it cannot be."""
    from . import console

    try:
        written = {"api": _api, "keywords": _keywords, "scenarios": _scenarios}[options.what](options.to)
    except OSError as error:
        console.error(f"{error.filename or 'The folder'} cannot be written: {error.strerror}")
        return 1
    for path in written:
        console.say(str(path))
    return 0


def _api(folder: Path | None) -> list[Path]:
    from .docs import write_api

    return write_api(folder or Path("docs/api"))


def _keywords(folder: Path | None) -> list[Path]:
    from robot.libdoc import libdoc

    path = (folder or Path("docs")) / "keywords.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    libdoc("QMSLibrary", str(path), quiet=True)
    return [path]


def _scenarios(folder: Path | None) -> list[Path]:
    from QMSLibrary.scenarios import schema

    path = (folder or Path("docs")) / "scenario.schema.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema.text(), encoding="utf-8")
    return [path]
