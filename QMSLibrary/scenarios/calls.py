"""What a part has done: calls of the library's keywords, written as a tester writes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .values import VARIABLE


class Raw(str):
    """A text that Robot is to read as it stands, such as ``${main}``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A keyword with its arguments as Robot reads them; ``assign`` is the variable that keeps what it returns."""

    keyword: str
    arguments: tuple[str, ...] = ()
    assign: str | None = None


def call(keyword: str, *positional: Any, assign: str | None = None, **options: Any) -> Call:
    """A call. Options that are None, or an empty list, are left to the keyword."""
    named = tuple(f"{name}={spelled(value)}" for name, value in options.items() if value is not None and value != [])
    return Call(keyword, (*map(spelled, positional), *named), assign)


def spelled(value: Any) -> str:
    """A value as a cell of a table. Robot changes nothing in it but plain variables."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, list):
        return ", ".join(spelled(one) for one in value)
    return escaped(value) if isinstance(value, str) else str(value)


def escaped(text: str) -> str:
    """``text`` with everything escaped that means something to Robot, except plain variables."""
    from robot.utils import escape

    parts, end = [], 0
    for match in VARIABLE.finditer(text):
        parts += [escape(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def variable(name: str) -> Raw:
    """``${name}``."""
    return Raw(f"${{{name}}}")


@dataclass(frozen=True, slots=True)
class Subject:
    """The pull request that a part is about, and the variables that keep it and its workflow."""

    name: str
    alone: bool = True
    """The scenario has no other one, so the current workflow is meant and need not be named."""

    @property
    def pull_request(self) -> Raw:
        """The variable of the pull request."""
        return variable(self.name)

    @property
    def workflow_variable(self) -> Raw:
        """The variable of its workflow."""
        return variable(f"{self.name} workflow")

    @property
    def workflow(self) -> Raw | None:
        """The same, where it has to be named."""
        return None if self.alone else self.workflow_variable
