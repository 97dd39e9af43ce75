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
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("what", choices=["api", "keywords"], help="api: OpenAPI documents; keywords: for testers")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to (default: docs/api and docs)")


def run(options: argparse.Namespace) -> int:
    """0: written; 1: it cannot be."""
    from . import console

    try:
        written = _api(options.to) if options.what == "api" else _keywords(options.to)
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
