"""The quality score of a pull request."""

from __future__ import annotations

from typing import Final

from .reading import Reading

WEIGHTS: Final = {"style": 0.40, "coverage": 0.25, "documentation": 0.20, "simplicity": 0.15}
FULL_COVERAGE: Final = 90.0
"""Percent from which on more coverage is no better."""
SIMPLE: Final = 5.0
COMPLEX: Final = 15.0
"""Mean complexity at which the code counts as simple, and from which on as not simple at all."""


def quality_parts(reading: Reading) -> dict[str, float]:
    """Each part of the score, 0 to 1. What a pull request does not have does not count against it."""
    coverage = reading.coverage
    functions = [function for module in reading.source_modules for function in module.functions]
    mean = sum(function.complexity for function in functions) / len(functions) if functions else 0.0
    return {
        "style": reading.tidy_share,
        "coverage": 1.0 if coverage is None else min(1.0, coverage / FULL_COVERAGE),
        "documentation": reading.documented_share,
        "simplicity": min(1.0, max(0.0, (COMPLEX - mean) / (COMPLEX - SIMPLE))),
    }


def quality_score(reading: Reading) -> float:
    """0 to 100, one decimal."""
    parts = quality_parts(reading)
    return round(100 * sum(weight * parts[name] for name, weight in WEIGHTS.items()), 1)
