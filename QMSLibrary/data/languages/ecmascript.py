"""TypeScript, and JavaScript, which is the same without types."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from posixpath import dirname, relpath
from typing import Final

from QMSLibrary.data.layout import WIDTH, wrap_signature
from QMSLibrary.data.operations import SHARED, Operation, words_of
from QMSLibrary.data.plan import Module, Piece
from QMSLibrary.data.spelling import Domain, Naming, Noun, camel, kebab, pascal

_DATABASE = """\
function databaseReturning<T>(rows: T[]): Database {
  return { query: vi.fn().mockResolvedValue({ rows, rowCount: rows.length }) } as unknown as Database;
}
"""
_RESPONSE = """\
function fakeResponse(): Response {
  const response = { status: vi.fn(), json: vi.fn(), send: vi.fn(), end: vi.fn() };
  response.status.mockReturnValue(response);
  return response as unknown as Response;
}
"""


_DATABASE_TYPES: Final = """\
/** What a statement gave back. */
export interface Result<Row> {
  rows: Row[];
  rowCount: number | null;
}

/** A connection to PostgreSQL. Columns come back in camel case: `due_at` as `dueAt`. */
export interface Database {
  query<Row = Record<string, unknown>>(statement: string, parameters?: unknown[]): Promise<Result<Row>>;
}
"""
_HTML: Final = """\
const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Makes a text safe to stand in a page. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}
"""
_DATABASE_MODULE: Final = "type src/shared/database"


class EcmaScript:
    """One file per noun and layer: ``src/invoices/invoice-line.service.ts``, its tests beside it."""

    def __init__(self, *, typed: bool) -> None:
        self.typed = typed
        self.suffix = "ts" if typed else "js"

    def source_path(self, module: Module) -> str:
        """Where a module is."""
        return f"{self._base(module)}.{self.suffix}"

    def test_path(self, module: Module) -> str:
        """Where its tests are."""
        return f"{self._base(module)}.test.{self.suffix}"

    def types_path(self, domain: Domain) -> str:
        """Where a domain's data types are."""
        return f"{self._types(domain)}.{self.suffix}"

    def _base(self, module: Module) -> str:
        if module.layer == SHARED:
            return f"src/shared/{kebab(module.noun.one)}"
        return f"src/{kebab(module.domain.noun.many)}/{kebab(module.noun.one)}.{module.layer}"

    def _types(self, domain: Domain) -> str:
        return f"src/{kebab(domain.noun.many)}/{kebab(domain.noun.one)}.{'types' if self.typed else 'fields'}"

    def source(self, module: Module) -> str:
        """The text of a module."""
        imports: dict[str, set[str]] = {}
        functions = []
        for piece in module.pieces:
            self._add_imports(imports, module, piece)
            functions.append(self._function(piece))
        head = self._imports(imports, self._base(module))
        return (head + "\n\n" if head else "") + "\n\n".join(functions) + "\n"

    def tests(self, modules: list[Module]) -> str:
        """The text of a test file."""
        imports: dict[str, set[str]] = {"vitest": {"describe", "expect", "it"}}
        helpers: dict[str, str] = {}
        blocks = []
        for module in modules:
            tested = [piece for piece in module.pieces if piece.tested]
            own = imports.setdefault(self._base(module), set())
            own.update(piece.name for piece in tested)
            tests = [piece.naming(piece.test) for piece in tested]
            for piece in tested:
                self._add_helpers(imports, helpers, piece)
            title = f"{' '.join(module.noun.one)} {module.layer}"
            blocks.append(f"describe('{title}', () => {{\n" + "\n\n".join(tests) + "\n});\n")
        parts = [self._imports(imports, self._base(modules[0])) + "\n", *helpers.values(), *blocks]
        return "\n".join(parts)

    def shared(self) -> dict[str, str]:
        """What every module imports."""
        if not self.typed:
            return {"src/shared/html.js": _without_types(_HTML)}
        return {"src/shared/database.ts": _DATABASE_TYPES, "src/shared/html.ts": _HTML}

    def packages(self, paths: Iterable[str]) -> dict[str, str]:
        """None: a folder is nothing special here."""
        return {}

    def statements_of_module(self, module: Module) -> int:
        """None: imports are declarations."""
        return 0

    def statements_of_types(self, nouns: Sequence[Noun], fields: int) -> int:
        """Types are gone when the code runs; in JavaScript there is a list of fields for each noun."""
        return 0 if self.typed else len(nouns)

    def types(self, domain: Domain, nouns: Iterable[Noun]) -> str:
        """The text of a file with data types."""
        blocks = []
        for noun in nouns:
            fields = [
                ("id", "string"),
                ("status", f"{pascal(noun.one)}Status"),
                *((camel(text), "string") for text in domain.texts),
                *((camel(number), "number") for number in domain.numbers),
                (camel(domain.date), "Date"),
            ]
            name, prose = pascal(noun.one), " ".join(noun.one)
            if self.typed:
                body = "".join(f"  {field}: {kind};\n" for field, kind in fields)
                blocks.append(
                    f"/** Where this stands: {prose}. */\n"
                    f"export type {name}Status = '{domain.open}' | '{domain.done}' | 'cancelled';\n\n"
                    f"/** What is known about this: {prose}. */\nexport interface {name} {{\n{body}}}\n"
                )
            else:
                body = "".join(f"  '{field}',\n" for field, _ in fields)
                blocks.append(
                    f"/** The fields of this, in the order of the forms: {prose}. */\n"
                    f"export const {camel(noun.one)}Fields = Object.freeze([\n{body}]);\n"
                )
        return "\n".join(blocks)

    def _function(self, piece: Piece) -> str:
        text = piece.naming(piece.operation.documented if piece.documented else piece.operation.bare)
        lines = text.split("\n")
        if len(piece.operation.head) > WIDTH - 40:
            lines = [part for line in lines for part in wrap_signature(line, "  ")]
        return "\n".join(_untidy(lines) if piece.untidy else lines)

    def _add_imports(self, imports: dict[str, set[str]], module: Module, piece: Piece) -> None:
        uses = piece.operation.uses
        self._add_types(imports, uses, piece.naming)
        _add_own(imports, piece.operation, uses)
        if "escapeHtml" in uses:
            imports.setdefault("src/shared/html", set()).add("escapeHtml")
        if module.layer != "repository" and piece.operation.calls:
            store = f"src/{kebab(module.domain.noun.many)}/{kebab(module.noun.one)}.repository"
            imports.setdefault(store, set()).update(piece.naming(call) for call in piece.operation.calls)

    def _add_types(self, imports: dict[str, set[str]], uses: Container[str], naming: Naming) -> None:
        if not self.typed:
            if "parcelFields" in uses:
                imports.setdefault(self._types(naming.domain), set()).add(naming("parcelFields"))
            return
        for word, path in (("Request", "type express"), ("Response", "type express"), ("Database", _DATABASE_MODULE)):
            if word in uses:
                imports.setdefault(path, set()).add(word)
        for word in ("Parcel", "ParcelStatus"):
            if word in uses:
                imports.setdefault(f"type {self._types(naming.domain)}", set()).add(naming(word))

    def _add_helpers(self, imports: dict[str, set[str]], helpers: dict[str, str], piece: Piece) -> None:
        words = words_of(piece.test)
        self._add_types(imports, words - {"Response", "parcelFields"}, piece.naming)
        _add_own(imports, piece.operation, words)
        if "vi" in words:
            imports["vitest"].add("vi")
        if "makeParcel" in words:
            helper = piece.naming("makeParcel")
            if helper not in helpers:
                helpers[helper] = self._maker(piece.naming)
                self._add_types(imports, ("Parcel",), piece.naming)
        for word, text, needed in (
            ("databaseReturning", _DATABASE, "Database"),
            ("fakeResponse", _RESPONSE, "Response"),
        ):
            if word in words:
                helpers.setdefault(word, text if self.typed else _without_types(text))
                imports["vitest"].add("vi")
                self._add_types(imports, (needed,), piece.naming)

    def _maker(self, naming: Naming) -> str:
        domain = naming.domain
        fields = [
            f"id: '{kebab(naming.noun.one)}-1'",
            f"status: '{domain.open}'",
            *(f"{camel(text)}: 'north'" for text in domain.texts),
            *(f"{camel(number)}: 12" for number in domain.numbers),
            f"{camel(domain.date)}: new Date('2024-03-01')",
        ]
        head = "function makeParcel(changes: Partial<Parcel> = {}): Parcel {"
        if not self.typed:
            head = "function makeParcel(changes = {}) {"
        body = "".join(f"    {field},\n" for field in fields)
        return f"{naming(head)}\n  return {{\n{body}    ...changes,\n  }};\n}}\n"

    def _imports(self, imports: dict[str, set[str]], place: str) -> str:
        """Import statements: packages first, then the project's own modules as seen from ``place``."""
        outer: list[str] = []
        own: list[str] = []
        for key in sorted(imports, key=lambda key: key.removeprefix("type ")):
            names = sorted(imports[key])
            if not names:
                continue
            path = key.removeprefix("type ")
            word = "import type" if key.startswith("type ") else "import"
            group = outer
            if path.startswith("src/"):
                path, group = _seen_from(dirname(place), path) + ("" if self.typed else ".js"), own
            line = f"{word} {{ {', '.join(names)} }} from '{path}';"
            if len(line) > WIDTH:
                line = f"{word} {{\n" + "".join(f"  {name},\n" for name in names) + f"}} from '{path}';"
            group.append(line)
        return "\n".join([*outer, *([""] if outer and own else []), *own])


def _seen_from(folder: str, path: str) -> str:
    if dirname(path) == folder:
        return f"./{path.rpartition('/')[2]}"
    return relpath(path, folder)


def _add_own(imports: dict[str, set[str]], operation: Operation, words: Container[str]) -> None:
    """What a function brings its own imports for."""
    for name, module in operation.imports:
        if name in words:
            imports.setdefault(module, set()).add(name)


def _without_types(text: str) -> str:
    return re.sub(r"<T>|: T\[\]|: Database|: Response|: string|: Record<string, string>| as unknown as \w+", "", text)


def _untidy(lines: list[str]) -> list[str]:
    """What a hurried author writes: it works, and every linter complains."""
    code = "\n".join(lines)
    changed = re.sub(r"\bconst (?=\w+ = )", "var ", code)
    changed = re.sub(r"([!=])==(?=[^=])", r"\1=", changed)
    # A variable that nobody reads, right after the head of the function.
    head = next(index for index, line in enumerate(lines) if line.endswith("{") and not line.startswith(" "))
    head = next((index for index, line in enumerate(lines) if line.startswith(")") and line.endswith("{")), head)
    result = changed.split("\n")
    result.insert(head + 1, "  var tmp = null")
    return result
