"""``python -m QMSLibrary.reference``: run the reference QMS."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from . import databases
from .keeper import ENDING_SUFFIX, Keeper, KeeperSettings, ending_place, identity
from .locks import BusyError, start_lock
from .processes import ServiceStartError, set_title
from .recipients import RECEIVERS_VARIABLE
from .remains import died_place, keep_logs

DATABASE_VARIABLE = "QMS_DATABASE_URL"
CODE_HOST_VARIABLE = "QMS_CODE_HOST_URL"
CODE_HOST_TOKEN_VARIABLE = "QMS_CODE_HOST_TOKEN"  # noqa: S105 - its name, not its value


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the environment and stay until it ends. 0: it ended as it should; 1: it could not start."""
    options = _options(arguments)
    if options.detach:
        # The one who started us need not be there, nor wait for us, when we end.
        if os.fork():
            return 0
        os.setsid()
    made = options.directory is None
    directory = Path(tempfile.mkdtemp(prefix="qms-")) if made else options.directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = KeeperSettings(
        directory=directory,
        # What ends here must not take away what begins under the same name meanwhile. Containers that share a database
        # may have the same names and process numbers as well.
        key=f"{options.key or directory.name}-{os.getpid()}-{secrets.token_hex(4)}",
        name=options.name,
        own=options.own,
        movable_clock=options.movable_clock,
        database_url=options.database_url or None,
        grace=options.grace,
        wait_for_users=options.users,
        code_host_url=options.code_host_url or None,
        # By the environment and not as an argument, because everybody can see a process's arguments.
        code_host_token=os.environ.get(CODE_HOST_TOKEN_VARIABLE) or None,
        # Somebody's own receivers are used instead, if there are any.
        receivers=options.receivers and not os.environ.get(RECEIVERS_VARIABLE),
    )
    os.chdir("/")
    set_title("qms keeper")
    janitor, pipe = _start_janitor(settings, options.ready_fd)
    keeper = Keeper(settings)
    # What a service must not keep open. Emptied as it is closed here: the number may then be something else's.
    parents = [pipe] if options.ready_fd is None else [pipe, options.ready_fd]
    try:
        keeper.start(leave=lambda: _close(*parents))
        _report(options.ready_fd, {"ready": True, "directory": str(directory)})
        parents[1:] = []
        code = 0
        keeper.run()
    except ServiceStartError as error:
        _report(options.ready_fd, {"error": str(error)})
        code = 1
        keeper.end()
    except BaseException as error:
        traceback.print_exc()
        _report(options.ready_fd, {"error": f"{type(error).__name__}: {error}"})
        code = 1
        keeper.end()
    os.close(pipe)
    os.waitpid(janitor, 0)
    return code


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m QMSLibrary.reference",
        description="Runs the four services of the reference QMS on free loopback ports until it is told to end.",
    )
    parser.add_argument("--directory", type=Path, help="where its state goes; removed at the end (default: a new one)")
    parser.add_argument("--name", default="embedded", help="what to call it in messages")
    parser.add_argument("--key", help="a name that no other environment has (default: the directory's)")
    parser.add_argument(
        "--database-url",
        default=os.environ.get(DATABASE_VARIABLE),
        help=f"a PostgreSQL database instead of SQLite files (default: ${DATABASE_VARIABLE})",
    )
    parser.add_argument(
        "--code-host-url",
        default=os.environ.get(CODE_HOST_VARIABLE),
        help="the root of the REST API that has the files of pull requests that webhooks tell of, such as "
        f"https://api.github.com (default: ${CODE_HOST_VARIABLE}); a token for it is taken from "
        f"${CODE_HOST_TOKEN_VARIABLE}",
    )
    parser.add_argument("--movable-clock", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--grace", type=float, default=1.0, help="seconds it stays after its last user")
    parser.add_argument(
        "--receivers",
        action="store_true",
        help="start receivers of notifications for every channel, so that messages really travel "
        f"(unless ${RECEIVERS_VARIABLE} names others)",
    )
    parser.add_argument("--own", action="store_true", help="it belongs to one user alone")
    parser.add_argument("--users", action="store_true", help="end when nobody holds its users.lock any more")
    parser.add_argument("--detach", action="store_true", help="go on in the background")
    parser.add_argument("--ready-fd", type=int, help="where to say that it is ready, or why not")
    return parser.parse_args(arguments)


def _report(ready: int | None, message: dict[str, object]) -> None:
    if ready is None:
        print(
            message.get("error") or f"Ready. Addresses and accounts: {message['directory']}/environment.json",
            flush=True,
        )
        return
    try:
        os.write(ready, json.dumps(message).encode() + b"\n")
        os.close(ready)
    except OSError as error:
        # Whoever started us is gone. If nobody else comes, we end as we always do.
        print(f"nobody waits for {message}: {error}", flush=True)


def _start_janitor(settings: KeeperSettings, ready: int | None) -> tuple[int, int]:
    """Fork a process that tidies up if the keeper is killed; it sees that by the end of a pipe."""
    read, write = os.pipe()
    keeper = os.getpid()
    pid = os.fork()
    if pid:
        os.close(read)
        return pid, write
    code = 0
    try:
        os.close(write)
        if ready is not None:
            os.close(ready)
        os.setsid()
        set_title("qms janitor")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        ours = identity(settings.directory)
        os.read(read, 1)
        _tidy(settings, ours, keeper)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        os._exit(code)


def _tidy(settings: KeeperSettings, ours: int | None, keeper: int) -> None:
    left: list[Path] = []
    try:
        # Under the lock, so that an environment that has just been begun in the same place is not mistaken for ours.
        with start_lock(settings.start_lock, timeout=10):
            for place in (settings.directory, ending_place(settings.directory, keeper)):
                if ours is not None and identity(place) == ours:
                    if place == settings.directory and (place / "environment.json").exists():
                        # It was ready and nobody had told it to end: its users will want to know.
                        why = f"its keeper (process {keeper}) was killed or crashed"
                        keep_logs(place, died_place(settings.directory, keeper), why)
                    left = [place.rename(place.with_name(f"{place.name}.{os.getpid()}{ENDING_SUFFIX}"))]
            if left:
                databases.drop(settings.database_url, settings.key)
    except BusyError:
        print("somebody starts an environment here and will tidy up", flush=True)
    for directory in left:
        shutil.rmtree(directory, ignore_errors=True)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
