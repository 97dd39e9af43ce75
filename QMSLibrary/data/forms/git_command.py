"""Runs git, and nothing else does. What a user has set changes nothing that is made with it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from QMSLibrary.data.errors import GitError

TIME_LIMIT: Final = 120
"""Seconds that one git command may take."""
EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
# For repositories that we make: no setting of the machine or of the user, no hook, no template, no signature.
_OWN: Final = (
    "-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null",
    "-c", "core.quotePath=true", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
)  # fmt: skip


class Git:
    """Git in one folder.

    ``own``: a repository that we made ourselves. No settings of the machine or the user are read then; elsewhere they
    are, because ``safe.directory`` is one of them, and only plumbing commands are used that heed no other.
    """

    def __init__(self, path: Path, *, own: bool = False) -> None:
        self.path = path
        self._own = own

    def run(self, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end, whatever it comes to; GitError when there is no git or it takes too long."""
        settings = _OWN if self._own else ()
        command = ["git", "-C", str(self.path), "--no-optional-locks", "--literal-pathspecs", *settings, *arguments]
        try:
            return subprocess.run(
                command, input=given, capture_output=True, timeout=TIME_LIMIT, env=_environment(self._own)
            )
        except FileNotFoundError:
            raise GitError("git is not installed, or not on PATH.") from None
        except subprocess.TimeoutExpired:
            raise GitError(f"git {arguments[0]} in {self.path} did not end within {TIME_LIMIT} seconds.") from None

    def output(self, *arguments: str, given: bytes | None = None) -> bytes:
        """What a command prints; GitError with git's own words when it fails."""
        done = self.run(*arguments, given=given)
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
            raise GitError(f"git {arguments[0]} in {self.path} failed: {said or f'exit code {done.returncode}'}")
        return done.stdout

    def text(self, *arguments: str, given: bytes | None = None) -> str:
        """What a command prints, as text without the last line's end."""
        return self.output(*arguments, given=given).decode("utf-8", "replace").rstrip("\n")

    def try_text(self, *arguments: str) -> str | None:
        """The same; None when the command fails."""
        done = self.run(*arguments)
        return done.stdout.decode("utf-8", "replace").rstrip("\n") if done.returncode == 0 else None

    def commit(self, revision: str) -> str | None:
        """The commit that a revision names."""
        return self.try_text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") or None


def repository_at(path: Path) -> Git:
    """Git in somebody's repository; GitError when there is none."""
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise GitError(f"There is no folder {path}: it {what}.")
    git = Git(path)
    if git.try_text("rev-parse", "--git-dir") is None:
        raise GitError(f"{path} is no git repository (or git may not read it).")
    return git


def _environment(own: bool) -> dict[str, str]:
    # A hook that runs the tests sets GIT_DIR and friends, and they would beat -C.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    found = {**kept, "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}
    if not own:
        ceiling = os.environ.get("GIT_CEILING_DIRECTORIES")
        return {**found, "GIT_CEILING_DIRECTORIES": ceiling} if ceiling else found
    nowhere = {"HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull}
    return {**found, **nowhere, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
