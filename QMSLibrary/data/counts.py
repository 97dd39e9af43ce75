"""Shares a number of changed lines out among files, to the line.

An added file counts all its lines. A modified one counts what was added to it, at most all its lines, and what was
taken out of it. So every total from one line per file upwards can be met, and no file needs a filler.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Final

MOSTLY_NEW: Final = 0.4
"""A changed file has at least this share of new lines, as long as the total allows."""


@dataclass
class Share:
    """What happened to one file."""

    lines: int
    """How many it has now."""
    modified: bool
    additions: int = 0
    deletions: int = 0
    least: int = 1
    """How many additions it keeps whatever happens."""
    log: bool = False
    """Whether people add to it and take next to nothing out, as of a changelog."""

    @property
    def changed(self) -> int:
        """Changed lines."""
        return self.additions + self.deletions


def share_out(
    lines: list[int],
    parts: list[float | None],
    total: int,
    rng: Random,
    least: list[int] | None = None,
    logs: Collection[int] = (),
) -> list[Share]:
    """Shares whose additions and deletions add up to ``total``.

    ``parts``: which part of a file's lines is new, as far as the total allows; None for an added file.
    ``least``: how many lines of each file must be new; one, unless given. ``logs``: the places of files that
    nothing much is taken out of as long as there are others. ValueError when ``total`` is too small.
    """
    least = least or [1] * len(lines)
    if total < sum(least):
        raise ValueError(f"{total} changed lines are too few for {len(lines)} files.")
    shares = [
        Share(count, part is not None, additions=count, least=few, log=index in logs)
        for index, (count, part, few) in enumerate(zip(lines, parts, least, strict=True))
    ]
    for share, part in zip(shares, parts, strict=True):
        if part is not None:
            share.additions = max(share.least, round(share.lines * part))
            share.deletions = round(share.additions * rng.uniform(0.0, 0.3))
    missing = total - sum(share.changed for share in shares)
    if missing > 0:
        _grow(shares, missing)
    elif missing < 0:
        _shrink(shares, -missing)
    return shares


def _grow(shares: list[Share], missing: int) -> None:
    shares = [share for share in shares if not share.log] or shares
    for share in shares:
        if share.modified and missing:
            more = min(missing, share.lines - share.additions)
            share.additions, missing = share.additions + more, missing - more
    if not missing:
        return
    changed = [share for share in shares if share.modified]
    if not changed:
        # As many files as it takes to have no more lines taken out of each than it has now.
        for share in sorted(shares, key=lambda share: share.lines, reverse=True):
            if sum(one.lines for one in changed) < missing:
                share.modified = True
                changed.append(share)
    each, rest = divmod(missing, len(changed))
    for index, share in enumerate(changed):
        share.deletions += each + (index < rest)


def _shrink(shares: list[Share], surplus: int) -> None:
    changed = [share for share in shares if share.modified]
    for candidates, part in ((changed, MOSTLY_NEW), (shares, MOSTLY_NEW), (shares, 0.0)):
        surplus = _take(candidates, part, surplus)
        if not surplus:
            return


def _take(shares: list[Share], part: float, surplus: int) -> int:
    """Take ``surplus`` lines from these files in proportion, but leave each ``part`` of its lines; returns the rest."""
    spare = {id(share): max(0, share.changed - max(share.least, round(share.lines * part))) for share in shares}
    possible = sum(spare.values())
    wanted = min(surplus, possible)
    taken = 0
    for share in sorted(shares, key=lambda share: spare[id(share)], reverse=True):
        if taken == wanted:
            break
        room = spare[id(share)]
        less = min(room, -(-wanted * room // possible), wanted - taken)
        share.modified = True
        fewer = min(less, share.deletions)
        share.deletions -= fewer
        share.additions -= less - fewer
        taken += less
    return surplus - taken
