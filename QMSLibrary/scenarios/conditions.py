"""Conditions: ``state is COMPLETED``, ``reasons contains missing_tests``, ``environment can clock``, ``${x} is 1``.

A small form of its own, read when the scenario is loaded. Nothing in it is ever evaluated as Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import PlainValidator, WithJsonSchema

from QMSLibrary.contract.steps import Step, StepStatus
from QMSLibrary.contract.workflows import WorkflowState, WorkflowStatus
from QMSLibrary.environments import Capability

from .calls import Call, Raw, Subject, call, variable
from .values import VARIABLE, wrong

OPERATORS: Final = {
    "is not": "!=",
    "is": "==",
    "does not contain": "not contains",
    "contains": "*=",
    ">=": ">=",
    "<=": "<=",
    ">": ">",
    "<": "<",
}
"""As a condition says it, and as the assertion engine does. The longer ones first."""
NUMERIC: Final = frozenset({">=", "<=", ">", "<"})
_CLAUSE: Final = re.compile(rf"(?P<left>.+?)\s+(?P<operator>{'|'.join(map(re.escape, OPERATORS))})\s+(?P<right>.+)")
_ENVIRONMENT: Final = re.compile(r"environment\s+(can|cannot)\s+(\S+)")
_EXAMPLE: Final = (
    "a condition such as `state is COMPLETED`, `reasons contains missing_tests` or `environment can clock`"
)


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a condition can be about: where the getter finds it, and what it may be."""

    path: str
    choices: type[StrEnum] | None = None
    listed: bool = False


# One line for each.
OF_WORKFLOW: Final = {
    "state": Field("state", WorkflowState),
    "status": Field("status", WorkflowStatus),
    "step": Field("step", Step),
    "progress": Field("progress"),
    "run": Field("run"),
    "quality_score": Field("result.quality_score"),
    "satisfaction": Field("result.stakeholder_satisfaction"),
    "compliance": Field("result.compliance_adhered"),
}
OF_STEP: Final = {
    "status": Field("status", StepStatus),
    "attempt": Field("attempt"),
    "reasons": Field("failure_reasons", listed=True),
    "waiting_for": Field("waiting_for", listed=True),
    "coverage": Field("measures.coverage"),
}
OF_CURRENT_STEP: Final = frozenset({"reasons", "waiting_for"})
"""These may be written without a step, and mean the one that the workflow is at."""
_SUBJECTS: Final = [*OF_WORKFLOW, *sorted(OF_CURRENT_STEP), *(f"{step}.{name}" for step in Step for name in OF_STEP)]


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison."""

    left: str
    operator: str
    """One of OPERATORS, or ``can`` and ``cannot``."""
    right: str

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"

    def with_right(self, right: str) -> Clause:
        """The same with its variables replaced."""
        return Clause(self.left, self.operator, right)

    @property
    def of_workflow(self) -> bool:
        """It is about a workflow, and not about the environment or a variable."""
        return self.left != "environment" and not VARIABLE.fullmatch(self.left)

    def getter(self, subject: Subject) -> list[Call]:
        """The keywords that get the value; the last one returns it."""
        return self._get(subject)

    def asserted(self, subject: Subject) -> list[Call]:
        """The keywords that get the value and check it."""
        return self._get(subject, Raw(OPERATORS[self.operator]), self.right)

    def _get(self, subject: Subject, *assertion: str) -> list[Call]:
        if self.left in OF_WORKFLOW:
            return [call("Get Workflow", OF_WORKFLOW[self.left].path, *assertion, workflow=subject.workflow)]
        step, _, name = self.left.rpartition(".")
        if step:
            return [call("Get Step", step, OF_STEP[name].path, *assertion, workflow=subject.workflow)]
        current = call("Get Workflow", "step", workflow=subject.workflow, assign=variable("current step"))
        path = OF_STEP[name].path
        return [
            current,
            call("Get Step", variable("current step"), path, *assertion, workflow=subject.workflow),
        ]

    def holds(self, value: Any) -> bool:
        """Whether it is so when the left side is ``value``. A text and a number are compared as what they look like."""
        found = str(value.value if isinstance(value, StrEnum) else value)
        if self.operator in ("contains", "does not contain"):
            inside = self.right in ([str(one) for one in value] if isinstance(value, list) else found)
            return inside is (self.operator == "contains")
        left, right = _number(found), _number(self.right)
        if self.operator in NUMERIC:
            return left is not None and right is not None and _ORDER[self.operator](left, right)
        same = left == right if left is not None and right is not None else found.lower() == self.right.lower()
        return same is (self.operator == "is")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Clauses that must all be so."""

    clauses: tuple[Clause, ...]

    def __str__(self) -> str:
        return " and ".join(map(str, self.clauses))


_ORDER: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": float.__ge__,
    "<=": float.__le__,
    ">": float.__gt__,
    "<": float.__lt__,
}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def read(value: Any) -> Conditions:
    """The condition in a text, a mapping (each key is, or contains, its value) or a list of such."""
    if isinstance(value, Conditions):
        return value
    if isinstance(value, str):
        return Conditions(tuple(_clause(part.strip()) for part in re.split(r"\s+and\s+", value.strip())))
    if isinstance(value, dict) and value:
        return Conditions(tuple(one for name, wanted in value.items() for one in _entry(str(name), wanted)))
    if isinstance(value, list) and value:
        return Conditions(tuple(one for part in value for one in read(part).clauses))
    raise wrong(_EXAMPLE)


def _entry(name: str, wanted: Any) -> list[Clause]:
    if isinstance(wanted, list):
        return [_checked(name, "contains", _plain(one)) for one in wanted]
    listed = name in OF_CURRENT_STEP or (name.rpartition(".")[2] in OF_STEP and OF_STEP[name.rpartition(".")[2]].listed)
    return [_checked(name, "contains" if listed else "is", _plain(wanted))]


def _plain(value: Any) -> str:
    if not isinstance(value, str | int | float) or value == "":
        raise wrong(_EXAMPLE)
    return str(value)


def _clause(text: str) -> Clause:
    if match := _ENVIRONMENT.fullmatch(text):
        if match[2] not in list(Capability):
            raise wrong(f"one of {', '.join(Capability)}", list(Capability), got=repr(match[2]), word=match[2])
        return Clause("environment", match[1], match[2])
    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise wrong(_EXAMPLE, got=repr(text))
    return _checked(match["left"].strip(), match["operator"], match["right"].strip())


def _checked(left: str, operator: str, right: str) -> Clause:
    if VARIABLE.fullmatch(left):
        return Clause(left, operator, right)
    if left not in _SUBJECTS:
        raise wrong(
            f"a variable, or one of {', '.join(_SUBJECTS[: len(OF_WORKFLOW) + len(OF_CURRENT_STEP)])}, or one of "
            f"{', '.join(OF_STEP)} with a step before it, such as dor_validation.status",
            _SUBJECTS,
            got=repr(left),
            word=left,
        )
    field = OF_WORKFLOW.get(left) or OF_STEP[left.rpartition(".")[2]]
    if field.listed and operator not in ("contains", "does not contain"):
        raise wrong(f"`{left} contains …` or `{left} does not contain …`, because it is a list", got=repr(operator))
    if field.choices is not None and not VARIABLE.fullmatch(right):
        if operator not in ("is", "is not"):
            raise wrong(f"`{left} is …` or `{left} is not …`", got=repr(operator))
        for member in field.choices:
            if right.lower() == member.value.lower():
                return Clause(left, operator, member.value)
        raise wrong(f"one of {', '.join(field.choices)}", list(field.choices), got=repr(right), word=right)
    if operator in NUMERIC and _number(right) is None and not VARIABLE.fullmatch(right):
        raise wrong("a number", got=repr(right))
    return Clause(left, operator, right)


Condition = Annotated[
    Conditions,
    PlainValidator(read),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "object"}, {"type": "array"}],
            "examples": ["state is COMPLETED", "reasons contains missing_tests", "environment can clock"],
        }
    ),
]
