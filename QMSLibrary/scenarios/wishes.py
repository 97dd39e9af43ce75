"""What a scenario says of a pull request: the options of `Create Pull Request`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic_core import CoreSchema

from .values import ANY_VARIABLE, VARIABLE, Names, Strict, Text, wrong


def _flaws(value: Any) -> str:
    parts = [f"{name}:{severity}" for name, severity in value.items()] if isinstance(value, dict) else value
    if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
        return ", ".join(parts)
    if not isinstance(parts, str):
        raise wrong("flaws with their severity, such as `sql_injection: high`, or a list of flaws")
    return parts


def _percent(value: Any) -> Any:
    return value.rstrip("% ") if isinstance(value, str) else value


Flaws = Annotated[
    str,
    BeforeValidator(_flaws),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "string"}},
                {"type": "array", "items": {"type": "string"}},
                {"type": "string"},
            ]
        }
    ),
]
SHARED: Final = ("repository", "base_branch")
"""Given for the main pull request, they hold for the others as well, unless those say otherwise."""


class PullRequestWishes(Strict):
    """What a pull request is like. All of it is optional."""

    changes: Text | None = None
    """What it is about: `feature_implementation`, `quick_fix`, `hotfix`, `refactoring`, …"""
    complexity: Text | None = None
    """How big it is where nothing else is said: `low`, `medium` or `high`."""
    author: Text | None = None
    """The persona who wrote it."""
    files: int | None = None
    """Exactly so many."""
    lines_changed: int | None = None
    """Exactly so many."""
    language: Text | None = None
    code_patterns: Names | None = None
    """How the code is built: `mvc`, `service_layer`, `repository`."""
    test_coverage: float | None = None
    """Percent of the code that its tests reach."""
    code_style: float | None = None
    """0 to 1: the share of tidy functions."""
    missing_tests: bool | None = None
    missing_documentation: bool | None = None
    security_issues: Flaws | None = None
    """Weaknesses that the code has, such as `sql_injection: high`."""
    performance_issues: Flaws | None = None
    """Slow code that it has, such as `n_plus_one`."""
    repository: Text | None = None
    """`owner/name`"""
    base_branch: Text | None = None
    title: Text | None = None
    description: Text | None = None
    seed: int | None = None
    """The same number makes the same content again; id and branch are always new."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        from QMSLibrary.data.flaws import catalogue
        from QMSLibrary.data.operations import LANGUAGES
        from QMSLibrary.data.personas import personas
        from QMSLibrary.data.wishes import COMPLEXITIES

        found = super().__get_pydantic_json_schema__(core, handler)
        fields = handler.resolve_ref_schema(found)["properties"]
        variable = {"type": "string", "pattern": f"^{VARIABLE.pattern}$"}
        for name, choices in {"author": personas(), "complexity": COMPLEXITIES, "language": LANGUAGES}.items():
            fields[name] = {
                "description": fields[name].get("description", ""),
                "anyOf": [{"enum": [*choices]}, variable],
            }
        for name, kind in {"security_issues": "security", "performance_issues": "performance"}.items():
            flaws = [flaw for flaw in catalogue().values() if flaw.kind == kind]
            known = sorted(word for flaw in flaws for word in (flaw.type, *flaw.aliases))
            by_name = {"type": "object", "propertyNames": {"enum": known}, "additionalProperties": {"type": "string"}}
            fields[name] = {**fields[name], "anyOf": [by_name, *fields[name]["anyOf"][1:]]}
        return found

    @model_validator(mode="after")
    def _possible(self) -> PullRequestWishes:
        """What names something unknown, or contradicts itself, is refused before anything is made."""
        known = {name: value for name, value in self.given().items() if not _has_variable(value)}
        for name, value in known.items():
            check({name: value}, key=name)
        check(known)
        return self

    def given(self) -> dict[str, Any]:
        """What is said, without what is left open."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


def check(wishes: dict[str, Any], key: str = "") -> None:
    """Raise the error for wishes that cannot be fulfilled."""
    from QMSLibrary.data.errors import WishError
    from QMSLibrary.data.wishes import read_wishes

    try:
        read_wishes(**{name: value for name, value in wishes.items() if name != "seed"})
    except WishError as error:
        raise wrong("", key=key, got=str(error)) from None


def _has_variable(value: Any) -> bool:
    return any(ANY_VARIABLE.search(str(one)) for one in (value if isinstance(value, list) else [value]))
