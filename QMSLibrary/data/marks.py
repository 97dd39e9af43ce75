"""Which functions have no comment, and which are written untidily."""

from __future__ import annotations

from random import Random

from .plan import Piece, Plan


def leave_undocumented(plan: Plan, rng: Random) -> None:
    """Functions without a comment of their own, as many as the author's habits say."""
    if plan.wishes.missing_documentation:
        chosen = plan.pieces
    elif plan.reference and not plan.documents:
        chosen = []  # the reference that would describe them has no file here
    else:
        chosen = _some(plan.pieces, 1 - plan.wishes.author.documentation_completeness, rng)
    for piece in chosen:
        piece.documented = False


def leave_untidy(plan: Plan, rng: Random) -> None:
    """Functions that linters complain about."""
    wished = plan.wishes.code_style
    share = 1 - (plan.wishes.author.code_style_adherence if wished is None else wished)
    for piece in _some(plan.pieces, share, rng):
        piece.untidy = True


def _some(pieces: list[Piece], share: float, rng: Random) -> list[Piece]:
    """``share`` of the pieces. What is left of a piece decides by chance, so that many pull requests meet the share."""
    exact = share * len(pieces)
    count = int(exact + 1e-9)
    count += rng.random() < exact - count - 1e-9
    return rng.sample(pieces, k=count)
