"""What a repository held before a pull request that was made here.

A modified file says how many lines were added to it and how many were taken out. Its previous text is made from the one
that it has now, so that git counts exactly these numbers. Git finds the longest common sequence of lines. None of the
lines taken out is in the new text, so that sequence can be no longer than what was kept; and what was kept is one. Git
takes two short cuts that could miss it: it looks away from frequent lines among unmatched ones, and it gives up after
256 steps. A previous text that would give it an occasion is not used; one with a single place of change has none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import pairwise
from pathlib import PurePosixPath
from random import Random
from typing import Final

from QMSLibrary.contract.pull_requests import ChangeType, FileChange, PullRequest
from QMSLibrary.data.errors import WishError
from QMSLibrary.data.pull_requests import plan_of, recipe_of
from QMSLibrary.data.support import support_of

from .former import former_lines, former_version, has_other_value
from .parts_of_text import CODE, Parts, kind_of, parts_of

_STEPS: Final = 200  # git goes 256 steps before it takes a short cut
_TRIES: Final = 40


def base_tree(pull_request: PullRequest) -> dict[str, str]:
    """Every file that the repository held before, by its path.

    WishError for a pull request that this process did not make: what was there before it is not known then.
    """
    recipe = recipe_of(pull_request)
    if recipe is None:
        raise WishError(
            f"What the repository held before pull request {pull_request.id} is not known: this run did not make it. "
            "Make it with `Create Pull Request`, or take one from git, or from a patch with its base folder."
        )
    # Files that somebody has changed since are no plan of ours any more, but their own counts still say what was there.
    plan = plan_of(pull_request)
    found = support_of(pull_request) if plan is not None else {}
    # A flaw came with the change; it would be no finding of its review if it had been there before.
    new = [piece.name for piece in plan.pieces if piece.flaw is not None] if plan is not None else []
    for file in pull_request.files:
        if file.type is ChangeType.ADDED:
            found.pop(file.path, None)
        elif file.type is ChangeType.MODIFIED and file.content is not None:
            found[file.path] = text_before(file, seed=recipe.seed, new=new)
        elif file.path not in found:
            raise WishError(f"What {file.path} was before is not known: it is {file.type}, and this run did not do it.")
    return dict(sorted(found.items()))


def text_before(file: FileChange, *, seed: str | int, new: Collection[str] = ()) -> str:
    """The text that a modified file had, so that git counts its additions and deletions.

    The functions named in ``new`` were not in it, as far as the additions have room for them. The same file, seed and
    names give the same text. ValueError when the file has fewer lines than were added to it.
    """
    text = file.content or ""
    lines = text.split("\n")
    ended = lines[-1] == ""
    if ended:
        lines.pop()
    if file.additions > len(lines):
        raise ValueError(f"{file.path} has {len(lines)} lines; {file.additions} cannot have been added to it.")
    made = _Before(file, lines, ended, new, Random(f"{seed}/before/{file.path}")).lines()
    return "".join(made)


class _Before:
    """One file's previous lines."""

    def __init__(self, file: FileChange, lines: list[str], ended: bool, new: Collection[str], rng: Random) -> None:
        self.path = file.path
        self.new = re.compile(rf"\b(?:def|function) (?:{'|'.join(map(re.escape, new))})\b") if new else None
        self.now = lines
        self.ended = ended
        self.known = set(lines)
        self.counts = Counter(lines)
        self.added, self.gone = file.additions, file.deletions
        self.rng = rng

    def lines(self) -> list[str]:
        parts = parts_of(self.path, self.now)
        for old in self._choices(parts):
            missing = self.gone - sum(version is not None for version in old.values())
            place = self._place(old, parts) if missing else None
            if self._is_sure(old, place):
                return self._text(old, missing, place)
        return self._at_one_place(parts)

    def _line(self, number: int) -> str:
        """A line that was kept, with its end, if it has one."""
        return self.now[number] + ("\n" if self.ended or number + 1 < len(self.now) else "")

    def _choices(self, parts: Parts) -> Iterable[dict[int, str | None]]:
        """What may have been: by line number the earlier version, or None for a line that was not there."""
        yield from self._latest_entries()
        certain = self._certain(parts)
        others = [unit for unit in parts.units if not certain & {*unit}]
        added = self.added - len(certain)
        sums = _sums([len(unit) for unit in others], added)
        # About half of the earlier lines were changed where they stand, as far as they go.
        changed = min(added, self.gone)
        wanted = added - (changed if changed < 6 else self.rng.randint(changed // 2, changed))
        for total in sorted(sums, key=lambda one: abs(one - wanted))[:_TRIES]:
            units = [others[index] for index in _summands(others, sums, total, self.rng)]
            old: dict[int, str | None] = dict.fromkeys([*certain, *(number for unit in units for number in unit)], None)
            rest = added - total
            at_most = min(rest, self.gone)
            versions = self._versions(old, at_most) if at_most else {}
            singles = [number for number in parts.singles if number not in old and number not in versions]
            if len(singles) >= rest - len(versions):
                chosen = self.rng.sample(singles, rest - len(versions))
                yield {**old, **versions, **dict.fromkeys(chosen, None)}
        # Little of it was there: the beginning, comments and blank lines stand alone.
        count, head = len(self.now) - self.added, self._head(parts)
        alone = [n for n, line in enumerate(self.now) if _stands_alone(line) or n < head <= count]
        if kind_of(self.path) == "dockerfile":  # an image came first
            alone = sorted(range(len(self.now)), key=lambda number: not self.now[number].startswith("FROM"))
        if count <= len(alone) and kind_of(self.path) in {*CODE, "py", "dockerfile"}:
            kept = set(alone[:count])
            yield {number: None for number in range(len(self.now)) if number not in kept}

    def _latest_entries(self) -> Iterable[dict[int, str | None]]:
        """What is new in a changelog stands on top: entries, with the heading above them as far as that is new, too."""
        if PurePosixPath(self.path).stem.lower() != "changelog" or self.gone:
            return
        start = next((number for number, line in enumerate(self.now) if line.startswith("## ")), 0)
        end = next((number + 1 for number, line in enumerate(self.now) if number > start and line[:2] == "- "), 0)
        stop = max(end, start + self.added) if self.added > end - start - 1 else end
        if start < end and stop <= len(self.now):
            yield dict.fromkeys(range(stop - self.added, stop), None)

    def _certain(self, parts: Parts) -> set[int]:
        """The lines of the functions that were certainly not there before, without the blank lines before each."""
        if self.new is None:
            return set()
        units = [unit for unit in parts.units if any(self.new.search(self.now[number]) for number in unit)]
        whole = {number for unit in units for number in unit}
        if len(whole) > self.added:
            whole = {number for number in whole if self.now[number].strip()}
        return whole if len(whole) <= self.added else set()

    def _head(self, parts: Parts) -> int:
        """How many lines come before the first part that can go."""
        start = min((unit.start for unit in parts.units), default=0)
        while 0 < start < len(self.now) and not self.now[start].strip():
            start += 1
        return start

    def _versions(self, old: dict[int, str | None], count: int) -> dict[int, str | None]:
        """Earlier versions of up to ``count`` lines; lines that stand there once, so that git cannot take another."""
        candidates = [n for n, line in enumerate(self.now) if n not in old and self.counts[line] == 1 and line.strip()]
        self.rng.shuffle(candidates)
        candidates.sort(key=lambda number: _rank(self.path, self.now[number]))
        found: dict[int, str | None] = {}
        for number in candidates:
            if len(found) == count:
                break
            if not self._stays_sure({**old, **found}, number):
                continue
            version = former_version(self.path, self.now[number], self.known, self.rng)
            if version is not None:
                found[number] = version
        return found

    def _stays_sure(self, old: dict[int, str | None], number: int) -> bool:
        """Whether the kept lines on both sides of a line still have one among them that git never looks away from."""
        rare = self._rare
        for step in (-1, 1):
            place = number + step
            while 0 <= place < len(self.now) and place not in old and not rare(self.now[place]):
                place += step
            if place != number + step and 0 <= place < len(self.now) and place in old:
                return False
        return True

    def _rare(self, line: str, kept: Counter[str] | None = None) -> bool:
        """Whether git calls it rare on both sides: it compares how often a line is on the other side."""
        now, before = len(self.now), len(self.now) - self.added + self.gone
        if (kept or self.counts)[line] >= _frequent(now):
            return False
        # Git looks away on a side only where that side has unmatched lines; before, those are the ones taken out.
        return self.gone == 0 or self.counts[line] < _frequent(before)

    def _is_sure(self, old: dict[int, str | None], place: int | None) -> bool:
        """Whether git is bound to count right (see the top of this file)."""
        kept = Counter(line for number, line in enumerate(self.now) if number not in old)
        if sum(self.now[number] in kept for number in old) > _STEPS:
            return False
        changes = sorted([*((number, number + 1) for number in old), *([(place, place)] if place is not None else [])])
        for (_, first), (second, _) in pairwise(changes):
            between = self.now[first:second]
            if between and not any(self._rare(line, kept) for line in between):
                return False
        return True

    def _text(self, old: dict[int, str | None], missing: int, place: int | None) -> list[str]:
        gone = self._gone_lines(missing)
        found: list[str] = []
        for number in range(len(self.now) + 1):
            if number == place:
                found += gone
            if number == len(self.now):
                break
            version = old.get(number)
            if number not in old:
                found.append(self._line(number))
            elif version is not None:
                found.append(f"{version}\n")
        return found

    def _gone_lines(self, count: int) -> list[str]:
        lines = former_lines(self.path, count, "\n".join(self.now), self.known, self.rng) if count else []
        if lines and kind_of(self.path) == "json" and self.added == len(self.now):  # all there was
            lines[0] = f"{{ {lines[0].strip()}"
            lines[-1] = f"{lines[-1].removesuffix(',')} }}"
        return [f"{line}\n" for line in lines]

    def _place(self, old: dict[int, str | None], parts: Parts) -> int:
        """Where lines that are gone stood: where a part is new; else before a part, else at the end."""
        kind, end = kind_of(self.path), len(self.now) - (not self.ended)
        if kind == "yaml":  # settings of their own begin at the margin
            settings = (n for n, line in enumerate(self.now) if n and line[:1].isalnum() and ": " in line)
            return min(next(settings, 1), end)
        if kind == "json":
            return min(next((n + 1 for n, line in enumerate(self.now) if n in parts.singles), end), end)
        if kind == "dockerfile":  # nothing but comments and ARG may come before the first image
            return min(next((n + 1 for n, line in enumerate(self.now) if line.startswith("FROM")), 1), end)
        starts = [unit.start for unit in parts.units]
        new = [start for start in starts if old.get(start, "") is None]
        around = [start for start in starts if start in old or start - 1 in old]
        return next(iter(new or around or starts), end)

    def _at_one_place(self, parts: Parts) -> list[str]:
        """One stretch of lines is new, and what is gone stood there. Git cannot miss it."""
        starts = [unit.start for unit in parts.units if unit.start + self.added <= len(self.now)]
        ends = [unit.stop - self.added for unit in parts.units if unit.stop >= self.added]
        both = [start for start in starts if start in ends]
        latest = len(self.now) - self.added
        certain = self._certain(parts)
        if certain and max(certain) - min(certain) < self.added:
            start = max(0, min(min(certain), latest))
        elif not both and latest <= self._head(parts):  # nothing but the beginning was there
            start = latest
        else:
            start = next(iter(both or starts or ends), latest if kind_of(self.path) != "json" else latest // 2)
        if start + self.added == len(self.now) and not self.ended and not self.added:
            start = max(0, start - 1)
        stays = [self._line(number) for number in range(len(self.now)) if not start <= number < start + self.added]
        gone = self._gone_lines(self.gone)
        if gone and kind_of(self.path) == "dockerfile" and not any(line.startswith("FROM") for line in stays):
            gone[0] = f"FROM debian:{self.rng.randint(9, 11)}-slim AS former\n"  # nothing comes before it
        return [*stays[:start], *gone, *stays[start:]]


def _frequent(lines: int) -> int:
    """How often a line has to be on the other side to be frequent: git's own rough square root (xdl_bogosqrt)."""
    root = 1
    while lines > 0:
        root, lines = root << 1, lines >> 2
    return root


def _rank(path: str, line: str) -> int:
    """Which lines had other versions first: images, whose version goes through all stages, then other settings."""
    return (0 if line.startswith("FROM") else 1) if has_other_value(path, line) else 2


def _stands_alone(line: str) -> bool:
    text = line.strip()
    if not text or text.startswith(("//", "#")) or (text.startswith("/*") and text.endswith("*/")):
        return True
    whole = line.endswith(";") or not text.endswith(("(", "{", ",", "\\"))
    return whole and line.startswith(("import ", "from ")) and text.count("{") == text.count("}")


def _sums(sizes: list[int], most: int) -> list[int]:
    """All sums of some of these sizes up to ``most``, 0 included."""
    reached = 1
    for size in sizes:
        reached |= (reached << size) & ((1 << (most + 1)) - 1)
    return [number for number in range(most + 1) if reached >> number & 1]


def _summands(units: list[range], sums: list[int], total: int, rng: Random) -> list[int]:
    """Which units make ``total`` lines together; ``sums`` says that some do."""
    order = rng.sample(range(len(units)), len(units))
    before = [1]
    for index in order:
        before.append(before[-1] | before[-1] << len(units[index]))
    chosen = []
    for position in reversed(range(len(order))):
        size = len(units[order[position]])
        if not before[position] >> total & 1:
            chosen.append(order[position])
            total -= size
    return chosen
