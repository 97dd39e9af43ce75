"""The table of flaws and scanners in ``docs/flaws.md``, from what scanners really said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from QMSLibrary.contract.pull_requests import ChangeType, FileChange, PullRequest
from QMSLibrary.data.flaws import catalogue
from QMSLibrary.reference.agents.reading import Reading

from .scanners import CHECKOUT, SCANNERS, Hit, Scanner
from .tree import Case, cases

TEMPLATE = Path(__file__).parent / "page.md"
PAGE = CHECKOUT / "docs" / "flaws.md"
REFERENCE = "reference QMS"
NOTHING = "–"
_NAMES = {"python": "Python", "typescript": "TypeScript", "javascript": "JavaScript"}
_ROW = re.compile(r"^\| `(?P<flaw>\w+)` \| (?P<language>Python|TypeScript|JavaScript) \|(?P<cells>.*)\|$")

Found = Mapping[str, list[Hit]]
"""What each scanner found, by its name."""


def hits_of(case: Case, hits: Iterable[Hit]) -> list[Hit]:
    """Those in the flawed files of a case."""
    return [hit for hit in hits if hit.path.startswith(f"flawed/{case.language}/{case.flaw}/")]


def hits_at_the_flaw(case: Case, hits: Iterable[Hit]) -> list[Hit]:
    """Those in the flawed function itself."""
    path, lines = case.place
    where = f"flawed/{case.language}/{case.flaw}/{path}"
    return [hit for hit in hits_of(case, hits) if hit.path == where and hit.line in lines]


def said_by_the_agents(case: Case, files: Mapping[str, str], kind: str = "flawed") -> list[Hit]:
    """What the reference QMS's own agents find, in the form of the others."""
    request = PullRequest(
        id="PR-1",
        title="feat: a flaw",
        description="What the agents find in the files that the scanners look through.",
        author="a.author",
        repository="shop/orders",
        head_branch="feature/flaw",
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
        files=[
            FileChange(path=path, type=ChangeType.ADDED, additions=text.count("\n"), content=text)
            for path, text in files.items()
        ],
    )
    flaws = Reading(request).flaws
    return [
        Hit(f"{kind}/{case.language}/{case.flaw}/{path}", place.line, flaw.type, flaw.severity)
        for found in flaws.values()
        for flaw, path, place in found
    ]


def page(found: Found) -> str:
    """The whole page; needs what every scanner said."""
    heads = [scanner.name for scanner in SCANNERS] + [REFERENCE]
    rows = []
    for case in cases():
        said = [hits_at_the_flaw(case, found[scanner.name]) for scanner in SCANNERS]
        said.append(hits_at_the_flaw(case, said_by_the_agents(case, case.flawed)))
        rows.append(f"| `{case.flaw}` | {_NAMES[case.language]} | {' | '.join(map(_cell, said))} |")
    parts = {
        "kinds": _kinds(),
        "rows": [f"| flaw | language | {' | '.join(heads)} |", "|---" * (len(heads) + 2) + "|", *rows],
        "scanners": [
            *(f"- **{scanner.name}**: {scanner.about}." for scanner in SCANNERS),
            f"- **{REFERENCE}**: its own agents, for comparison; no third party.",
        ],
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, lines in parts.items():
        text = text.replace(f"{{{name}}}", "\n".join(lines))
    return text


def checked_in() -> dict[tuple[str, str], dict[str, str]]:
    """The cells of the page that is checked in, by flaw and language, then by scanner."""
    names = {name: key for key, name in _NAMES.items()}
    heads = [scanner.name for scanner in SCANNERS] + [REFERENCE]
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if match := _ROW.match(line):
            cells = [cell.strip() for cell in match["cells"].split("|")]
            found[match["flaw"], names[match["language"]]] = dict(zip(heads, cells, strict=True))
    return found


def run(scanner: Scanner, root: Path) -> list[Hit]:
    """Everything a scanner finds in a tree, in order."""
    return sorted(scanner.run(root))


def _cell(hits: list[Hit]) -> str:
    said = [hit.rule if hit.severity in ("-", "") else f"{hit.rule} ({hit.severity})" for hit in hits]
    return "<br>".join(dict.fromkeys(said)) or NOTHING


def _kinds() -> Iterable[str]:
    for flaw in sorted(catalogue().values(), key=lambda one: (one.kind != "security", one.type)):
        where = ", ".join(name for key, name in _NAMES.items() if key in flaw.code)
        severity = ", ".join(flaw.severities)
        yield f"| `{flaw.type}` | {flaw.summary} | {severity} | {flaw.cwe or NOTHING} | {where} |"
