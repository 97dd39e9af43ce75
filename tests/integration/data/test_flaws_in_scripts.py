"""The flaws in TypeScript and JavaScript are code that works: it compiles and its tests are green, also when mended."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from QMSLibrary.data import create_pull_request, fix_pull_request
from QMSLibrary.data.flaws import catalogue
from QMSLibrary.data.support import head_of
from tests.npm_tools import TOOLS, tool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(params=["flawed", "mended"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["typescript", "javascript"])
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def checkout(tmp_path: Path, language: str, kind: str) -> Path:
    """A repository whose pull request has every flaw, or had."""
    wishes = {
        f"{one}_issues": [flaw.type for flaw in catalogue().values() if flaw.kind == one and language in flaw.code]
        for one in ("security", "performance")
    }
    pull_request = create_pull_request(
        language=language, files=12, lines_changed=900, seed="flaws in scripts", **wishes
    )
    for path, text in head_of(pull_request if kind == "flawed" else fix_pull_request(pull_request)).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(TOOLS / "node_modules")
    return tmp_path


def run(folder: Path, name: str, *arguments: str) -> None:
    """Run a tool from npm there; it must be content."""
    done = subprocess.run(
        [tool(name), *arguments], cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_every_flaw_works_flawed_and_mended(checkout: Path, language: str) -> None:
    if language == "typescript":
        run(checkout, "tsc", "--noEmit", "--strict", "-p", ".")
    run(checkout, "vitest", "run")
