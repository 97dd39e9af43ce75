"""Title, description and branch of a pull request."""

from __future__ import annotations

import re
from random import Random

from .companions.manifest import updated_package
from .companions.owners import PLATFORM, team
from .people import companies
from .plan import Plan
from .spelling import kebab, vocabulary
from .wishes import ChangeKind

_WITHOUT_CODE = {
    "sql": ("add a table", "add tables"),
    "yaml": ("add settings", "add settings"),
    "dockerfile": ("add an image", "add images"),
}
"""What is done, with one file and with several."""


def title(plan: Plan, rng: Random) -> str:
    """A Conventional Commit, like ``feat(invoices): add partial payments``."""
    scope, wishes = kebab(plan.domain.noun.many), plan.wishes
    if wishes.kind is not ChangeKind.DOCUMENTATION and wishes.language in _WITHOUT_CODE:
        one, many = _WITHOUT_CODE[wishes.language]
        images_or_tables = sum(companion.kind in ("migration", "dockerfile") for companion in plan.companions)
        return f"{wishes.kind.value}({scope}): {one if images_or_tables == 1 else many} for {plan.feature}"
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
    """What, why and how it was checked, the way a template asks for it; and who is concerned, when many are."""
    subject = heading.partition(": ")[2] or heading
    company = rng.choice(companies())
    asked = rng.choice(vocabulary()["asked"])
    why = asked.format(who=company.contact.partition(",")[0], company=company.name, business=company.business)
    lines = ["## What", "", f"{subject[0].upper()}{subject[1:]}.", ""]
    lines += ["## Why", "", rng.choice(vocabulary()["why"]), why, ""]
    if len(plan.domains) > 1:
        lines += ["## Who is concerned", ""]
        lines += [f"- {team(domain)}, who answer for {' '.join(domain.noun.many)}" for domain in plan.domains]
        lines += [f"- {PLATFORM}, who answer for what all parts share", ""]
    if plan.security_reviewed:
        lines += ["## Security", "", rng.choice(vocabulary()["security"]), ""]
    lines += ["## How it was checked", ""]
    if plan.tests:
        count = sum(piece.tested for piece in plan.pieces)
        functions = "1 function has" if count == 1 else f"{count} functions have"
        files = "1 test file" if len(plan.tests) == 1 else f"{len(plan.tests)} test files"
        lines.append(f"{functions} new or changed tests in {files}; all of them pass.")
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
