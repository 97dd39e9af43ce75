"""Files that tools read: whether they can be read at all, and whether they ship with debugging switched on."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

MAXIMUM_BYTES: Final = 1_000_000
"""A larger one is data, not a manifest."""
MAXIMUM_DEPTH: Final = 100
_WITH_COMMENTS: Final = re.compile(
    r"(^|/)(tsconfig[\w.-]*\.json|jsconfig\.json|\.vscode/.*|\.devcontainer/.*|\.eslintrc.*|.*\.jsonc|.*\.json5|"
    r"\.babelrc.*|deno\.json|turbo\.json|api-extractor\.json)$"
)
_MOST_DOTS: Final = 2000
"""In one line of TOML. Reading a dotted key takes time that grows with the square of its parts."""
_TEMPLATE: Final = re.compile(r"\{\{|\{%|<%|\$\{[^}\n]{0,80}\}:")
_DEBUG: Final = (
    (
        re.compile(r"^[ \t]*DEBUG[ \t]*=\s*True\b", re.MULTILINE),
        re.compile(r"(^|/)(settings|config|production|prod)[\w/]*\.py$"),
    ),
    (re.compile(r"\b(?:app|application|socketio)\.run\([^)]{0,400}\bdebug\s*=\s*True"), re.compile(r"\.py$")),
    (
        re.compile(
            r"^[ \t]*(?:ENV[ \t]+)?"
            r"(?:NODE_ENV[=\s]+[\"']?development|FLASK_DEBUG[=\s]+[\"']?1|DEBUG[=\s]+[\"']?(?:true|1)\b)",
            re.MULTILINE | re.IGNORECASE,
        ),
        re.compile(r"(^|/)(Dockerfile[\w.-]*|\.env\.prod\w*|[\w.-]*prod[\w.-]*\.(env|ya?ml|json|toml))$"),
    ),
)
"""A setting, and the paths of files in which it reaches production."""


def problem_of_manifest(path: str, content: str) -> str | None:
    """Why a tool cannot read it, with the place; None when it can, or when its format has no fixed rules."""
    suffix = PurePosixPath(path).suffix.lower()
    if len(content) > MAXIMUM_BYTES or _WITH_COMMENTS.search(path) or not content.strip():
        return None
    if _too_deep(content) or (suffix == ".toml" and _too_many_dots(content)):
        return f"it is nested more than {MAXIMUM_DEPTH} levels deep"
    try:
        if suffix == ".json":
            _read_json(content)
        elif suffix == ".toml":
            _read_toml(content)
        elif suffix in (".yaml", ".yml") and not _TEMPLATE.search(content):
            _read_yaml(content)
    except UnreadableError as error:
        return str(error)
    return None


def debug_setting(path: str, content: str) -> tuple[int, str] | None:
    """The line that pins debugging in what is deployed."""
    for setting, where in _DEBUG:
        if where.search(path) and (match := setting.search(content)):
            line = (
                content.count("\n", 0, match.start())
                + 1
                + match[0].count("\n", 0, len(match[0]) - len(match[0].lstrip()))
            )
            return line, f"{match[0].strip()} is pinned for production"
    return None


class UnreadableError(ValueError):
    """Says where and why."""


def _too_deep(content: str) -> bool:
    depth = 0
    for match in re.finditer(r"[\[{\]}]", content):
        depth += 1 if match[0] in "[{" else -1
        if depth > MAXIMUM_DEPTH:
            return True
    return False


def _too_many_dots(content: str) -> bool:
    return any(line.count(".") > _MOST_DOTS for line in content.splitlines())


def _read_json(content: str) -> None:
    import json

    try:
        json.loads(content.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"it is no JSON: {error}") from None


def _read_toml(content: str) -> None:
    import tomllib

    try:
        tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"it is no TOML: {error}") from None


def _read_yaml(content: str) -> None:
    import yaml

    # Events are enough: nothing is built, so neither tags nor aliases can do anything.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for _ in yaml.parse(content, Loader=loader):
            pass
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise UnreadableError(f"it is no YAML: {getattr(error, 'problem', None) or error}{where}") from None
    except (RecursionError, ValueError) as error:
        raise UnreadableError(f"it is no YAML: {error}") from None
