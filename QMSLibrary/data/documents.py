"""Documentation files, in Markdown."""

from __future__ import annotations

from random import Random

from .plan import Plan
from .spelling import Domain, domains, kebab, vocabulary
from .wishes import ChangeKind


def document_paths(plan: Plan) -> list[str]:
    """Where the documentation files of a plan are: one for each of its domains, the changelog, then guides."""
    if not plan.wishes.has_code and plan.wishes.kind is not ChangeKind.DOCUMENTATION and plan.companions:
        return ["CHANGELOG.md"][: plan.documents]
    paths = [*map(_overview_path, plan.domains), "CHANGELOG.md"]
    if plan.documents <= len(paths):
        return paths[: plan.documents]
    words = [*vocabulary()["parts"], *vocabulary()["variants"]]
    topics = [f"{kebab(domain.noun.one)}-{word}" for domain in _all_domains(plan) for word in words]
    paths += [f"docs/{folder}/{topic}.md" for folder in ("guides", "operations") for topic in topics]
    return paths[: plan.documents]


def document(plan: Plan, path: str, rng: Random, wanted: int) -> str:
    """The text of one of them; ``wanted`` is about how many lines it should have where that is free."""
    if path == "CHANGELOG.md":
        return _changelog(plan, rng)
    if path.count("/") == 2:
        title = path.rpartition("/")[2].removesuffix(".md").replace("-", " ").capitalize()
        return _guide(plan.domain, f"{title}s", rng, wanted)
    domain = next(domain for domain in plan.domains if path == _overview_path(domain))
    return _overview(plan, domain, rng, wanted)


def _overview_path(domain: Domain) -> str:
    return f"docs/{kebab(domain.noun.many)}.md"


def readme(plan: Plan, name: str) -> str:
    """The first page of the repository."""
    how = "pytest" if plan.language == "python" else "npm test"
    parts = [f"- {' '.join(domain.noun.many)}" for domain in plan.domains]
    return "\n".join([f"# {name}", "", "The product's back end:", "", *parts, "", f"Tests: `{how}`", ""])


def _all_domains(plan: Plan) -> list[Domain]:
    return [*plan.domains, *(other for other in domains() if other not in plan.domains)]


def _overview(plan: Plan, domain: Domain, rng: Random, wanted: int) -> str:
    title = " ".join(domain.noun.many).capitalize()
    if not plan.modules:
        return _guide(domain, title, rng, wanted)
    prose = rng.sample(vocabulary()["prose"], k=4)
    lines = [f"# {title}", "", f"This part of the product is about {' '.join(domain.noun.many)}. {prose[0]}", ""]
    lines += ["## What is new", "", f"- {_sentence(plan.feature)}", ""]
    lines += ["## How it behaves", "", *(f"- {sentence}" for sentence in prose[1:]), ""]
    if plan.reference:
        lines += ["## Reference", ""]
        lines += [
            f"- `{piece.name}`: {piece.naming(piece.operation.sentence)}"
            for module in plan.modules
            if _described_with(plan, module.domain) is domain
            for piece in module.pieces
        ]
        lines.append("")
    return "\n".join(lines)


def _described_with(plan: Plan, domain: Domain) -> Domain:
    """The domain whose documentation file describes ``domain``: its own, if it has one."""
    return domain if domain in plan.domains[: plan.documents] else plan.domain


def _guide(domain: Domain, title: str, rng: Random, wanted: int) -> str:
    """A guide of about ``wanted`` lines: a section for each thing that people do."""
    lines = [f"# {title}", "", rng.choice(vocabulary()["prose"]), ""]
    topics = [
        (verb, " ".join(noun))
        for noun in (domain.noun.one, *(domain.part(word).one for word in vocabulary()["parts"]))
        for verb in ("Add", "Find", "Change", "Cancel", "Export", "Approve", "Assign", "Archive")
    ]
    for verb, noun in rng.sample(topics, k=len(topics)):
        if len(lines) >= wanted:
            break
        fields = [*domain.texts, *domain.numbers]
        field = " ".join(rng.choice(fields))
        lines += [f"## {verb}: {noun}", ""]
        lines += [f"1. Open the list and choose the {noun} by its {field}."]
        lines += [f"2. Use *{verb}*; the {field} is shown once more before anything happens."]
        lines += [
            f"3. The status becomes *{rng.choice((domain.open, domain.done))}*, and the history has a new entry.",
            "",
        ]
        lines += [rng.choice(vocabulary()["prose"]), ""]
    return "\n".join(lines)


def _changelog(plan: Plan, rng: Random) -> str:
    major, minor = rng.randint(1, 6), rng.randint(4, 30)
    heading = "Fixed" if plan.wishes.kind == "fix" else "Changed" if plan.wishes.kind == "chore" else "Added"
    first = "Dependencies brought up to date." if plan.wishes.kind == "chore" else _sentence(plan.feature)
    lines = ["# Changelog", "", "## Unreleased", "", f"### {heading}", "", f"- {first}", ""]
    for back in range(1, 4):
        other = rng.choice(_all_domains(plan))
        lines += [f"## {major}.{minor - back}.0", "", "### Added", ""]
        # What is new now was not released before.
        features, faults = ([one for one in some if one != plan.feature] for some in (other.features, other.faults))
        lines += [f"- {_sentence(feature)}" for feature in rng.sample(features, k=2)]
        lines += ["", "### Fixed", "", f"- {_sentence(rng.choice(faults))}", ""]
    return "\n".join(lines)


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."
