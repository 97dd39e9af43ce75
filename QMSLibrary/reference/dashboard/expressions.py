"""The expression of an alert rule: figures of a review compared with numbers, joined by ``and`` and ``or``.

``and`` binds closer than ``or``. Nothing is evaluated but comparisons: whoever may set a rule can do no more than that.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from QMSLibrary.contract.dashboard import Figure

_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[+-]?\d{1,15}(?:\.\d{1,15})?)(?![\w.])|(?P<word>[A-Za-z_]\w*)|(?P<operator>[<>=!]=?)|(?P<other>\S))"
)
_FIGURES: Final = frozenset(Figure)
_JOINS: Final = ("and", "or")


class ExpressionError(ValueError):
    """The expression is not as it must be; the message names the place and what is expected there."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``figure comparison number``."""

    figure: Figure
    comparison: str
    number: float

    def holds(self, figures: Mapping[str, float]) -> bool | None:
        """Whether it does; None when the figure is not known."""
        value = figures.get(self.figure)
        return None if value is None else _OPERATORS[self.comparison](value, self.number)


@dataclass(frozen=True, slots=True)
class Expression:
    """Alternatives, each of them conditions that must all hold."""

    alternatives: tuple[tuple[Condition, ...], ...]

    def holds(self, figures: Mapping[str, float]) -> bool | None:
        """Whether it does; None when that cannot be told, because a figure that matters is not known."""
        unknown = False
        for conditions in self.alternatives:
            answers = [one.holds(figures) for one in conditions]
            if False in answers:
                continue
            if None not in answers:
                return True
            unknown = True
        return None if unknown else False

    def why(self, figures: Mapping[str, float]) -> str:
        """What was measured, of the figures that it names: ``quality_score is 63.5``."""
        named = dict.fromkeys(one.figure for conditions in self.alternatives for one in conditions)
        return ", ".join(f"{figure} is {figures[figure]:g}" for figure in named if figure in figures)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int
    """The number of its first character, from 1."""


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Read an expression. Raises ExpressionError."""
    tokens = [
        _Token(match.lastgroup or "", match.group(match.lastgroup or 0), match.start(match.lastgroup or 0) + 1)
        for match in _TOKEN.finditer(text)
    ]
    end = _Token("end", "", len(text.rstrip()) + 1)
    alternatives: list[list[Condition]] = [[]]
    place = 0
    while True:
        figure, comparison, number = (tokens[place + one] if place + one < len(tokens) else end for one in range(3))
        if figure.text not in _FIGURES:
            raise _unexpected(figure, f"a figure ({', '.join(Figure)})")
        if comparison.text not in _OPERATORS:
            raise _unexpected(comparison, f"one of {' '.join(_OPERATORS)}")
        if number.kind != "number":
            raise _unexpected(number, "a number")
        alternatives[-1].append(Condition(Figure(figure.text), comparison.text, float(number.text)))
        place += 3
        if place >= len(tokens):
            return Expression(tuple(tuple(one) for one in alternatives))
        join = tokens[place]
        if join.text not in _JOINS:
            raise _unexpected(join, "`and`, `or` or the end")
        if join.text == "or":
            alternatives.append([])
        place += 1


def _unexpected(token: _Token, wanted: str) -> ExpressionError:
    seen = "the end" if token.kind == "end" else repr(token.text[:40])
    return ExpressionError(f"at character {token.place}: expected {wanted}, not {seen}.")
