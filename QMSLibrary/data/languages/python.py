"""Python, with data classes and plain functions."""

from __future__ import annotations

import re
import sys
from collections.abc import Container, Iterable, Sequence
from typing import Final

from QMSLibrary.data.layout import WIDTH, wrap_signature
from QMSLibrary.data.operations import SHARED, Operation, words_of
from QMSLibrary.data.plan import Module, Piece
from QMSLibrary.data.spelling import Domain, Naming, Noun, pascal, snake

_DATABASE = '''\
class FakeDatabase:
    """Answers every query with the same rows and remembers the statements."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.statements: list[tuple[str, tuple[Any, ...]]] = []

    def fetch_one(self, statement: str, parameters: tuple[Any, ...] = ()) -> dict[str, Any] | None:
        self.statements.append((statement, parameters))
        return self.rows[0] if self.rows else None

    def fetch_all(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        self.statements.append((statement, parameters))
        return self.rows

    def execute(self, statement: str, parameters: tuple[Any, ...] = ()) -> int:
        self.statements.append((statement, parameters))
        return len(self.rows)
'''
# What can be imported, and from where.
_STANDARD = {
    "asdict": "dataclasses",
    "replace": "dataclasses",
    "datetime": "datetime",
    "UTC": "datetime",
    "escape": "html",
}
_SHARED = {
    "Database": "app.shared.database",
    "Request": "app.shared.http",
    "Response": "app.shared.http",
    "HtmlResponse": "app.shared.http",
}


_DATABASE_PROTOCOL: Final = '''\
"""The connection to PostgreSQL, as the repositories use it."""

from __future__ import annotations

from typing import Any, Protocol


class Database(Protocol):
    """Runs statements; rows come back as dictionaries by the names of their columns."""

    def fetch_one(self, statement: str, parameters: tuple[Any, ...] = ()) -> dict[str, Any] | None:
        """Give the first row; None when there is none."""
        ...

    def fetch_all(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        """Give every row."""
        ...

    def execute(self, statement: str, parameters: tuple[Any, ...] = ()) -> int:
        """Give the number of rows that were touched."""
        ...
'''
_HTTP: Final = '''\
"""Requests and answers, as the controllers see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    path_params: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """An answer as JSON."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class HtmlResponse:
    """An answer as a page."""

    content: str
'''

_KNOWN: Final = frozenset((*_STANDARD, *_SHARED, "Parcel"))


class Python:
    """One file per noun and layer: ``app/invoices/invoice_line_service.py``, tests in a tree of their own."""

    def source_path(self, module: Module) -> str:
        """Where a module is."""
        return _path(module).replace(".", "/") + ".py"

    def test_path(self, module: Module) -> str:
        """Where its tests are."""
        package, _, name = _path(module).rpartition(".")
        return f"tests/{package.removeprefix('app.')}/test_{name}.py"

    def types_path(self, domain: Domain) -> str:
        """Where a domain's data types are."""
        return f"{_package(domain).replace('.', '/')}/models.py"

    def source(self, module: Module) -> str:
        """The text of a module."""
        functions = "\n\n\n".join(_function(piece) for piece in module.pieces)
        return "\n".join([_docstring(module), _FUTURE, _imports(_needed(module))]) + functions + "\n"

    def tests(self, modules: list[Module]) -> str:
        """The text of a test file."""
        imports: dict[str, set[str]] = {}
        helpers: dict[str, str] = {}
        tests = []
        for module in modules:
            tested = [piece for piece in module.pieces if piece.tested]
            imports.setdefault(_path(module), set()).update(piece.name for piece in tested)
            for piece in tested:
                words = words_of(piece.test)
                _add_words(imports, words, piece.naming)
                _add_own(imports, piece.operation, words)
                if "pytest" in words:
                    imports.setdefault("pytest", set()).add("")
                if "make_parcel" in words:
                    helper = piece.naming("make_parcel")
                    if helper not in helpers:
                        helpers[helper] = _maker(piece.naming)
                    _add_words(imports, ("Parcel", "UTC", "datetime"), piece.naming)
                    imports.setdefault("typing", set()).add("Any")
                if "FakeDatabase" in words:
                    helpers.setdefault("FakeDatabase", _DATABASE)
                    imports.setdefault("typing", set()).add("Any")
                tests.append(piece.naming(piece.test) + "\n")
        head = _FUTURE + "\n" + _imports(imports).rstrip("\n") + "\n"
        return "\n\n".join([head, *helpers.values(), *tests])

    def types(self, domain: Domain, nouns: Iterable[Noun]) -> str:
        """The text of a file with data types."""
        blocks = [
            f'"""The data of {" ".join(domain.noun.many)}."""\n\nfrom __future__ import annotations\n\n'
            "from dataclasses import dataclass\nfrom datetime import datetime\n"
        ]
        for noun in nouns:
            fields = "".join(
                f"    {field}: {kind}\n"
                for field, kind in (
                    ("id", "str"),
                    ("status", "str"),
                    *((snake(text), "str") for text in domain.texts),
                    *((snake(number), "float") for number in domain.numbers),
                    (snake(domain.date), "datetime"),
                )
            )
            blocks.append(
                f"@dataclass(frozen=True)\nclass {pascal(noun.one)}:\n"
                f'    """What is known about this: {" ".join(noun.one)}."""\n\n{fields}'
            )
        return "\n\n".join(blocks)

    def shared(self) -> dict[str, str]:
        """What every module imports."""
        return {"app/shared/database.py": _DATABASE_PROTOCOL, "app/shared/http.py": _HTTP}

    def packages(self, paths: Iterable[str]) -> dict[str, str]:
        """An ``__init__.py`` for every folder of the application."""
        folders = {path.rpartition("/")[0] for path in paths if path.startswith("app/")} | {"app"}
        return {f"{folder}/__init__.py": f'"""{_title(folder)}."""\n' for folder in sorted(folders)}

    def statements_of_module(self, module: Module) -> int:
        """Its imports; a docstring is none."""
        return 1 + sum(("" in names) + (len(names) > ("" in names)) for names in _needed(module).values())

    def statements_of_types(self, nouns: Sequence[Noun], fields: int) -> int:
        """Three imports, and for each class its decorator, its head and its fields."""
        return 3 + len(nouns) * (2 + fields)


_FUTURE: Final = "from __future__ import annotations\n"
_ABOUT = {
    "repository": "reading and writing the database",
    "service": "the rules of the business",
    "controller": "what is answered over HTTP",
    "validation": "what may be entered",
    SHARED: "what every part of the product uses",
}


def _capital(words: tuple[str, ...]) -> str:
    return " ".join(words).capitalize()


def _package(domain: Domain) -> str:
    return f"app.{snake(domain.noun.many)}"


def _title(folder: str) -> str:
    return folder.rpartition("/")[2].replace("_", " ").capitalize()


def _path(module: Module) -> str:
    """The dotted name of a module."""
    if module.layer == SHARED:
        return f"app.shared.{snake(module.noun.one)}"
    return f"{_package(module.domain)}.{snake(module.noun.one)}_{module.layer}"


def _docstring(module: Module) -> str:
    return f'"""{_capital(module.noun.many)}: {_ABOUT[module.layer]}."""\n'


def _needed(module: Module) -> dict[str, set[str]]:
    """What a module imports."""
    imports: dict[str, set[str]] = {}
    for piece in module.pieces:
        _add_words(imports, piece.operation.uses, piece.naming)
        _add_own(imports, piece.operation, piece.operation.uses)
        if module.layer != "repository" and piece.operation.calls:
            store = f"{_package(module.domain)}.{snake(module.noun.one)}_repository"
            imports.setdefault(store, set()).update(piece.naming(call) for call in piece.operation.calls)
    return imports


def _function(piece: Piece) -> str:
    text = piece.naming(piece.operation.documented if piece.documented else piece.operation.bare)
    lines = text.split("\n")
    if len(piece.operation.head) > WIDTH - 40:
        lines = [part for line in lines for part in wrap_signature(line, "    ")]
    return "\n".join(_untidy(lines) if piece.untidy else lines)


def _untidy(lines: list[str]) -> list[str]:
    """What a hurried author writes: it works, and every linter complains."""
    code = re.sub(r"\bif not (\w+):", r"if (not \1) == True :", "\n".join(lines))
    code = re.sub(r" is None\b", " == None", code)
    code = re.sub(r" is not None\b", " != None", code)
    result = code.split("\n")
    start = next(index for index, line in enumerate(result) if line.endswith(":")) + 1
    if result[start].lstrip().startswith('"""'):
        ends = (index for index in range(start, len(result)) if result[index].rstrip().endswith('"""'))
        start = next(ends) + 1
    result.insert(start, "    tmpValue=None")
    return result


def _maker(naming: Naming) -> str:
    domain = naming.domain
    fields = [
        f'"id": "{"-".join(naming.noun.one)}-1"',
        f'"status": "{domain.open}"',
        *(f'"{snake(text)}": "north"' for text in domain.texts),
        *(f'"{snake(number)}": 12.0' for number in domain.numbers),
        f'"{snake(domain.date)}": datetime(2024, 3, 1, tzinfo=UTC)',
    ]
    body = "".join(f"        {field},\n" for field in fields)
    head = naming("def make_parcel(**changes: Any) -> Parcel:")
    made = f"{naming('Parcel')}(**{{**values, **changes}})"
    return f"{head}\n    values: dict[str, Any] = {{\n{body}    }}\n    return {made}\n"


def _add_words(imports: dict[str, set[str]], words: Iterable[str], naming: Naming) -> None:
    for word in _KNOWN.intersection(words):
        if word == "Parcel":
            imports.setdefault(f"{_package(naming.domain)}.models", set()).add(naming(word))
        else:
            imports.setdefault(_STANDARD.get(word) or _SHARED[word], set()).add(word)


def _add_own(imports: dict[str, set[str]], operation: Operation, words: Container[str]) -> None:
    """What a function brings its own imports for; a module that is imported whole has an empty name among its own."""
    for name, module in operation.imports:
        if name in words:
            imports.setdefault(module, set()).add("" if name == module else name)


def _imports(imports: dict[str, set[str]]) -> str:
    groups: list[list[str]] = [[], [], []]
    for path in sorted(imports):
        top = path.partition(".")[0]
        group = groups[0 if top in sys.stdlib_module_names else 2 if top == "app" else 1]
        names = sorted(imports[path] - {""}, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
        line = f"from {path} import {', '.join(names)}"
        if len(line) > 110:
            line = f"from {path} import (\n" + "".join(f"    {name},\n" for name in names) + ")"
        if names:
            group.append(line)
        if "" in imports[path]:
            group.append(f"import {path}")
    # Whole modules come before names out of modules.
    text = "\n\n".join("\n".join(sorted(group, key=lambda line: line.startswith("from "))) for group in groups if group)
    return text + "\n\n\n" if text else "\n"
