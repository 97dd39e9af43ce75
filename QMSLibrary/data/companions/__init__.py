"""Files beside the code: migrations, settings, manifests, images, decisions, owners. Each kind is a file here."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from types import ModuleType
from typing import Final

from QMSLibrary.data.plan import Companion, Plan
from QMSLibrary.data.spelling import Domain, Noun, domains, vocabulary
from QMSLibrary.data.wishes import COMPLEXITIES, ChangeKind

from . import decision, deployment, dockerfile, manifest, migration, owners, settings, workflow

KINDS: Final[dict[str, ModuleType]] = {
    "decision": decision,
    "deployment": deployment,
    "dockerfile": dockerfile,
    "manifest": manifest,
    "migration": migration,
    "owners": owners,
    "settings": settings,
    "workflow": workflow,
}
"""Each has ``path(plan, domain, noun)`` and ``text(plan, companion, rng, wanted)``."""

_MAIN: Final = {
    "sql": ("migration",),
    "yaml": ("settings", "deployment", "workflow"),
    "dockerfile": ("dockerfile",),
}
"""What a pull request in one of these languages consists of."""
_USUAL: Final = (("migration", 0.7), ("settings", 0.5), ("deployment", 0.3), ("dockerfile", 0.2), ("workflow", 0.15))
"""What comes along with a new feature, and how often, where there is room for it. A migration comes with a far-reaching
one only: it makes a change a sensitive one, which a QMS treats differently, so it must not depend on chance."""


def add_companions(plan: Plan, room: int, rng: Random) -> None:
    """Choose up to ``room`` files; exactly so many in a pull request without code, where they are all there is."""
    wishes = plan.wishes
    # Drawn whether there is room or not, so that the rest of the plan does not depend on it.
    drawn = [kind for kind, chance in _USUAL if rng.random() < chance]
    far_reaching = rng.random() < wishes.author.architectural_impact
    high = COMPLEXITIES[wishes.complexity].domains > 1
    kinds = ["owners"] if high else []
    if not wishes.missing_documentation and (high or far_reaching):
        kinds.append("decision")
    if wishes.has_code and wishes.kind is ChangeKind.FEATURE:
        kinds += [kind for kind in drawn if kind != "migration" or (high and "repository" in wishes.layers)]
    if wishes.kind is ChangeKind.CHORE and wishes.language not in _MAIN:
        kinds.append("manifest")
    for kind in kinds[: max(0, room)]:
        _add(plan, kind, plan.domain, plan.domain.noun)
    if wishes.kind is ChangeKind.DOCUMENTATION or wishes.has_code:
        return
    cycle = _MAIN.get(wishes.language, ("settings",))
    places = ((kind, domain, noun) for domain, noun in _places(plan) for kind in cycle)
    while cycle and len(plan.companions) < room:
        _add(plan, *next(places))


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """The text of one of them; ``wanted`` is about how many lines it should have where that is free."""
    return str(KINDS[companion.kind].text(plan, companion, rng, wanted))


def _add(plan: Plan, kind: str, domain: Domain, noun: Noun) -> None:
    plan.companions.append(Companion(kind, KINDS[kind].path(plan, domain, noun), domain, noun))


def _places(plan: Plan) -> Iterator[tuple[Domain, Noun]]:
    """What files can be about: the domains of the plan first, in turn."""
    others = [other for other in domains() if other not in plan.domains]
    parts, variants = vocabulary()["parts"], vocabulary()["variants"]
    for group in (plan.domains, others):
        for domain in group:
            yield domain, domain.noun
        for word in parts:
            for domain in group:
                yield domain, domain.part(word)
        for word in variants:
            for domain in group:
                yield domain, domain.variant(word)
    for word in variants:
        for part in parts:
            for domain in domains():
                noun = domain.part(part)
                yield domain, Noun((word, *noun.one), (word, *noun.many))
