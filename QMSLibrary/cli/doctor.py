"""``qms doctor``: Say what is missing on this machine, and what to do about it."""

from __future__ import annotations

import argparse
import operator
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME: Final = "doctor"
EXAMPLES: Final = """\
exit codes: 0 everything that is needed is there; 1 something is missing.
What is marked with a dash is only needed for some things, and said to be so.
"""
_NEEDED_DISK: Final = 500 * 1024 * 1024
_COMPARE: Final[dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]]] = {
    ">=": operator.ge,
    "<": operator.lt,
    "==": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one thing."""

    what: str
    right: bool
    seen: str
    advice: str = ""
    needed: bool = True
    """False: only some things need it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command: none of its own."""


def run(options: argparse.Namespace) -> int:
    """0: nothing that is needed is missing; 1: something is."""
    from . import console

    findings = [check() for check in CHECKS]
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        mark, style = ("ok", "green") if finding.right else ("!!", "red") if finding.needed else (" -", "yellow")
        console.say(f"{console.paint(mark, style)}  {finding.what.ljust(width)}  {finding.seen}")
        if not finding.right and finding.advice:
            console.say(f"    {' ' * width}  {finding.advice}")
    missing = [finding.what for finding in findings if finding.needed and not finding.right]
    console.say()
    console.say(f"Missing: {', '.join(missing)}." if missing else "Everything that is needed is there.")
    return int(bool(missing))


def check_python() -> Finding:
    """The interpreter."""
    version = sys.version.split()[0]
    return Finding("Python", sys.version_info >= (3, 11), version, "Python 3.11 or newer is needed.")


def check_packages() -> Finding:
    """What the project depends on, by its own metadata."""
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        wanted = requires("robotframework-qms") or []
    except PackageNotFoundError:
        return Finding("packages", False, "robotframework-qms itself is not installed", "Run `make install`.")
    wrong = []
    for line in wanted:
        requirement, _, marker = line.partition(";")
        if "extra" in marker:
            continue
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        limits = re.findall(r"(>=|<|==)\s*([\d.]+)", requirement)
        try:
            found = version(name)
        except PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if not all(_COMPARE[sign](_numbers(found), _numbers(limit)) for sign, limit in limits):
            wrong.append(f"{name} is {found}, wanted {', '.join(''.join(limit) for limit in limits)}")
    return Finding("packages", not wrong, "; ".join(wrong) or "all there", "Run `make install`.")


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(number) for number in re.findall(r"\d+", version)[:4]]
    while numbers and numbers[-1] == 0:
        numbers.pop()  # 1.0 is 1
    return tuple(numbers)


def check_platform() -> Finding:
    """Linux, because environments rely on its kernel to end with their users."""
    return Finding("system", sys.platform == "linux", sys.platform, "Embedded environments need Linux.")


def check_home() -> Finding:
    """The folder of environments."""
    from QMSLibrary.environments import home
    from QMSLibrary.environments.errors import EnvironmentUseError

    try:
        folder = home.home()
    except EnvironmentUseError as error:
        return Finding("QMS_HOME", False, str(error))
    right = os.access(folder, os.W_OK | os.X_OK)
    return Finding("QMS_HOME", right, str(folder), "It cannot be written to. Set QMS_HOME to a folder of yours.")


def check_results() -> Finding:
    """Where runs write to."""
    folder = Path("results") if Path("results").exists() else Path.cwd()
    right = os.access(folder, os.W_OK | os.X_OK)
    return Finding("results", right, f"{folder.resolve()}", "It cannot be written to. Use `qms run --results DIR`.")


def check_disk() -> Finding:
    """Room for results and databases."""
    free = shutil.disk_usage(Path.cwd()).free
    advice = "Less than 500 MiB: make room, old runs in results/ for example."
    return Finding("disk", free >= _NEEDED_DISK, f"{free / 1024**3:.1f} GiB free", advice)


def check_ports() -> Finding:
    """Four loopback ports."""
    sockets = []
    try:
        for _ in range(4):
            sockets.append(socket.socket())
            sockets[-1].bind(("127.0.0.1", 0))
    except OSError as error:
        return Finding("ports", False, f"no loopback port can be had: {error}", "Environments listen on 127.0.0.1.")
    finally:
        for one in sockets:
            one.close()
    return Finding("ports", True, "free loopback ports can be had")


def check_locale() -> Finding:
    """UTF-8, because names of people and files have more than ASCII."""
    seen = sys.getfilesystemencoding()
    right = seen.lower().replace("-", "") == "utf8" and sys.stdout.encoding.lower().replace("-", "") in (
        "utf8",
        "utf8sig",
    )
    return Finding(
        "locale", right, f"files {seen}, output {sys.stdout.encoding}", "Set LANG=C.UTF-8 (or PYTHONUTF8=1)."
    )


def check_suites() -> Finding:
    """Suites to run."""
    from .categories import NoSuitesError, find_suites

    try:
        return Finding("suites", True, str(find_suites(None)))
    except NoSuitesError as error:
        return Finding("suites", False, "none here", str(error), needed=False)


def _program(
    name: str, *, need: str, package: str, arguments: tuple[str, ...] = ("--version",)
) -> Callable[[], Finding]:
    def check() -> Finding:
        path = shutil.which(name)
        if path is None:
            return Finding(
                name, False, f"not found; needed only for {need}", f"apt-get install {package}", needed=False
            )
        try:
            ran = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=15, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return Finding(name, False, f"{path} does not run: {error}", f"apt-get install {package}", needed=False)
        said, complaint = ran.stdout.strip().splitlines(), ran.stderr.strip().splitlines()
        if ran.returncode:
            trouble = (complaint or said or [f"ended with {ran.returncode} and said nothing"])[-1]
            return Finding(name, False, f"{path}: {trouble}", f"needed only for {need}", needed=False)
        return Finding(name, True, (said or complaint or [path])[0])

    return check


def check_postgresql() -> Finding:
    """A PostgreSQL server's programs; Debian does not put them on PATH."""
    found = [shutil.which("postgres"), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/postgres")))]
    path = next((one for one in reversed(found) if one), None)
    return Finding(
        "postgresql",
        path is not None,
        path or "not found; needed only for services that keep their state in PostgreSQL",
        "apt-get install postgresql",
        needed=False,
    )


CHECKS: Final[tuple[Callable[[], Finding], ...]] = (
    check_platform,
    check_python,
    check_packages,
    check_home,
    check_results,
    check_disk,
    check_ports,
    check_locale,
    check_suites,
    _program("git", need="`Create Git Repository`, `Create Pull Request From Git` and their kin", package="git"),
    _program("chromium", need="looking at pages in a browser", package="chromium"),
    check_postgresql,
    _program(
        "docker",
        need="environments in containers",
        package="docker.io",
        arguments=("info", "--format", "{{.ServerVersion}}"),
    ),
)
