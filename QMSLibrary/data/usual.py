"""What a change without code does to its files where nobody asked for a number of lines.

A new file is new as a whole. In one that was there, some settings get other values and a part or two is added: as much
as its text has of both, so that its previous text (``forms/before.py``) is made of whole parts.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

from .counts import Share
from .forms.former import has_other_value
from .forms.parts_of_text import kind_of, parts_of
from .plan import Plan
from .wishes import ChangeKind

_NEVER: Final = ("migrations/", "docs/adr/")
"""Nobody changes what was migrated or decided; there is a new file for it."""
_ALWAYS: Final = ("CHANGELOG.md", ".github/CODEOWNERS", "package.json", "requirements.txt")
"""A repository has these before anybody changes something in it."""
_MOST_VALUES: Final = 4
_MOST_NEW: Final = 12


def usual_shares(plan: Plan, texts: dict[str, str], rng: Random) -> list[Share]:
    """What happens to each file of ``texts``, in their order."""
    shares = []
    chore = plan.wishes.kind is ChangeKind.CHORE
    news = 0 if chore else 1  # what is added is what the pull request is named after
    for path, text in texts.items():
        lines = text.count("\n")
        old, chance = path in _ALWAYS, rng.random()
        if not old and not path.startswith(_NEVER):
            old, news = not news and chance < (0.9 if chore else 0.4), 0
        share = Share(lines, old, additions=lines)
        if old:
            share.additions, share.deletions = _edit(path, text, rng)
        shares.append(share)
    return shares


def _edit(path: str, text: str, rng: Random) -> tuple[int, int]:
    """How many lines of a file are new and how many were taken out for them."""
    if path == "CHANGELOG.md":
        return rng.choice((4, 6)), 0  # the entry with its heading, or with that of the release as well
    if path.endswith("CODEOWNERS"):
        return rng.randint(1, 2), 0
    lines = text.splitlines()
    values = sum(count == 1 and has_other_value(path, line) for line, count in Counter(lines).items())
    changed = min(values, rng.randint(1, _MOST_VALUES))
    if kind_of(path) == "dockerfile":  # a version is that of both stages
        changed = max(changed, min(values, 2))
    parts = parts_of(path, lines)
    sizes = [len(unit) for unit in parts.units if len(unit) <= min(_MOST_NEW, len(lines) // 2)]
    if sizes:
        new = rng.choice(sizes) if not changed or rng.random() < 0.5 else 0
    else:
        new = min(len(parts.singles), rng.randint(not changed, 2))
    return max(1, changed + new), changed
