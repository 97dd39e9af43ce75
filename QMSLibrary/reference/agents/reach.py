"""Which functions the tests of a pull request reach, judged from the text alone.

A test reaches what it calls or hands on by name, and what that calls in turn, within the files of the pull request. A
name counts where the caller imports the module, the class or the function; a name of several words that occurs once
counts without, because fixtures and facades hide imports.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from .source import MODULE_LEVEL, Module
from .syntax import Function

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
        self._by_name: dict[str, dict[int, list[int]]] = {}
        """Functions not reached yet, by name and place."""
        self._counts: Counter[str] = Counter()
        self._classes: list[set[str]] = []
        self._by_class: dict[str, list[tuple[int, int]]] = {}
        self._by_import: dict[str, list[int]] = {}
        for place, module in enumerate(sources):
            for name in {module.names[0], module.names[1]}:
                self._by_import.setdefault(name, []).append(place)
            self._classes.append({one.class_name for one in module.functions if one.class_name})
            for index, function in enumerate(module.functions):
                self._by_name.setdefault(function.name, {}).setdefault(place, []).append(index)
                self._counts[function.name] += 1
                if function.class_name and self._made_with_class(module, function):
                    self._by_class.setdefault(function.class_name, []).append((place, index))
        self._queue: deque[tuple[Module | None, set[str], set[str]]] = deque()
        for module in tests:
            names = set().union(*module.references.values())
            self._queue.append((module, names, module.imports))
        for content in robot_files:
            self._queue.append((None, _robot_names(content), set()))
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
            caller, names, imports = self._queue.popleft()
            for name in imports:
                for place in self._by_import.get(name, ()):
                    self._load(place)
            for name in names:
                for place, index in self._by_class.pop(name, ()):
                    self._reach(place, index)
                for place in list(self._by_name.get(name, ())):
                    self._try(caller, names, imports, name, place)

    def _try(self, caller: Module | None, names: set[str], imports: set[str], name: str, place: int) -> None:
        """Reach the functions called ``name`` in the source at ``place``, as far as the caller means them."""
        module = self._sources[place]
        places = self._by_name[name]
        whole = caller is None or caller is module or not imports.isdisjoint(module.names) or name in imports
        classes = self._classes[place]
        if not whole and classes.isdisjoint(names) and classes.isdisjoint(imports):
            telling = len(name) >= TELLING_LENGTH and _TELLING.search(name) is not None
            whole = telling and self._counts[name] == 1
            if not whole:
                return
        indexes = places[place]
        meant = [
            index
            for index in indexes
            if whole or (owner := module.functions[index].class_name) in names or owner in imports
        ]
        for index in meant:
            self._reach(place, index)
        places[place] = [index for index in indexes if (place, index) not in self.reached]
        if not places[place]:
            del places[place]

    def _load(self, place: int) -> None:
        """A module that is imported runs its own level, where handlers are registered and tables filled."""
        if place in self._loaded:
            return
        self._loaded.add(place)
        module = self._sources[place]
        self._queue.append((module, module.references.get(MODULE_LEVEL, set()), module.imports))
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
        self._queue.append((module, module.references.get(index, set()), module.imports))

    def of(self, place: int) -> list[tuple[Function, bool]]:
        """The functions of the source at ``place`` that do something, each with whether it is reached."""
        functions = self._sources[place].functions
        return [(one, (place, index) in self.reached) for index, one in enumerate(functions) if not one.trivial]


def _robot_names(content: str) -> set[str]:
    """The keywords that a Robot file uses, as the names of the functions behind them."""
    cells = {cell.strip() for line in content.splitlines() for cell in _CELLS.split(line)}
    return {re.sub(r"[\s-]+", "_", cell).lower() for cell in cells if re.fullmatch(r"[A-Za-z][\w -]{2,80}", cell)}
