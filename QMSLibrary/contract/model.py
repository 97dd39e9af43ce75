"""The base of every contract model."""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

# A duration travels as seconds (a number), because that is what the rest of the wire format and every chart uses.
Seconds = Annotated[
    timedelta,
    PlainSerializer(lambda value: value.total_seconds(), return_type=float, when_used="json"),
]
Moment = AwareDatetime


LONGEST_SHOWN: Final = 120
"""Characters of a text that a logged value shows."""


def noun(kind: type) -> str:
    """What a class is called in a message: ``workflow state`` for WorkflowState."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()


class NoField(AttributeError, KeyError):  # noqa: N818 - it says what happened
    """A field is asked for that a model does not have: as ``model.field`` or as ``model["field"]``."""

    ROBOT_SUPPRESS_NAME = True

    def __init__(self, model: BaseModel, field: str) -> None:
        known = ", ".join(type(model).model_fields)
        super().__init__(f"{noun(type(model)).capitalize()} has no field {field!r}. It has: {known}.")

    def __str__(self) -> str:
        return str(self.args[0])


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST_SHOWN:
        return f"{value[:LONGEST_SHOWN]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {name: _cut(one) for name, one in value.items()}
    return [_cut(one) for one in value] if isinstance(value, list) else value


def _field_docs(cls: type[BaseModel]) -> dict[str, str]:
    """What is written under each field of a class and of the classes before it.

    Only when a schema is asked for: pydantic's ``use_attribute_docstrings`` reads the sources at each import, which
    was a fifth of what importing the library costs.
    """
    docs: dict[str, str] = {}
    for one in reversed(cls.__mro__):
        if not (issubclass(one, Model) and one is not Model):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(one))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, doc in pairwise(body.body):
            match field, doc:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    docs[name] = inspect.cleandoc(text)
    return docs


class Model(BaseModel):
    """A value that crosses the border between two parties; snake_case on the wire.

    Fields that this version does not know are ignored when reading, so that a newer QMS can be tested with an older
    library. ``model["field"]`` works beside ``model.field``, because that is what a Robot table writes.
    """

    model_config = ConfigDict(extra="ignore", defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in _field_docs(cls).items():
            properties[name].setdefault("description", text)
        return schema

    def __str__(self) -> str:
        """As JSON, with long texts cut: what a tester sees who logs it."""
        return json.dumps(_cut(self.model_dump(mode="json")), indent=2, ensure_ascii=False)

    def __getitem__(self, name: str) -> Any:
        if name not in type(self).model_fields:
            raise NoField(self, name)
        return getattr(self, name)

    if not TYPE_CHECKING:  # or every misspelled field of ours would be fine with the type checker

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                return super().__getattr__(name)
            raise NoField(self, name)


class Request(Model):
    """A body that a client sends. An unknown field is refused: it is a spelling mistake or an attack."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Page(Model):
    """What every list carries beside its items."""

    total: int
    """How many items match, on all pages."""
    next_cursor: str | None = None
    """Give it back as ``cursor`` for the next page; absent on the last one."""


def wire_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and ``Z``, the only spelling of a time on the wire."""
    from datetime import UTC

    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
