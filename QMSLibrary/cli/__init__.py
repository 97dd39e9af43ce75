"""The ``qms`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from QMSLibrary.version import VERSION

WRONG_USAGE: Final = 252
"""As with Robot: nothing was done, because what was asked for cannot be understood."""

_EPILOG: Final = """\
examples:
  qms run                              every suite there is, on an environment started for it
  qms run end_to_end --exclude load    some of them
  qms up                               start the reference QMS and leave it running
  qms status                           what runs, where, and how it is

exit codes: 0 all is well, 1 something is wrong (the message says what), 252 wrong usage, 253 stopped by the user.
`qms run` has Robot's: 0 all passed, 1-249 so many failed, 250 that many or more.

QMS_HOME is where environments keep their state; NO_COLOR turns colours off.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\nTry `{self.prog} --help`.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    from . import console

    options = _parser().parse_args(arguments)
    if getattr(options, "no_color", False):
        console.use_colors(False)
    from QMSLibrary.environments.errors import EnvironmentUseError

    try:
        code: int = options.action(options)
    except EnvironmentUseError as error:
        console.error(str(error))
        return 1
    except KeyboardInterrupt:
        console.error("Stopped.")
        return 253
    except BrokenPipeError:
        # Whoever read our output has read enough (`qms status | head -1`).
        sys.stderr.close()
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    from . import doctor, documents, down, report, run, scenarios, status, up

    shared = _Parser(add_help=False)
    # Not False: a command's default would undo what was said before the command.
    shared.add_argument(
        "--no-color", action="store_true", default=argparse.SUPPRESS, help="plain text, also on a terminal"
    )
    parser = _Parser(
        prog="qms",
        description="Tests quality management systems for pull requests.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[shared],
    )
    parser.add_argument("--version", action="version", version=f"robotframework-qms {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    for module in (run, report, up, down, status, doctor, scenarios, documents):
        name = module.NAME
        summary = (module.__doc__ or "").partition(": ")[2].strip().splitlines()[0]
        command = commands.add_parser(
            name,
            help=summary[0].lower() + summary[1:].rstrip("."),
            description=summary,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[shared],
        )
        module.add_arguments(command)
        command.set_defaults(action=module.run)
    return parser
