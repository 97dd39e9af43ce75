"""Which functions a module has."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from .flaws import catalogue
from .operations import SHARED, Operation, operation, operations
from .plan import Module, Piece, Plan
from .spelling import Naming, Noun, naming_of, vocabulary


def add_functions(plan: Plan, rng: Random) -> None:
    """Flaws that are wanted, then functions in turn for every module until they make the lines that are wanted."""
    if not plan.modules:
        return
    _add_flaws(plan)
    sources = [(module, candidates(module, plan.language, rng)) for module in plan.modules]
    overhead = 8 if plan.tests else 3
    lines = sum(overhead * 2 + sum(_weight(plan, piece) for piece in module.pieces) for module in plan.modules)
    lines += 14 * (len(plan.types) + plan.documents) + 20 * len(plan.companions)
    rounds = 0
    while sources and (rounds < 2 or lines < plan.lines):
        for source in list(sources):
            if rounds >= 2 and lines >= plan.lines:
                break
            piece = next(source[1], None)
            if piece is None:
                sources.remove(source)
                continue
            source[0].pieces.append(piece)
            lines += _weight(plan, piece)
        rounds += 1
    add_called(plan)


def _weight(plan: Plan, piece: Piece) -> int:
    """About how many changed lines a function makes, its test and its place in the documentation included."""
    lines = len(piece.operation.code) + len(piece.operation.comment) + 2
    if plan.tests:
        lines += piece.operation.test.count("\n") + 3
    return lines + (1 if plan.documents else 0)


def flawed_operation(plan: Plan, type_: str, *, mended: bool) -> Operation:
    """The function with a flaw of this type, or the same one mended."""
    flaw = catalogue()[type_]
    code = flaw.code[plan.language]
    text = code.mended if mended else code.flawed
    return operation(plan.language, flaw.layer, code.function, text, code.test, imports=code.imports)


def _add_flaws(plan: Plan) -> None:
    for wish in plan.wishes.flaws:
        layer = catalogue()[wish.type].layer
        own = [module for module in plan.modules if module.layer != SHARED]
        module = next((module for module in own if module.layer == layer), own[0])
        flawed = flawed_operation(plan, wish.type, mended=False)
        taken = {piece.name for piece in module.pieces}
        naming = next(n for n in _namings(module, plan.language, None) if n(flawed.name) not in taken)
        module.pieces.append(Piece(flawed, naming, naming(flawed.name), flaw=wish.type))


def _namings(module: Module, language: str, rng: Random | None) -> Iterator[Naming]:
    """The words a module's functions are written with: its own noun first, variants of it when those are used up."""
    domain, snake_case = module.domain, language == "python"
    words = vocabulary()["variants"][1::2]  # the others are modules of their own
    if rng is not None:
        rng.shuffle(words)
    own = [Noun((word, *module.noun.one), (word, *module.noun.many)) for word in words if word not in module.noun.one]
    for noun in (module.noun, *own):
        for text in domain.texts:
            for number in domain.numbers:
                yield naming_of(domain, noun, text, number, snake_case)


def candidates(module: Module, language: str, rng: Random) -> Iterator[Piece]:
    """Functions that the module does not have yet; those that every such module has come first."""
    known = operations(language, module.layer)
    core = [one for one in known if one.core]
    others = rng.sample([one for one in known if not one.core], k=len(known) - len(core))
    taken = {piece.name for piece in module.pieces}
    for naming in _namings(module, language, rng):
        for one in (*core, *others):
            name = naming(one.name)
            if name not in taken:
                taken.add(name)
                yield Piece(one, naming, name)
        if module.layer == SHARED:
            return


def add_called(plan: Plan) -> None:
    """What a controller calls exists in the repository beside it."""
    stores = {(module.domain, module.noun): module for module in plan.modules if module.layer == "repository"}
    for module in plan.modules:
        store = stores.get((module.domain, module.noun))
        if store is not None and store is not module:
            for piece in module.pieces:
                give_called(store, piece, plan.language)


def give_called(store: Module, piece: Piece, language: str) -> None:
    """Give ``store`` the functions that ``piece`` calls."""
    for called in piece.operation.calls:
        name = piece.naming(called)
        found = next((one for one in store.pieces if one.name == name), None)
        if found is None:
            known = next(one for one in operations(language, "repository") if one.name == called)
            found = Piece(known, piece.naming, name)
            store.pieces.append(found)
        found.called = True
