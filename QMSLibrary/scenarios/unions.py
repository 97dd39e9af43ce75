"""One of several registered things, written as a mapping with its name: ``wait_for_step: …``, ``service_killed: …``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Union

from pydantic import BeforeValidator, Discriminator, GetJsonSchemaHandler, Tag, create_model
from pydantic_core import CoreSchema

from .values import Strict, Text, wrong


class Entry(Strict):
    """A mapping with one name in it, and what that name says."""

    entry: ClassVar[str]
    fixed: ClassVar[frozenset[str]] = frozenset()

    @property
    def content(self) -> Any:
        """What is said of it."""
        return getattr(self, self.entry)


class Labelled(Entry):
    """An entry that may have a name of its own, for the log."""

    name: Text | None = None


class _OrWord:
    """For the schema: an entry that needs nothing after its name may be that name alone."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        choices = handler(core)["oneOf"]
        return {"anyOf": [*choices, {"enum": self._names}] if self._names else choices}


def one_of(what: str, registry: Mapping[str, type[Any]], base: type[Entry]) -> Any:
    """The type of an entry of a registry. What is no such entry is refused with those that there are."""
    beside = set(base.model_fields)

    def checked(value: Any) -> Any:
        if isinstance(value, str):
            value = {value: None}  # `- trigger` is `- trigger:`
        if not isinstance(value, dict):
            raise wrong(f"{what}: a mapping such as `{next(iter(registry))}: …`")
        names = [name for name in value if name not in beside]
        unknown = [name for name in names if name not in registry]
        if unknown:
            known = ", ".join(registry)
            raise wrong(f"{what}, one of {known}", registry, key=unknown[0], got=f"{unknown[0]!r}", of_key=True)
        if len(names) != 1:
            raise wrong(f"{what} with one of {', '.join(registry)} in it", got=", ".join(names) or "none")
        return value

    def tag(value: Any) -> str:
        if isinstance(value, Entry):
            return value.entry
        return str(next(name for name in value if name not in beside))

    variants = []
    for name, content in registry.items():
        fields: dict[str, Any] = {name: (content, ...)}
        model = create_model(f"{content.__name__}Entry", __base__=base, __module__=content.__module__, **fields)
        model.entry = name
        model.fixed = frozenset({name, "name"})
        model.__doc__ = content.__doc__
        variants.append(Annotated[model, Tag(name)])
    alone = [name for name, one in registry.items() if not any(f.is_required() for f in one.model_fields.values())]
    union: Any = Union[tuple(variants)]  # noqa: UP007 - not known before
    return Annotated[union, Discriminator(tag), BeforeValidator(checked), _OrWord(alone)]
