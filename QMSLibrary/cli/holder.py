"""The process that keeps an environment between ``qms up`` and ``qms down``."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from QMSLibrary.environments import use
from QMSLibrary.environments.embedded import EmbeddedEnvironment
from QMSLibrary.environments.errors import EnvironmentUseError
from QMSLibrary.environments.home import directories, keeper_lives, same_file, try_lock, users

_LOOK_SECONDS: Final = 1.0
_PATIENCE: Final = 10.0


def start(name: str, folder: Path) -> dict[str, Any]:
    """Start a holder for the environment ``name``; what it says when it has it. Raises EnvironmentUseError."""
    package_root = str(Path(__file__).parents[2])
    variables = dict(os.environ)
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, [package_root, variables.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "QMSLibrary.cli.holder", name, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=variables,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        line = said.readline()
    answer: dict[str, Any] = json.loads(line) if line else {"error": "The process that should keep it ended at once."}
    if "error" in answer:
        process.wait()
        raise EnvironmentUseError(answer["error"])
    return answer


def holders(folder: Path) -> dict[str, int]:
    """The names that are kept up, each with its holder's process. A holder has its file locked as long as it lives."""
    found = {}
    for file in sorted(folder.glob("*.up")):
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            if try_lock(descriptor, fcntl.LOCK_SH):
                if same_file(file, descriptor):
                    file.unlink()  # its holder was killed
                continue
            found[file.stem] = int(os.read(descriptor, 32) or b"0")
        finally:
            os.close(descriptor)
    return found


def keeps_something(folder: Path, process: int) -> bool:
    """Whether the environment that the holder ``process`` took is still there."""
    return any(keeper_lives(directory) and process in users(directory) for directory in directories(folder))


def end(folder: Path, name: str) -> None:
    """End the holder of ``name``. Raises EnvironmentUseError when it does not end."""
    process = holders(folder).get(name)
    if process is None:
        return
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE
    while name in holders(folder):
        if time.monotonic() > deadline:
            raise EnvironmentUseError(f"The process {process}, which keeps {name!r} up, does not end. End it by hand.")
        time.sleep(0.02)


def main(name: str, folder: Path) -> int:
    """Take the environment, say so, and keep it until told to end."""
    file = folder / f"{Path(name).stem}.up"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not try_lock(descriptor, fcntl.LOCK_EX):
        _say({"error": f"{name!r} is up already."})
        return 1
    os.truncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    told = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, told)
    try:
        environment = use(name)
        if not isinstance(environment, EmbeddedEnvironment):
            raise EnvironmentUseError(f"{name!r} is a running QMS; there is nothing to keep up.")
        _say({"directory": str(environment.directory), "urls": dict(environment.urls)})
        while signal.sigtimedwait(told, _LOOK_SECONDS) is None:
            if not keeper_lives(environment.directory):
                break  # it was killed: there is nothing left to keep
        environment.release()
    except EnvironmentUseError as error:
        _say({"error": str(error)})
        return 1
    finally:
        file.unlink(missing_ok=True)
    return 0


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
    # Whoever started us reads to the end of this line, and its own caller perhaps to the end of the stream.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
