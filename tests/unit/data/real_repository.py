"""A repository that git itself makes, for tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PERSON = {"NAME": "Ada Osei", "EMAIL": "ada@example.com", "DATE": "2024-05-06T07:08:09+02:00"}


class Repository:
    """A repository in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def bytes(self, *arguments: str, given: bytes | None = None) -> bytes:
        identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _PERSON.items()}
        environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        command = ["git", "-c", "core.autocrlf=false", *arguments]
        done = subprocess.run(command, cwd=self.path, env=environment, capture_output=True, timeout=60, input=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def git(self, *arguments: str) -> str:
        return self.bytes(*arguments).decode("utf-8", "replace").strip()

    def write(self, path: str | bytes, content: str | bytes) -> None:
        target = os.path.join(os.fsencode(self.path), os.fsencode(path))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)

    def commit(self, message: str = "feat(invoices): add partial payments\n\nWhy this is needed, at length.") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")
