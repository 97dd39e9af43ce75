"""How the modules of a plan are written down in a programming language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from QMSLibrary.data.plan import Module
from QMSLibrary.data.spelling import Domain, Noun


class Language(Protocol):
    """A programming language: where its files are, and how they are written."""

    def source_path(self, module: Module) -> str:
        """Where a module is."""
        ...

    def test_path(self, module: Module) -> str:
        """Where the tests of a module are."""
        ...

    def types_path(self, domain: Domain) -> str:
        """Where the data types of a domain are."""
        ...

    def source(self, module: Module) -> str:
        """The text of a module."""
        ...

    def tests(self, modules: list[Module]) -> str:
        """The text of a test file for these modules."""
        ...

    def types(self, domain: Domain, nouns: Iterable[Noun]) -> str:
        """The text of a file with the data types of a domain. It defines no behaviour."""
        ...

    def shared(self) -> dict[str, str]:
        """What every module imports, path to text."""
        ...

    def packages(self, paths: Iterable[str]) -> dict[str, str]:
        """The files that make packages of the folders of ``paths``, path to text."""
        ...

    def statements_of_module(self, module: Module) -> int:
        """The statements of a module outside its functions, as coverage tools count them."""
        ...

    def statements_of_types(self, nouns: Sequence[Noun], fields: int) -> int:
        """The statements of a file with data types of so many fields."""
        ...


@lru_cache(maxsize=8)
def language(name: str) -> Language:
    """The language with this name."""
    if name == "python":
        from .python import Python

        return Python()
    from .ecmascript import EcmaScript

    return EcmaScript(typed=name == "typescript")
