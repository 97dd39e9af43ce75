"""Which functions the tests of a pull request reach, judged from the text alone.

A test reaches what it calls or hands on by name, and what that calls in turn, within the files of the pull request. A
name counts where the caller imports the module, the class or the function; a name of several words that occurs once
counts without, because fixtures and facades hide imports.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from typing import Final

from .source import MODULE_LEVEL, Function, Module

_CONSTRUCTORS: Final = re.compile(r"^(?:constructor|__\w+__)$")
_TELLING: Final = re.compile(r"[a-z0-9](?:_[a-z0-9]|[A-Z])")
_CELLS: Final = re.compile(r"\s{2,}|\t")
TELLING_LENGTH: Final = 8


class Reach:
    """The functions that are reached, by module and index."""

    def __init__(self, sources: Sequence[Module], tests: Sequence[Module], robot_files: Sequence[str] = ()) -> None:
        self._sources = sources
        self.reached: set[tuple[int, int]] = set()
        self._loaded: set[int] = set()
        self._by_name: dict[str, list[tuple[int, int]]] = {}
        self._by_class: dict[str, list[tuple[int, int]]] = {}
        self._by_import: dict[str, list[int]] = {}
        for place, module in enumerate(sources):
            for name in {module.names[0], module.names[1]}:
                self._by_import.setdefault(name, []).append(place)
            for index, function in enumerate(module.functions):
                self._by_name.setdefault(function.name, []).append((place, index))
                if function.class_name and self._made_with_class(module, function):
                    self._by_class.setdefault(function.class_name, []).append((place, index))
        self._queue: deque[tuple[Module | None, int, set[str], set[str]]] = deque()
        for module in tests:
            names = set().union(*module.references.values())
            self._queue.append((module, MODULE_LEVEL, names, module.imports))
        for content in robot_files:
            self._queue.append((None, MODULE_LEVEL, _robot_names(content), set()))
        self._run()

    @staticmethod
    def _made_with_class(module: Module, function: Function) -> bool:
        """Whether it runs because its class is used: constructors, and what a decorator registers (Python)."""
        if _CONSTRUCTORS.match(function.name):
            return True
        return module.language == "python" and any(
            not decorator.startswith(("staticmethod", "classmethod", "property", "abstractmethod", "override"))
            for decorator in function.decorators
        )

    def _run(self) -> None:
        while self._queue:
            module, _, names, imports = self._queue.popleft()
            for name in imports:
                for place in self._by_import.get(name, ()):
                    self._load(place)
            for name in names:
                for place, index in self._by_class.get(name, ()):
                    self._reach(place, index)
                candidates = self._by_name.get(name, ())
                for place, index in candidates:
                    if (place, index) not in self.reached and self._related(
                        module, imports, names, place, index, len(candidates)
                    ):
                        self._reach(place, index)

    def _related(
        self, caller: Module | None, imports: set[str], names: set[str], place: int, index: int, candidates: int
    ) -> bool:
        module = self._sources[place]
        function = module.functions[index]
        if caller is None or caller is module or module.names[0] in imports or module.names[1] in imports:
            return True
        if function.name in imports or (
            function.class_name and (function.class_name in imports or function.class_name in names)
        ):
            return True
        return candidates == 1 and len(function.name) >= TELLING_LENGTH and bool(_TELLING.search(function.name))

    def _load(self, place: int) -> None:
        """A module that is imported runs its own level, where handlers are registered and tables filled."""
        if place in self._loaded:
            return
        self._loaded.add(place)
        module = self._sources[place]
        self._queue.append((module, MODULE_LEVEL, module.references.get(MODULE_LEVEL, set()), module.imports))
        if module.language == "python":
            for index, function in enumerate(module.functions):
                if function.class_name is None and function.decorators:
                    self._reach(place, index)

    def _reach(self, place: int, index: int) -> None:
        if (place, index) in self.reached:
            return
        self.reached.add((place, index))
        self._load(place)
        module = self._sources[place]
        self._queue.append((module, index, module.references.get(index, set()), module.imports))

    def of(self, place: int) -> list[tuple[Function, bool]]:
        """The functions of the source at ``place`` that do something, each with whether it is reached."""
        functions = self._sources[place].functions
        return [(one, (place, index) in self.reached) for index, one in enumerate(functions) if not one.trivial]


def _robot_names(content: str) -> set[str]:
    """The keywords that a Robot file uses, as the names of the functions behind them."""
    cells = {cell.strip() for line in content.splitlines() for cell in _CELLS.split(line)}
    return {re.sub(r"[\s-]+", "_", cell).lower() for cell in cells if re.fullmatch(r"[A-Za-z][\w -]{2,80}", cell)}
