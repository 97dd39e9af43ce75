"""Tools from npm that generated pull requests are judged with; ``make tools`` installs them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent / "tools"


def tool(name: str) -> str:
    """The program ``name`` (``tsc``, ``eslint`` …); skips the test when it is not there, saying what to do."""
    place = None if name == "node" else str(TOOLS / "node_modules" / ".bin")
    found = shutil.which(name, path=place)
    if found is None:
        pytest.skip(missing(name))
    return found


def package(name: str) -> Path:
    """The folder of an installed npm package; skips the test when it is not there."""
    folder = TOOLS / "node_modules" / name
    if not folder.is_dir():
        pytest.skip(missing(name))
    return folder


def missing(name: str) -> str:
    """Why a test is skipped."""
    if shutil.which("npm") is None:
        return f"{name} needs npm, which is not there. Debian: apt install nodejs npm; then `make tools`."
    return f"{name} is not installed by npm. Run `make tools`."
