"""Who has to review which part, in GitHub's CODEOWNERS file."""

from __future__ import annotations

from random import Random
from typing import Final

from QMSLibrary.data.plan import Companion, Plan
from QMSLibrary.data.spelling import Domain, Noun, domains, kebab, snake

PLATFORM: Final = "the platform team"


def team(domain: Domain) -> str:
    """The team that answers for a domain, in words."""
    return f"the {' '.join(domain.noun.many)} team"


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where it is."""
    return ".github/CODEOWNERS"


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """A line for every part of the product; those of the pull request stand first."""
    owner = plan.wishes.repository.partition("/")[0].lower()
    python = plan.language == "python"
    root, spell = ("app", snake) if python else ("src", kebab)
    known = [*plan.domains, *(domain for domain in domains() if domain not in plan.domains)]
    lines = [
        "# The last line that fits a file decides who reviews it.",
        f"* @{owner}/maintainers",
        f"/{root}/shared/ @{owner}/platform",
        f"/docs/adr/ @{owner}/platform",
    ]
    lines += [f"/{root}/{spell(domain.noun.many)}/ @{owner}/{kebab(domain.noun.many)}" for domain in known]
    return "\n".join(lines) + "\n"
