"""Where the embedded environments of this user live, and the locks that say who uses which."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from . import remains
from .errors import EnvironmentUseError
from .files import Description

HOME_VARIABLE: Final = "QMS_HOME"
ENDING_SUFFIX: Final = ".ending"
_PACKAGE: Final = Path(__file__).parents[1]


def home() -> Path:
    """The folder of all embedded environments of this user; made when it is not there, readable by nobody else.

    Raises EnvironmentUseError when it cannot be made, or belongs to somebody else.
    """
    if given := os.environ.get(HOME_VARIABLE):
        path = Path(given).expanduser().absolute()
    elif (runtime := os.environ.get("XDG_RUNTIME_DIR")) and os.access(runtime, os.W_OK):
        path = Path(runtime) / "qms"
    else:
        path = Path("/tmp") / f"qms-{os.getuid()}"  # noqa: S108 - mode and owner are checked below
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError as error:
        raise EnvironmentUseError(
            f"The folder {path} for environments cannot be made: {error.strerror}. "
            f"Set {HOME_VARIABLE} to another place."
        ) from None
    if status.st_uid != os.getuid() or not path.is_dir() or path.is_symlink():
        raise EnvironmentUseError(
            f"{path} belongs to somebody else, and environments keep passwords. "
            f"Set {HOME_VARIABLE} to a folder of yours."
        )
    if status.st_mode & 0o077 and not given:
        path.chmod(0o700)
    return path


def key_of(description: Description) -> str:
    """The same for all who want the same environment of the same code; another one as soon as the code is edited."""
    digest = hashlib.sha256()
    code_host = (description.code_host_url, description.code_host_token)
    settings = (description.movable_clock, description.database_url, description.grace, code_host)
    digest.update(repr(settings).encode())
    for room in ("contract", "reference"):
        for file in sorted((_PACKAGE / room).rglob("*.py")):
            status = file.stat()
            digest.update(f"{file} {status.st_mtime_ns} {status.st_size}\n".encode())
    return f"{description.name}-{digest.hexdigest()[:12]}"


@contextmanager
def start_lock(directory: Path, *, timeout: float) -> Iterator[None]:
    """Hold the lock under which the environment in ``directory`` is begun, joined or put away.

    The file goes when the lock is given back, so a waiter may find that it has locked a file that is no longer there;
    then it begins again. The keeper has the same rule. Raises TimeoutError.
    """
    path = directory.with_name(f"{directory.name}.start")
    deadline = time.monotonic() + timeout
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if try_lock(descriptor, fcntl.LOCK_EX) and same_file(path, descriptor):
                break
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.01)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def try_lock(descriptor: int, how: int) -> bool:
    """Take a lock if it is free; whether it was."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def same_file(path: Path, descriptor: int) -> bool:
    """Whether the open file is still the one at ``path``."""
    try:
        there, held = path.stat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def keeper_lives(directory: Path) -> bool:
    """Whether the keeper of this environment is there. It holds a lock as long as it lives."""
    try:
        descriptor = os.open(directory / "keeper.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


class EndWatch:
    """Waits for an environment's end. Begin it in time: the environment's name goes first, its processes last."""

    def __init__(self, directory: Path) -> None:
        self._keeper_lock: int | None = None
        with suppress(FileNotFoundError):
            self._keeper_lock = os.open(directory / "keeper.lock", os.O_RDWR | os.O_CLOEXEC)

    def ended(self) -> bool:
        """Whether the keeper, which holds its lock as long as it lives, has ended everything."""
        return self._keeper_lock is None or try_lock(self._keeper_lock, fcntl.LOCK_SH)

    def wait(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds; whether it has ended."""
        deadline = time.monotonic() + timeout
        while not self.ended():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        """Stop watching."""
        if self._keeper_lock is not None:
            os.close(self._keeper_lock)
            self._keeper_lock = None


def directories(folder: Path) -> list[Path]:
    """All environments there are, dead ones included."""
    no_environments = (ENDING_SUFFIX, remains.DIED_SUFFIX)
    return sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.endswith(no_environments))


def sweep(folder: Path) -> None:
    """Remove what dead keepers have left. What is just being started, or ended, is left alone."""
    remains.sweep(folder)
    for directory in [one for one in folder.iterdir() if one.is_dir()]:
        if directory.name.endswith(remains.DIED_SUFFIX) or keeper_lives(directory):
            continue
        with suppress(TimeoutError), start_lock(directory, timeout=0):
            # Nobody can begin it while we hold the lock, so if it is dead now it stays dead.
            if not keeper_lives(directory):
                if directory.name.endswith(ENDING_SUFFIX):
                    shutil.rmtree(directory, ignore_errors=True)  # whoever was at work on it had seen to its logs
                else:
                    remains.remove(directory)
    for lock in folder.glob("*.start"):
        with suppress(TimeoutError, FileNotFoundError), start_lock(lock.with_suffix(""), timeout=0):
            pass  # taking it and giving it back removes it


def users(directory: Path) -> list[int]:
    """The processes that use the environment, from the kernel's list of locks."""
    try:
        inode = (directory / "users.lock").stat().st_ino
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    found = set()
    for fields in (line.split() for line in lines):
        if "FLOCK" in fields and "->" not in fields and fields[5].endswith(f":{inode}"):
            found.add(int(fields[4]))
    return sorted(found)
