"""Title, description and branch of a pull request."""

from __future__ import annotations

import re
from random import Random

from .manifests import updated_package
from .plan import Plan
from .spelling import kebab, vocabulary
from .wishes import ChangeKind


def title(plan: Plan, rng: Random) -> str:
    """A Conventional Commit, like ``feat(invoices): add partial payments``."""
    scope, wishes = kebab(plan.domain.noun.many), plan.wishes
    prose = " ".join(plan.domain.noun.many)
    texts = {
        ChangeKind.FEATURE: f"feat({scope}): add {plan.feature}",
        ChangeKind.FIX: f"fix({scope}): correct {plan.feature}",
        ChangeKind.REFACTORING: f"refactor({scope}): separate rules and storage of {prose}",
        ChangeKind.PERFORMANCE: f"perf({scope}): load {prose} in fewer round trips",
        ChangeKind.DOCUMENTATION: f"docs({scope}): describe {plan.feature}",
        ChangeKind.CHORE: f"chore(deps): update {updated_package(plan, rng)} and its settings",
    }
    return texts[wishes.kind]


def description(plan: Plan, rng: Random, heading: str) -> str:
    """What, why and how it was checked, the way a template asks for it."""
    subject = heading.partition(": ")[2] or heading
    lines = [
        "## What",
        "",
        f"{subject[0].upper()}{subject[1:]}.",
        "",
        "## Why",
        "",
        rng.choice(vocabulary()["why"]),
        "",
    ]
    lines += ["## How it was checked", ""]
    if plan.tests:
        count = sum(piece.tested for module in plan.modules for piece in module.pieces)
        lines.append(f"{count} functions have new or changed tests in {len(plan.tests)} test files; all of them pass.")
    elif plan.modules:
        lines.append("Tried by hand on the staging system.")
    else:
        lines.append("Read by a colleague; nothing that runs has changed.")
    return "\n".join(lines) + "\n"


def branch(plan: Plan, heading: str, unique: str) -> str:
    """Like ``feature/partial-payments-k3v9q0-12``."""
    wishes = plan.wishes
    urgent = "hotfix" in wishes.changes.lower() or wishes.author.name == "hotfix_author"
    prefixes = {
        ChangeKind.FIX: "hotfix" if urgent else "bugfix",
        ChangeKind.DOCUMENTATION: "docs",
        ChangeKind.CHORE: "chore",
    }
    prefix = prefixes.get(wishes.kind, "feature")
    return f"{prefix}/{slug(heading.partition(': ')[2] or heading)}-{unique}"


def slug(text: str, longest: int = 48) -> str:
    """Words of a title as part of a branch name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:longest].strip("-") or "change"
