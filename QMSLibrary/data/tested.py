"""Which functions have a test, so that the tests reach as much of the code as is wanted: not less, and not more.

Two measures have to agree with the wish. A coverage tool counts statements, in all source files of the pull request,
those that run at import included. A reviewer (and the QMS) sees functions without a test. Leaving a test out moves
both; a test that leaves branches out moves the first only. Together they meet a wish like 80 %, at which a gate still
passes on both measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from .functions import candidates, give_called
from .languages import language
from .marks import mark_added
from .plan import Piece, Plan, nouns_of

GATE: Final = 0.8
"""Whoever wants this much must not fall below it on either measure; whoever wants less must not reach it."""
NEAR: Final = 0.01
"""A choice that is as near as this is taken without looking further."""
FAR: Final = 0.035
"""No choice may be farther away than this: functions are added until there is a nearer one."""
_TRIES: Final = 6
_MORE_FUNCTIONS: Final = 400
"""At most so many are added. A hundred suffice for 10 % in one file."""


@dataclass(frozen=True)
class Measure:
    """How much the tests reach, 0–1."""

    statements: float
    functions: float
    """The share of the functions' lines that belong to functions with a test."""


def measure(plan: Plan) -> Measure:
    """What the tests of a plan reach."""
    pieces = plan.pieces
    if pieces and not plan.tests:
        return Measure(0.0, 0.0)
    total = _overhead(plan) + sum(piece.statements for piece in pieces)
    missed = _never_imported(plan) + sum(_missed(piece) for piece in pieces)
    lines = sum(piece.size for piece in pieces)
    reached = sum(piece.size for piece in pieces if piece.tested)
    return Measure(1 - missed / total if total else 1.0, reached / lines if lines else 1.0)


def _missed(piece: Piece) -> int:
    return piece.unreached if not piece.tested else piece.operation.missed if piece.partly else 0


def _overhead(plan: Plan) -> int:
    """Statements outside functions; they run as soon as their file is imported."""
    tongue = language(plan.language)
    return sum(map(tongue.statements_of_module, plan.modules)) + sum(
        tongue.statements_of_types(nouns_of(domain, plan.modules), len(domain.fields)) for domain in plan.types
    )


def _never_imported(plan: Plan) -> int:
    """Statements of files with data types that nothing imports: JavaScript needs them only to store something."""
    if plan.language != "javascript":
        return 0
    storing = {
        module.domain
        for module in plan.modules
        for piece in module.pieces
        if "parcelFields" in piece.operation.uses or "saveParcel" in piece.operation.calls
    }
    return sum(len(nouns_of(domain, plan.modules)) for domain in plan.types if domain not in storing)


def choose_tests(plan: Plan, rng: Random) -> None:
    """Leave tests out until the coverage is the one that is wanted."""
    if not plan.modules:
        return
    if not plan.tests:
        for piece in plan.pieces:
            piece.tested = False
        return
    wished = plan.wishes.test_coverage
    share = plan.wishes.author.test_coverage if wished is None else wished / 100
    if share >= 1:
        return
    more = _more(plan, rng)
    for added in range(_MORE_FUNCTIONS):
        if _choose(plan, share, rng) <= FAR or not more(longest=share < GATE and added < 40):
            return


class _Adding(Protocol):
    def __call__(self, *, longest: bool) -> bool: ...


def _more(plan: Plan, rng: Random) -> _Adding:
    """A function that adds one more function to the smallest module; false when there is none left."""
    sources = [(module, candidates(module, plan.language, rng)) for module in plan.modules]
    stores = {(module.domain, module.noun): module for module in plan.modules if module.layer == "repository"}

    def add(*, longest: bool) -> bool:
        for module, source in sorted(sources, key=lambda one: sum(piece.statements for piece in one[0].pieces)):
            ahead = [piece for piece, _ in zip(source, range(12 if longest else 1), strict=False)]
            if not ahead:
                continue
            piece = max(ahead, key=lambda one: one.unreached)
            before = {id(one) for one in plan.pieces}
            module.pieces.append(piece)
            store = stores.get((module.domain, module.noun))
            if store is not None and store is not module:
                give_called(store, piece, plan.language)
            for one in plan.pieces:
                if id(one) not in before:
                    mark_added(plan, one, rng)
            return True
        return False

    return add


def _choose(plan: Plan, share: float, rng: Random) -> float:
    """The best of several random choices; returns how far it is from ``share``."""
    pieces = plan.pieces
    free = _free(plan)
    total = _overhead(plan) + sum(piece.statements for piece in pieces)
    lines = sum(piece.size for piece in pieces)
    lost = _never_imported(plan)
    best, found = 9.0, _Choice(set(), set())
    for _ in range(_TRIES):
        rng.shuffle(free)
        choice, distance = _try(free, pieces, share, total, lines, lost, rng)
        if distance < best:
            best, found = distance, choice
        if best <= NEAR:
            break
    for piece in pieces:
        piece.tested = id(piece) not in found.untested
        piece.partly = id(piece) in found.partly
    return best


@dataclass(frozen=True)
class _Choice:
    untested: set[int]
    partly: set[int]


def _free(plan: Plan) -> list[Piece]:
    """The functions that can do without a test. One of each file keeps its test, or the whole file would be untested,
    which is another flaw.
    """
    free: list[Piece] = []
    for module in plan.modules:
        own = sorted((one for one in module.pieces if not one.called and one.flaw is None), key=_statements)
        kept = any(piece.called or piece.flaw for piece in module.pieces)
        free += own if kept else own[1:]
    return free


def _statements(piece: Piece) -> int:
    return piece.statements


def _try(
    free: list[Piece], pieces: list[Piece], share: float, total: int, lines: int, lost: int, rng: Random
) -> tuple[_Choice, float]:
    """One random choice, and how far it is away; a choice on the wrong side of the gate counts as far."""
    budget = (1 - share) * total
    spare_lines = (1 - GATE) * lines if share >= GATE else lines
    untested: set[int] = set()
    missed, missed_lines = lost, 0
    for piece in free:
        if missed + piece.unreached <= budget and missed_lines + piece.size <= spare_lines:
            untested.add(id(piece))
            missed += piece.unreached
            missed_lines += piece.size
    partly: set[int] = set()
    branching = [piece for piece in pieces if piece.operation.missed and id(piece) not in untested and not piece.called]
    rng.shuffle(branching)
    for piece in sorted(branching, key=lambda one: -one.operation.missed):
        if missed + piece.operation.missed <= budget:
            partly.add(id(piece))
            missed += piece.operation.missed
    if share < GATE and not (1 - missed / total < GATE and 1 - missed_lines / lines < GATE):
        for piece in sorted(free, key=_statements):
            if id(piece) not in untested:
                untested.add(id(piece))
                partly.discard(id(piece))
                missed = (
                    lost
                    + sum(one.unreached for one in pieces if id(one) in untested)
                    + sum(one.operation.missed for one in pieces if id(one) in partly)
                )
                missed_lines += piece.size
                break
    reached, functions = 1 - missed / total, 1 - missed_lines / lines
    wrong = (reached < GATE) != (share < GATE) or (functions < GATE) != (share < GATE)
    return _Choice(untested, partly), abs(reached - share) + (1.0 if wrong else 0.0)
