"""How the modules of a plan are written down in a programming language."""

from __future__ import annotations

from collections.abc import Iterable
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


def language(name: str) -> Language:
    """The language with this name."""
    if name == "python":
        from .python import Python

        return Python()
    from .ecmascript import EcmaScript

    return EcmaScript(typed=name == "typescript")
