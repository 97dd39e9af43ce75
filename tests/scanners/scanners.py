"""Scanners that nobody here wrote, run over a tree of files. None of them asks anybody on the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.npm_tools import TOOLS, missing

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
VENV = CHECKOUT / ".tools" / "scanners"


@dataclass(frozen=True, order=True)
class Hit:
    """What a scanner found; ``path`` is relative to the tree."""

    path: str
    line: int
    rule: str
    severity: str


@dataclass(frozen=True)
class Scanner:
    """A scanner, and why it cannot be run here, if it cannot."""

    name: str
    about: str
    """What it runs with, for the table."""
    absent: Callable[[], str | None]
    run: Callable[[Path], Iterator[Hit]]


def _python_tool(name: str) -> Callable[[], str | None]:
    def absent() -> str | None:
        if (VENV / "bin" / name).is_file():
            return None
        return f"{name} is not in .tools/scanners. Run `make scanners`; it needs a Python package index."

    return absent


def _bandit(root: Path) -> Iterator[Hit]:
    said = _json(root, VENV / "bin" / "bandit", "-r", ".", "-ll", "-f", "json", "-q", codes=(0, 1))
    assert not said["errors"], said["errors"]
    for one in said["results"]:
        yield Hit(_relative(one["filename"]), one["line_number"], one["test_id"], one["issue_severity"].lower())


def _semgrep(root: Path) -> Iterator[Hit]:
    (root / ".semgrepignore").write_text("# Nothing: tests are looked through, too.\n", encoding="utf-8")
    rules = [part for path in sorted(HERE.glob("semgrep_*.yaml")) for part in ("--config", str(path))]
    said = _json(
        root, VENV / "bin" / "semgrep", "scan", *rules, "--metrics=off", "--disable-version-check", "--no-git-ignore",
        "--json", "--quiet", "--jobs=1", ".", codes=(0,),
    )  # fmt: skip
    problems = [one for one in said["errors"] if one.get("level") != "info"]
    assert not problems, problems
    for one in said["results"]:
        rule = one["check_id"].rsplit(".", 1)[-1]
        yield Hit(_relative(one["path"]), one["start"]["line"], rule, one["extra"]["severity"].lower())


def _detect_secrets(root: Path) -> Iterator[Hit]:
    said = _json(root, VENV / "bin" / "detect-secrets", "scan", "--all-files", "--no-verify", codes=(0,))
    for path, found in said["results"].items():
        for one in found:
            yield Hit(_relative(path), one["line_number"], one["type"], "-")


def _ruff(root: Path) -> Iterator[Hit]:
    # Left out: asserts, random numbers, and that a program is started at all, which mended code does as well.
    said = _json(
        root, Path(sys.executable).with_name("ruff"), "check", "--isolated", "--no-cache",
        "--exit-zero", "--target-version=py311", "--select=S,ASYNC,B019", "--ignore=S101,S311,S404,S603,S607",
        "--output-format=json", ".", codes=(0,),
    )  # fmt: skip
    for one in said:
        yield Hit(_relative(os.path.relpath(one["filename"], root)), one["location"]["row"], one["code"], "-")


def _eslint(root: Path) -> Iterator[Hit]:
    said = _json(
        root, TOOLS / "node_modules" / ".bin" / "eslint", "--config", TOOLS / "eslint.flaws.config.js", "--format=json",
        "--no-warn-ignored", ".", codes=(0, 1),
    )  # fmt: skip
    for file in said:
        for one in file["messages"]:
            severity = {1: "warning", 2: "error"}[one["severity"]]
            yield Hit(
                _relative(os.path.relpath(file["filePath"], root)), one["line"], one["ruleId"] or "parsing", severity
            )


def _no_eslint() -> str | None:
    needed = ("eslint", "eslint-plugin-security", "typescript-eslint")
    return next((missing(name) for name in needed if not (TOOLS / "node_modules" / name).is_dir()), None)


SCANNERS = (
    Scanner("bandit", "medium and high severity", _python_tool("bandit"), _bandit),
    Scanner("ruff", "its rules S, ASYNC and B019", lambda: None, _ruff),
    Scanner("detect-secrets", "all its detectors", _python_tool("detect-secrets"), _detect_secrets),
    Scanner(
        "eslint",
        "its own rules and those of eslint-plugin-security, without two that cannot tell flawed from mended code",
        _no_eslint,
        _eslint,
    ),
    Scanner("semgrep", "rules written here, `tests/scanners/semgrep_*.yaml`", _python_tool("semgrep"), _semgrep),
)


def _json(root: Path, program: str | Path, *arguments: str | Path, codes: tuple[int, ...]) -> Any:
    quiet = {"SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0", "NO_COLOR": "1"}
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        cwd=root,
        env=os.environ | quiet,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in codes, (
        f"{program} ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-500:]}"
    )
    return json.loads(done.stdout)


def _relative(path: str) -> str:
    return path.removeprefix("./")
