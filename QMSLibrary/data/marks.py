"""Which functions have no comment, and which are written untidily."""

from __future__ import annotations

from random import Random

from .plan import Piece, Plan


def leave_undocumented(plan: Plan, rng: Random) -> None:
    """Functions without a comment of their own, as many as the author's habits say."""
    for piece in _some(plan.pieces, _undocumented_share(plan), rng):
        piece.documented = False


def leave_untidy(plan: Plan, rng: Random) -> None:
    """Functions that linters complain about."""
    for piece in _some(plan.pieces, _untidy_share(plan), rng):
        piece.untidy = True


def mark_added(plan: Plan, piece: Piece, rng: Random) -> None:
    """Mark a function that has been added to those that were marked, so that the shares stay what they are."""
    others = [one for one in plan.pieces if one is not piece]
    count = len(others) + 1
    piece.documented = not _is_due(sum(not one.documented for one in others), _undocumented_share(plan), count, rng)
    piece.untidy = _is_due(sum(one.untidy for one in others), _untidy_share(plan), count, rng)


def _undocumented_share(plan: Plan) -> float:
    if plan.wishes.missing_documentation:
        return 1.0
    if plan.reference and not plan.documents:
        return 0.0  # the reference that would describe them has no file here
    return 1 - plan.wishes.author.documentation_completeness


def _untidy_share(plan: Plan) -> float:
    wished = plan.wishes.code_style
    return 1 - (plan.wishes.author.code_style_adherence if wished is None else wished)


def _some(pieces: list[Piece], share: float, rng: Random) -> list[Piece]:
    """``share`` of the pieces. What is left of a piece decides by chance, so that many pull requests meet the share."""
    exact = share * len(pieces)
    count = int(exact + 1e-9)
    count += rng.random() < exact - count - 1e-9
    return rng.sample(pieces, k=count)


def _is_due(marked: int, share: float, count: int, rng: Random) -> bool:
    """Whether one more of ``count`` has to be marked; chance decides about what is left of a piece."""
    return rng.random() < share * count - marked
