"""A service's settings, in YAML."""

from __future__ import annotations

from random import Random

from QMSLibrary.data.plan import Companion, Plan
from QMSLibrary.data.spelling import Domain, Noun, kebab


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where they are."""
    return f"config/{kebab(noun.many)}.yaml"


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """Settings by region, about ``wanted`` lines of them."""
    lines = [f"# Settings for {' '.join(companion.noun.many)}", "version: 1", "regions:"]
    for number in range(1, 200):
        lines += [
            f"  region-{number:02}:",
            f"    retention_days: {rng.choice((30, 90, 365))}",
            f"    page_size: {rng.choice((25, 50, 100))}",
            f"    timeout_seconds: {rng.randint(2, 30)}",
        ]
        if len(lines) >= wanted:
            break
    return "\n".join(lines) + "\n"
