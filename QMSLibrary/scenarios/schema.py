"""The format as a JSON Schema, so that an editor completes a scenario and checks it while it is typed."""

from __future__ import annotations

import json
from typing import Any, Final

from .model import Scenario

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
STEP: Final = "#/$defs/AnyStep"


def schema() -> dict[str, Any]:
    """The schema, made from the models."""
    made = Scenario.model_json_schema(by_alias=True)
    definitions = made.pop("$defs")
    steps = made["properties"]["steps"]["items"]
    found = {"$schema": DIALECT, **made, "$defs": {**definitions, "AnyStep": steps}}
    # The same list of all kinds of steps stands wherever there are steps; once is enough.
    _share(found["properties"], steps)
    for definition in definitions.values():
        _share(definition, steps)
    return found


def _share(value: Any, steps: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict) and inner == steps:
                value[name] = {"$ref": STEP}
            else:
                _share(inner, steps)
    elif isinstance(value, list):
        for inner in value:
            _share(inner, steps)


def text() -> str:
    """What ``docs/scenario.schema.json`` holds."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
