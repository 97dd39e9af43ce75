"""What a name of a file stands for where it was imported, also under another name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_PYTHON_COMMENT: Final = re.compile(r"#[^\n]*")
_SCRIPT_COMMENT: Final = re.compile(r"(?<!:)//[^\n]*|/\*[^*]*\*/")
_PYTHON_FROM: Final = re.compile(r"from (\S+) import (.*)")
_PYTHON_WHOLE: Final = re.compile(r"import (.*)")
_SCRIPT: Final = re.compile(r"import (?:type )?(.*?) ?from ?[\"'](.+?)[\"']")
_LOADED: Final = re.compile(
    r"(?:await\s+)?(?:require|import)\(\s*[\"'`](?P<module>[^\"'`]+)[\"'`]\s*\)(?:\.(?P<part>\w+))?(?:\s+as\s+.*)?"
)
_BRACES: Final = re.compile(r"\{(.*)\}", re.DOTALL)
_RENAMED: Final = re.compile(r"\s+as\s+|\s*:\s*")
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")


def python_imports(statements: Iterable[str]) -> dict[str, str]:
    """Local name → dotted name: ``from os import system as run`` gives ``run`` → ``os.system``."""
    found: dict[str, str] = {}
    for statement in statements:
        written = _plain(statement, _PYTHON_COMMENT)
        if match := _PYTHON_FROM.match(written):
            for name, local in _pairs(match[2].strip("() \n")):
                found[local] = f"{match[1]}.{name}"
        elif match := _PYTHON_WHOLE.match(written):
            for name, local in _pairs(match[1]):
                # ``import os.path`` binds ``os``.
                found[local.partition(".")[0]] = name if local != name else name.partition(".")[0]
    return found


def script_imports(statements: Iterable[str]) -> dict[str, str]:
    """The same for ``import { exec as run } from 'node:child_process'``: ``run`` → ``child_process.exec``."""
    found: dict[str, str] = {}
    for statement in statements:
        match = _SCRIPT.match(_plain(statement, _SCRIPT_COMMENT))
        if match is None:
            continue
        clause, module = match[1], module_name(match[2])
        if braces := _BRACES.search(clause):
            for name, local in _pairs(braces[1]):
                found[local] = module if name == "default" else f"{module}.{name}"
        for part in _BRACES.sub("", clause).split(","):
            if bound := _NAME.search(part.replace("* as", "")):
                found[bound[0]] = module
    return found


def loaded(target: str, value: str) -> dict[str, str]:
    """The same for ``const { exec: run } = require('child_process')``; empty when nothing is loaded."""
    match = _LOADED.fullmatch(value.strip().rstrip(";"))
    if match is None:
        return {}
    module = module_name(match["module"]) + (f".{match['part']}" if match["part"] else "")
    if braces := _BRACES.search(target):
        return {local: f"{module}.{name}" for name, local in _pairs(braces[1])}
    return {target: module}


def _plain(statement: str, comment: re.Pattern[str]) -> str:
    """Without comments, and with single blanks: then no pattern has to try them in many ways."""
    return " ".join(comment.sub(" ", statement).split())


def module_name(path: str) -> str:
    """``node:fs/promises`` as ``fs.promises``; packages and own files as they are written."""
    known = path.removeprefix("node:")
    return known.replace("/", ".") if known != path or known == "fs/promises" else known


def _pairs(names: str) -> Iterable[tuple[str, str]]:
    for part in names.split(","):
        name, *local = _RENAMED.split(part.strip().removeprefix("type "))
        if name:
            yield name, (local[-1] if local else name)
