"""What a pull request will hold, decided before a line of it is written.

A plan follows from the wishes and the seed alone, so it can be made again: that is how a pull request is mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from .flaws import FlawedCode, catalogue
from .layout import wrap_signature
from .operations import LAYERS, Operation, operation, operations
from .spelling import Domain, Naming, Noun, domains, vocabulary
from .wishes import COMPLEXITIES, ChangeKind, Wishes, smallest_file_count


@dataclass
class Piece:
    """One function of a module."""

    operation: Operation
    naming: Naming
    name: str
    documented: bool = True
    tested: bool = True
    untidy: bool = False
    flaw: str | None = None
    called: bool = False
    """Another function calls it, so it cannot be left untested without its caller."""

    @property
    def size(self) -> int:
        """The lines that count for coverage: those of the function itself."""
        inside = self.operation.comment if self.operation.comment_at and self.documented else ()
        head = next(line for line in self.operation.code if "(" in line)
        broken = len(wrap_signature(self.naming(head), "  ")) - 1
        return len(self.operation.code) + broken + len(inside) + self.untidy


@dataclass
class Module:
    """One source file."""

    domain: Domain
    noun: Noun
    layer: str
    pieces: list[Piece] = field(default_factory=list)


@dataclass
class Plan:
    """Everything about a pull request but its identity and its text."""

    wishes: Wishes
    files: int
    lines: int
    domains: list[Domain]
    feature: str
    """What it is about, in words."""
    modules: list[Module]
    types: list[Domain]
    """Domains whose data types have a file in this pull request."""
    tests: list[list[Module]]
    """Each test file, as the modules that it tests."""
    documents: int
    """How many documentation files there are."""
    manifests: int
    reference: bool
    """Whether the documentation file describes what has no comment of its own."""
    added_when_mended: int = 0
    """Test and documentation files that come on top of ``files`` because the mended pull request needs them."""

    @property
    def domain(self) -> Domain:
        """The domain that it is mainly about."""
        return self.domains[0]


def make_plan(wishes: Wishes, rng: Random, *, mended: bool = False) -> Plan:
    """Decide. ``mended``: the same, without the flaws that were asked for."""
    size = COMPLEXITIES[wishes.complexity]
    files, lines = _extent(wishes, rng)
    chosen = rng.sample(domains(), k=size.domains if files >= 8 else 1)
    about = chosen[0].faults if wishes.kind is ChangeKind.FIX else chosen[0].features
    plan = Plan(wishes, files, lines, chosen, rng.choice(about), [], [], [], 0, 0, wishes.author.documentation_file)
    _share_files(plan, rng)
    _add_flaws(plan)
    _add_functions(plan, rng)
    _leave_undocumented(plan, rng)
    _leave_untidy(plan, rng)
    _leave_untested(plan, rng)  # last: the others change how many lines a function has
    if mended:
        mend(plan)
    return plan


def mend(plan: Plan) -> None:
    """Take every flaw out. Paths stay; tests and documentation that were missing are added."""
    for module in plan.modules:
        for piece in module.pieces:
            piece.documented, piece.tested, piece.untidy = True, True, False
            if piece.flaw is not None:
                piece.operation, piece.flaw = _flawed_operation(plan, piece.flaw, mended=True), None
    plan.reference = True
    if plan.modules and not plan.tests:
        plan.tests = [[module] for module in plan.modules]
        plan.added_when_mended += len(plan.tests)
    if plan.modules and not plan.documents:
        plan.documents = 1
        plan.added_when_mended += 1


def _extent(wishes: Wishes, rng: Random) -> tuple[int, int]:
    size = COMPLEXITIES[wishes.complexity]
    smallest, _ = smallest_file_count(wishes)
    usual_files = max(smallest, round(rng.randint(*size.files) * wishes.author.size))
    usual_lines = rng.randint(*size.lines_per_file)
    if wishes.files is not None:
        files = wishes.files
    elif wishes.lines_changed is not None:
        files = max(smallest, min(usual_files, wishes.lines_changed // 4), -(-wishes.lines_changed // 250))
    else:
        files = usual_files
    lines = wishes.lines_changed if wishes.lines_changed is not None else files * usual_lines
    return files, lines


def _share_files(plan: Plan, rng: Random) -> None:
    """How many of the files are sources, tests, types and documents."""
    wishes, count = plan.wishes, plan.files
    if wishes.kind is ChangeKind.DOCUMENTATION:
        plan.documents = count
        return
    if wishes.kind is ChangeKind.CHORE:
        plan.documents = 1 if count >= 2 and not wishes.missing_documentation else 0
        plan.manifests = count - plan.documents
        return
    if not wishes.missing_documentation:
        plan.documents = 0 if count < 3 else 1 if count < 9 else 2
    left = count - plan.documents
    if left >= 6:
        plan.types = plan.domains[: 1 if left < 14 else None]
        left -= len(plan.types)
    sources = left if wishes.missing_tests else (left + 1) // 2
    plan.modules = list(islice(_modules(plan, rng), sources))
    if not wishes.missing_tests:
        plan.tests = [[] for _ in range(left - sources)]
        for index, module in enumerate(plan.modules):
            plan.tests[min(index, len(plan.tests) - 1)].append(module)


def _modules(plan: Plan, rng: Random) -> Iterator[Module]:
    parts = rng.sample(vocabulary()["parts"], k=len(vocabulary()["parts"]))
    variants = vocabulary()["variants"][::2]
    others = [other for other in domains() if other not in plan.domains]
    rest = tuple(layer for layer in LAYERS if layer not in plan.wishes.layers)
    for layers in (plan.wishes.layers, rest):
        for domain in [*plan.domains, *others]:
            for noun in (domain.noun, *map(domain.part, parts), *map(domain.variant, variants)):
                for layer in layers:
                    yield Module(domain, noun, layer)


def _flawed_operation(plan: Plan, type_: str, *, mended: bool) -> Operation:
    flaw = catalogue()[type_]
    code: FlawedCode = flaw.code[plan.wishes.language]
    text = code.mended if mended else code.flawed
    return operation(plan.wishes.language, flaw.layer, code.function, text, code.test, imports=code.imports)


def _add_flaws(plan: Plan) -> None:
    for wish in plan.wishes.flaws:
        layer = catalogue()[wish.type].layer
        module = next((module for module in plan.modules if module.layer == layer), plan.modules[0])
        flawed = _flawed_operation(plan, wish.type, mended=False)
        taken = {piece.name for piece in module.pieces}
        naming = next(n for n in _namings(module, plan.wishes.language, None) if n(flawed.name) not in taken)
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
                yield Naming(domain, noun, text, number, snake_case)


def _candidates(module: Module, language: str, rng: Random) -> Iterator[Piece]:
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


def _add_functions(plan: Plan, rng: Random) -> None:
    """Functions in turn for every module, until there is enough to make the lines that are wanted."""
    if not plan.modules:
        return
    sources = [(module, _candidates(module, plan.wishes.language, rng)) for module in plan.modules]
    coverage = plan.wishes.test_coverage
    least = 2 if coverage is None else max(2, min(12, round(100 / coverage)))
    overhead = 8 if plan.tests else 3
    lines = sum(overhead * 2 + sum(_weight(plan, piece) for piece in module.pieces) for module in plan.modules)
    lines += 14 * (len(plan.types) + plan.documents)
    rounds = 0
    while sources and (rounds < least or lines < plan.lines):
        for source in list(sources):
            if rounds >= least and lines >= plan.lines:
                break
            piece = next(source[1], None)
            if piece is None:
                sources.remove(source)
                continue
            source[0].pieces.append(piece)
            lines += _weight(plan, piece)
        rounds += 1
    _add_called(plan)


def _weight(plan: Plan, piece: Piece) -> int:
    """About how many changed lines a function makes, its test and its place in the documentation included."""
    lines = len(piece.operation.code) + len(piece.operation.comment) + 2
    if plan.tests:
        lines += piece.operation.test.count("\n") + 3
    return lines + (1 if plan.documents else 0)


def _add_called(plan: Plan) -> None:
    """What a controller calls exists in the repository beside it."""
    language = plan.wishes.language
    stores = {module.noun: module for module in plan.modules if module.layer == "repository"}
    known = {one.name: one for one in operations(language, "repository")}
    for module in plan.modules:
        for piece in module.pieces:
            store = stores.get(module.noun)
            for called in piece.operation.calls if store is not None else ():
                assert store is not None
                name = piece.naming(called)
                found = next((one for one in store.pieces if one.name == name), None)
                if found is None:
                    found = Piece(known[called], piece.naming, name)
                    store.pieces.append(found)
                found.called = True


def _leave_untested(plan: Plan, rng: Random) -> None:
    """Leave functions without a test until the coverage is as near above the one that is wanted as it gets."""
    pieces = [piece for module in plan.modules for piece in module.pieces]
    if not plan.tests:
        for piece in pieces:
            piece.tested = False
        return
    wished = plan.wishes.test_coverage
    share = plan.wishes.author.test_coverage if wished is None else wished / 100
    total = sum(piece.size for piece in pieces)
    covered = total
    last: list[Piece] = []
    for module in plan.modules:
        # One function of each module keeps its test, or the whole file would be untested, which is another flaw.
        free = sorted((piece for piece in module.pieces if not piece.called and piece.flaw is None), key=_size)
        kept = not any(piece.called or piece.flaw for piece in module.pieces)
        last += free[1:] if kept else free
    rng.shuffle(last)
    for piece in last:
        if covered - piece.size >= share * total:
            piece.tested, covered = False, covered - piece.size
    # Somebody who wants less than the gate asks for gets less, also where functions are few.
    if share < 0.8 <= covered / total:
        smallest = min((piece for piece in last if piece.tested), key=_size, default=None)
        if smallest is not None:
            smallest.tested = False


def _size(piece: Piece) -> int:
    return piece.size


def _leave_undocumented(plan: Plan, rng: Random) -> None:
    pieces = [piece for module in plan.modules for piece in module.pieces]
    if plan.wishes.missing_documentation:
        chosen = pieces
    elif plan.reference and not plan.documents:
        chosen = []
    else:
        share = 1 - plan.wishes.author.documentation_completeness
        chosen = rng.sample(pieces, k=round(share * len(pieces)))
    for piece in chosen:
        piece.documented = False


def _leave_untidy(plan: Plan, rng: Random) -> None:
    pieces = [piece for module in plan.modules for piece in module.pieces]
    wished = plan.wishes.code_style
    share = 1 - (plan.wishes.author.code_style_adherence if wished is None else wished)
    for piece in rng.sample(pieces, k=round(share * len(pieces))):
        piece.untidy = True
