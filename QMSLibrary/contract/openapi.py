"""Each service's OpenAPI document, made from the routes."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from .model import Model
from .problems import CORRELATION_HEADER, PROBLEM_JSON, Problem
from .routes import PUBLIC, Parameter, Route, routes_of
from .services import Service

API_VERSION: Final = "1.0.0"
_REASONS: Final = {
    400: "The request cannot be read",
    401: "No valid token",
    403: "The role does not allow it, or duties must be kept apart",
    404: "There is no such thing",
    409: "The state does not allow it",
    413: "The body is too large",
    415: "The body is of another kind than is taken here",
    422: "A field is not as it must be",
}
_REFERENCES: Final = "#/components/schemas/{model}"


def openapi(service: Service) -> dict[str, Any]:
    """The OpenAPI 3.1 document of ``service``; the same input gives the same document, key for key."""
    routes = routes_of(service)
    models: list[tuple[type[Model], Any]] = [(Problem, "serialization")]
    for route in routes:
        if route.answer is not None:
            models.append((route.answer, "serialization"))
        if route.body is not None:
            models.append((route.body, "validation"))
        models += [(model, "validation") for model in route.signed]
    names, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template=_REFERENCES)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"QMS {service} service",
            "version": API_VERSION,
            "description": f"What the {service} service of a quality management system promises.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(route: Route, names: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Lowest role: {route.access}{', and services' if route.services_too else ''}"
        f"{', and agents in their own name' if route.agents_too else ''}.",
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
              for name in re.findall(r"{(\w+)}", route.path)),
            *(_parameter(parameter) for parameter in route.query),
        ],
        "responses": {
            str(status): _answer(route, names) for status in (route.status, route.repeat_status) if status is not None
        },
        "security": [] if route.access == PUBLIC else [{"bearer": []}],
    }  # fmt: skip
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": names[(route.body, "validation")]}},
        }
    elif route.signed:
        shapes = {"anyOf": [names[(model, "validation")] for model in route.signed]}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": shapes}}}
    refused = {422, *route.refusals}
    if route.body is not None:
        refused |= {400, 413}
    if route.access != PUBLIC:
        refused |= {401, 403}
    elif route.body is not None:
        refused |= {401}
    for status in sorted(refused):
        operation["responses"][str(status)] = {
            "description": _REASONS[status],
            "content": {PROBLEM_JSON: {"schema": names[(Problem, "serialization")]}},
        }
    return operation


def _answer(route: Route, names: dict[Any, Any]) -> dict[str, Any]:
    schema = names[(route.answer, "serialization")] if route.answer is not None else {}
    return {
        "description": route.summary,
        "headers": {CORRELATION_HEADER: {"schema": {"type": "string"}, "description": "Ties together one act"}},
        "content": {route.media_type: {"schema": schema}},
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = TypeAdapter(parameter.type).json_schema()
    if isinstance(parameter.type, type) and issubclass(parameter.type, Enum):
        schema = {"type": "string", "enum": [member.value for member in parameter.type]}
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.description,
        "schema": schema,
    }
