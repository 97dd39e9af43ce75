"""What a pull request will hold, decided before a line of it is written.

A plan follows from the wishes and the seed alone, so it can be made again: that is how a pull request is mended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .layout import WIDTH, wrap_signature
from .operations import LANGUAGES, SHARED, Operation
from .spelling import Domain, Naming, Noun
from .wishes import Wishes


@dataclass(slots=True)
class Piece:
    """One function of a module."""

    operation: Operation
    naming: Naming
    name: str
    documented: bool = True
    tested: bool = True
    partly: bool = False
    """Its test leaves some of its branches out."""
    untidy: bool = False
    flaw: str | None = None
    called: bool = False
    """Another function calls it, so it cannot be left untested without its caller."""

    @property
    def test(self) -> str:
        """Its test, in the archetype's words."""
        return self.operation.partial if self.partly else self.operation.test

    @property
    def size(self) -> int:
        """The lines of the function itself."""
        one = self.operation
        inside = len(one.comment) if one.comment_at and self.documented else 0
        broken = 0
        if len(one.head) > WIDTH - 40:
            broken = len(wrap_signature(self.naming(one.head), "  ")) - 1
        if one.names_all_fields:
            broken += len(self.naming.domain.fields) - 1
        return len(one.code) + broken + inside + self.untidy

    @property
    def statements(self) -> int:
        """All that a coverage tool counts."""
        return self.operation.count.all + self.untidy

    @property
    def unreached(self) -> int:
        """The statements that do not run when nobody calls it."""
        return self.operation.count.all - self.operation.count.at_import + self.untidy


@dataclass(slots=True)
class Module:
    """One source file."""

    domain: Domain
    noun: Noun
    layer: str
    pieces: list[Piece] = field(default_factory=list)


@dataclass(slots=True)
class Companion:
    """A file beside the code: a migration, a manifest, a decision … (``kind`` is a key of ``companions.KINDS``)."""

    kind: str
    path: str
    domain: Domain
    noun: Noun


@dataclass(slots=True)
class Plan:
    """Everything about a pull request but its identity and its text."""

    wishes: Wishes
    files: int
    lines: int
    """Exactly so many changed ones; about so many where ``wishes.lines_follow``."""
    domains: list[Domain]
    feature: str
    """What it is about, in words."""
    reference: bool
    """Whether the documentation file describes what has no comment of its own."""
    modules: list[Module] = field(default_factory=list)
    types: list[Domain] = field(default_factory=list)
    """Domains whose data types have a file in this pull request."""
    tests: list[list[Module]] = field(default_factory=list)
    """Each test file, as the modules that it tests."""
    documents: int = 0
    """How many documentation files there are."""
    companions: list[Companion] = field(default_factory=list)
    security_reviewed: bool = False
    """Whether the author says what was considered about security."""
    added_when_mended: int = 0
    """Test and documentation files that come on top of ``files`` because the mended pull request needs them."""

    @property
    def domain(self) -> Domain:
        """The domain that it is mainly about."""
        return self.domains[0]

    @property
    def language(self) -> str:
        """What the repository's code is written in, also when this pull request has none of it."""
        return self.wishes.language if self.wishes.language in LANGUAGES else "typescript"

    @property
    def pieces(self) -> list[Piece]:
        """Every function."""
        return [piece for module in self.modules for piece in module.pieces]


def nouns_of(domain: Domain, modules: Iterable[Module]) -> list[Noun]:
    """The nouns of a domain that ``modules`` are about, and so need a data type and a table."""
    own = (module for module in modules if module.domain is domain and module.layer != SHARED)
    return list(dict.fromkeys(piece.naming.noun for module in own for piece in module.pieces)) or [domain.noun]
