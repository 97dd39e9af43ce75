"""GitHub's own payloads and their schema, as octokit publishes them on npm."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

from tests.npm_tools import package


@cache
def _schema() -> dict[str, Any]:
    return json.loads((package("@octokit/webhooks-schemas") / "schema.json").read_text(encoding="utf-8"))


@cache
def _validator(definition: str) -> Draft7Validator:
    schema = {"$ref": f"#/definitions/{definition}", "definitions": _schema()["definitions"]}
    return Draft7Validator(schema, format_checker=FormatChecker())


def problems(payload: dict[str, Any], definition: str) -> list[str]:
    """What is wrong with a payload; ``definition`` is like ``pull_request$opened``."""
    return [f"{one.json_path}: {one.message[:200]}" for one in _validator(definition).iter_errors(payload)]


@cache
def examples(event: str) -> tuple[dict[str, Any], ...]:
    """GitHub's payloads for an event. They are shared: whoever changes one takes a copy."""
    text = (package("@octokit/webhooks-examples") / "api.github.com" / "index.json").read_text(encoding="utf-8")
    return tuple(next(one["examples"] for one in json.loads(text) if one["name"] == event))
