"""What may stand in a scenario: the base of its models, and the values that many parts share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.escalations import EscalationLevel
from QMSLibrary.contract.events import EventType
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity, Step
from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.environments import Capability

VARIABLE: Final = re.compile(r"\$\{([A-Za-z0-9](?:[A-Za-z0-9_ ]*[A-Za-z0-9_])?)\}")
"""A plain Robot variable. What Robot would evaluate as Python (``${{…}}``, ``${x.y}``) is not one."""
ANY_VARIABLE: Final = re.compile(r"[$@&%]\{")
CURRENT: Final = "current"
E = TypeVar("E", bound=StrEnum)


def wrong(
    expected: str, known: Iterable[str] = (), *, key: str = "", got: str = "", word: str = "", of_key: bool = False
) -> PydanticCustomError:
    """The error for a value: what was expected, and the names that exist, for a suggestion.

    ``key``: it is about this key of the mapping, about the key itself with ``of_key``. ``word``: what may be a spelling
    mistake; the key or the value unless given.
    """
    context = {
        "expected": expected, "known": [str(one) for one in known], "key": key, "got": got, "word": word,
        "of_key": of_key,
    }  # fmt: skip
    return PydanticCustomError("scenario", "wrong", context)


class Strict(BaseModel):
    """A mapping in a scenario. Unknown keys and wrong types are refused; a value may be a variable, ``${files}``."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)
    fixed: ClassVar[frozenset[str]] = frozenset()
    """Fields that must be known before anything is done, so they cannot be variables."""

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if isinstance(value, dict):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for key in value:
                if key not in known:
                    raise wrong(f"one of {', '.join(known)}", known, key=str(key), got="an unknown key", of_key=True)
        return value

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_variable(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if isinstance(value, str) and VARIABLE.fullmatch(value) and info.field_name not in cls.fixed:
            return value
        return handler(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        from .sentences import below_fields

        found = handler(core)
        full = handler.resolve_ref_schema(found)
        full.pop("title", None)
        sentences = below_fields(cls)
        for name, one in full.get("properties", {}).items():
            field = next(key for key, info in cls.model_fields.items() if name in (key, info.alias))
            full["properties"][name] = _schema_of_field(one, field not in cls.fixed)
            if field in sentences:
                full["properties"][name]["description"] = sentences[field]
        return found


def _schema_of_field(schema: dict[str, Any], may_be_variable: bool) -> dict[str, Any]:
    """A field as a tester may write it: left out rather than nothing, and perhaps a variable."""
    choices = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    choices = [inner for one in choices for inner in (one["anyOf"] if set(one) == {"anyOf"} else [one])]
    told = {name: value for name, value in schema.items() if name not in ("anyOf", "default", "title")}
    if not choices:
        shape = {name: told.pop(name) for name in list(told) if name != "description"}
        choices = [shape]
    free_text = [
        one for one in choices if one.get("type") == "string" and not one.keys() & {"enum", "pattern", "const"}
    ]
    if may_be_variable and not free_text:
        choices.append({"type": "string", "pattern": f"^{VARIABLE.pattern}$"})
    return {**told, "anyOf": choices} if len(choices) > 1 else {**told, **choices[0]}


class Short(Strict):
    """A mapping that can be shortened to its most important value: ``wait_for_step: dor_validation``."""

    short: ClassVar[str | None] = None
    """The field that is meant when there is no mapping."""
    short_mapping: ClassVar[bool] = False
    """That field may be a mapping itself: one without any of the other fields in it is meant for it."""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        if value is None:
            return {}
        if isinstance(value, dict) and not (cls.short_mapping and value and not set(value) & set(cls.model_fields)):
            return value
        if cls.short is None:
            raise wrong("a mapping (`name: value` lines)" if cls.model_fields else "nothing after the colon")
        return {cls.short: value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = super().__get_pydantic_json_schema__(core, handler)
        full = handler.resolve_ref_schema(found)
        required = full.get("required", [])
        choices: list[dict[str, Any]] = [{key: value for key, value in full.items() if key != "description"}]
        if cls.short is not None and set(required) <= {cls.short}:
            choices.append(full["properties"][cls.short])
        if not required:
            choices.append({"type": "null"})
        described = full.get("description", "")
        full.clear()
        full.update({"description": described, "anyOf": choices})
        return found


def _member(kind: type[E]) -> Callable[[Any], E]:
    def read(value: Any) -> E:
        if isinstance(value, kind):
            return value
        if isinstance(value, str):
            for member in kind:
                if value.strip().lower() == member.value.lower():
                    return member
        raise wrong(f"one of {', '.join(kind)}", list(kind))

    return read


def _time(value: Any) -> str:
    from robot.utils import timestr_to_secs

    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        text = value if isinstance(value, str) else f"{value:g} seconds"
        if timestr_to_secs(text) < 0:
            raise ValueError
    except (ValueError, OverflowError):
        raise wrong("a time such as `30 seconds`, `4 hours` or `500 ms`") from None
    return text


def _names(value: Any) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise wrong("a text, or a list of texts such as `[missing_tests, missing_documentation]`")
    return [part.strip() for part in parts if part.strip()]


def _findings(value: Any) -> list[str]:
    found = _names([f"{name}:{severity}" for name, severity in value.items()] if isinstance(value, dict) else value)
    for one in found:
        name, _, severity = one.partition(":")
        if not name or (severity and severity.strip().lower() not in list(Severity)):
            raise wrong(f"`sql_injection` or `sql_injection: high`; the severities are {', '.join(Severity)}")
    return found


def _step_or_current(value: Any) -> Any:
    if value == CURRENT:
        return value
    try:
        return _member(Step)(value)
    except PydanticCustomError:
        raise wrong(f"one of {', '.join(Step)}, or {CURRENT}", [*Step, CURRENT]) from None


_TEXTS: Final = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_ID: Final = r"^[a-z][a-z0-9_]{0,39}$"

StepName = Annotated[Step, BeforeValidator(_member(Step))]
StepOrCurrent = Annotated[Step | Literal["current"], BeforeValidator(_step_or_current)]
"""``current`` is the one that the workflow is at."""
StateName = Annotated[WorkflowState, BeforeValidator(_member(WorkflowState))]
ServiceName = Annotated[Service, BeforeValidator(_member(Service))]
RoleName = Annotated[Role, BeforeValidator(_member(Role))]
Level = Annotated[EscalationLevel, BeforeValidator(_member(EscalationLevel))]
Action = Annotated[AuditAction, BeforeValidator(_member(AuditAction))]
CapabilityName = Annotated[Capability, BeforeValidator(_member(Capability))]
EventName = Annotated[EventType, BeforeValidator(_member(EventType))]
Time = Annotated[
    str, BeforeValidator(_time), WithJsonSchema({"type": ["string", "number"], "examples": ["30 seconds"]})
]
Names = Annotated[list[str], BeforeValidator(_names), WithJsonSchema(_TEXTS)]
Findings = Annotated[
    list[str],
    BeforeValidator(_findings),
    WithJsonSchema({"anyOf": [*_TEXTS["anyOf"], {"type": "object", "additionalProperties": {"enum": list(Severity)}}]}),
]
Name = Annotated[str, StringConstraints(pattern=_ID)]
"""Of a pull request, a variable or a counter: small letters, digits and underscores."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
