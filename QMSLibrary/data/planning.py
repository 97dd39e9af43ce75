"""Decides what a pull request will hold: the order in which the parts of a plan are made."""

from __future__ import annotations

from random import Random

from .functions import add_functions, flawed_operation
from .marks import leave_undocumented, leave_untidy
from .plan import Plan
from .shape import extent, share_files
from .spelling import domains
from .tested import choose_tests
from .wishes import COMPLEXITIES, ChangeKind, Wishes


def make_plan(wishes: Wishes, rng: Random, *, mended: bool = False) -> Plan:
    """Decide. ``mended``: the same, without the flaws that were asked for."""
    files, lines = extent(wishes, rng)
    chosen = rng.sample(domains(), k=COMPLEXITIES[wishes.complexity].domains)
    about = chosen[0].faults if wishes.kind is ChangeKind.FIX else chosen[0].features
    plan = Plan(wishes, files, lines, chosen, rng.choice(about), wishes.author.documentation_file)
    plan.security_reviewed = rng.random() < wishes.author.security_awareness
    share_files(plan, rng)
    add_functions(plan, rng)
    leave_undocumented(plan, rng)
    leave_untidy(plan, rng)
    choose_tests(plan, rng)  # last: the others change how many lines a function has
    if mended:
        mend(plan)
    return plan


def mend(plan: Plan) -> None:
    """Take every flaw out. Paths stay; tests and documentation that were missing are added."""
    for piece in plan.pieces:
        piece.documented, piece.tested, piece.partly, piece.untidy = True, True, False, False
        if piece.flaw is not None:
            piece.operation, piece.flaw = flawed_operation(plan, piece.flaw, mended=True), None
    plan.reference = True
    if plan.modules and not plan.tests:
        plan.tests = [[module] for module in plan.modules]
        plan.added_when_mended += len(plan.tests)
    if plan.modules and not plan.documents:
        plan.documents = 1
        plan.added_when_mended += 1
