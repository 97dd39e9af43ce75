"""How big a pull request is, and which files it has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Final

from .companions import add_companions
from .operations import LAYERS, SHARED
from .plan import Module, Plan
from .spelling import Domain, Noun, domains, vocabulary
from .wishes import COMPLEXITIES, MAXIMUM_FILES, USUAL_LINES, ChangeKind, Need, Wishes, need_of

_AUDIT: Final = Noun(("audit",), ("audit",))


def extent(wishes: Wishes, rng: Random) -> tuple[int, int]:
    """How many files and changed lines there are."""
    size = wishes.size
    need = need_of(wishes)
    # With code, three files have room for a documentation file, without which no persona's habits would show.
    least = max(need.files, 3 if wishes.has_code else 1)
    usual_files = max(least, round(rng.randint(*size.files) * wishes.author.size))
    usual_lines = rng.randint(*size.lines_per_file)
    if wishes.files is not None:
        files = wishes.files
    elif wishes.lines_changed is not None:
        most = 250 if wishes.has_code else USUAL_LINES.get(wishes.language, 60)
        enough = min(MAXIMUM_FILES, -(-wishes.lines_changed // most))
        files = max(need.files, min(usual_files, wishes.lines_changed // 4), enough)
    else:
        files = usual_files
    if wishes.lines_changed is not None:
        return files, wishes.lines_changed
    return files, max(files * usual_lines, files + need.flawed_lines)


def share_files(plan: Plan, rng: Random) -> None:
    """How many of the files are sources, tests, types, documents and others."""
    wishes, count = plan.wishes, plan.files
    need = need_of(wishes)
    if wishes.kind is ChangeKind.DOCUMENTATION:
        add_companions(plan, count - 1, rng)
        plan.documents = count - len(plan.companions)
        return
    if not wishes.missing_documentation:
        plan.documents = 0 if count < max(3, need.files + 1) else 1 if count < 9 else 2
    if not wishes.has_code:
        plan.documents = min(plan.documents, 1)
        add_companions(plan, count - plan.documents, rng)
        return
    spare = count - plan.documents - need.files
    if spare >= 3:
        plan.types = plan.domains[: 1 if spare < 11 else None]
        spare -= len(plan.types)
    add_companions(plan, need.companions + spare // 3, rng)
    left = count - plan.documents - len(plan.types) - len(plan.companions)
    sources = left if wishes.missing_tests else min((left + 1) // 2, left - need.tests)
    sources = max(sources, need.sources)
    plan.modules = list(islice(_modules(plan, rng, need), sources))
    if not wishes.missing_tests:
        plan.tests = [[] for _ in range(left - sources)]
        for index, module in enumerate(plan.modules):
            plan.tests[min(index, len(plan.tests) - 1)].append(module)


def _modules(plan: Plan, rng: Random, need: Need) -> Iterator[Module]:
    """Source files: those that show what was asked for first, then the other layers of the same, then other nouns."""
    layers = plan.wishes.layers or LAYERS
    parts = rng.sample(vocabulary()["parts"], k=len(vocabulary()["parts"]))
    others = [other for other in domains() if other not in plan.domains]
    seen = set()
    if COMPLEXITIES[plan.wishes.complexity].domains > 1:
        for index in range(need.sources - 1):
            domain, layer = plan.domains[index % len(plan.domains)], layers[index % len(layers)]
            seen.add((domain, layer))
            yield Module(domain, domain.noun, layer)
        yield Module(plan.domain, _AUDIT, SHARED)
    for group in (plan.domains, others):
        for nouns in zip(*(_nouns(domain, parts) for domain in group), strict=True):
            for domain, noun in zip(group, nouns, strict=True):
                for layer in layers:
                    if noun is not domain.noun or (domain, layer) not in seen:
                        yield Module(domain, noun, layer)


def _nouns(domain: Domain, parts: list[str]) -> Iterator[Noun]:
    variants = vocabulary()["variants"][::2]  # the others are for functions within a module
    own = [domain.noun, *map(domain.part, parts)]
    yield from own
    for word in variants:
        for noun in own:
            yield Noun((word, *noun.one), (word, *noun.many))
