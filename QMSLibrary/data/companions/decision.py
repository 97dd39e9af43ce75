"""A record of an architecture decision, in the form that Michael Nygard gave it."""

from __future__ import annotations

from random import Random

from QMSLibrary.data.plan import Companion, Plan
from QMSLibrary.data.spelling import Domain, Noun, kebab

from .owners import PLATFORM, team


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where it is; the number follows from what it is about."""
    number = 1 + sum(map(ord, plan.feature)) % 60
    return f"docs/adr/{number:04}-{kebab(tuple(plan.feature.lower().split()))}.md"


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """Status, context, decision, consequences; who has to agree."""
    number = companion.path.rpartition("/")[2][:4].lstrip("0")
    fields = [" ".join(domain.noun.many) for domain in plan.domains]
    teams = [*(team(domain) for domain in plan.domains), PLATFORM]
    both = " and ".join(fields)
    return "\n".join(
        [
            f"# {number}. {plan.feature[0].upper()}{plan.feature[1:]}",
            "",
            f"Date: 2024-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            "",
            "## Status",
            "",
            f"Proposed. It needs the consent of {', '.join(teams[:-1])} and {teams[-1]}.",
            "",
            "## Context",
            "",
            f"What is needed for {plan.feature} concerns {both}. Until now each part wrote its own history, so nobody",
            "could say who had changed what across them.",
            "",
            "## Decision",
            "",
            f"Rules about {both} stay with their own team. What all of them share moves to one module, which",
            f"belongs to {PLATFORM}; every change of an entry goes through it.",
            "",
            "## Consequences",
            "",
            "- One place says how a change is described, so reports agree with each other.",
            "- A change of the shared module needs a review by every team that is named above.",
            f"- {rng.choice(('A cache', 'A queue', 'A second store'))} was considered and left for later.",
            "",
        ]
    )
