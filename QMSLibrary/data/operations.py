"""What a module can do: the functions of the code templates, one file per language and layer in ``code/``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from .files import ROOM
from .statements import Count, count

LAYERS: Final = ("repository", "service", "controller", "validation")
"""The first of each pattern come first, so that a small pull request shows every pattern that was asked for."""
SHARED: Final = "shared"
"""The layer of what all domains use. It belongs to no pattern; a change to it concerns everybody."""

PATTERNS: Final = {
    "mvc": ("controller",),
    "service_layer": ("service", "validation"),
    "repository": ("repository",),
}
"""The layers that each code pattern brings."""
LANGUAGES: Final = ("typescript", "javascript", "python")
"""Those that the generated code is written in."""
OTHER_LANGUAGES: Final = ("sql", "yaml", "dockerfile", "markdown")
"""Those that a pull request can be written in as a whole, without any code."""


class Import(NamedTuple):
    """A name, and where it comes from. ``import os`` binds the module itself: then both are the same."""

    name: str
    module: str


_NOTHING: Final = Count(0, 0)


@dataclass(frozen=True)
class Operation:
    """A function about parcels, with its comment and its tests."""

    name: str
    layer: str
    core: bool
    """One of those that a module of this layer has before any other."""
    comment: tuple[str, ...]
    """The lines of its documentation comment."""
    code: tuple[str, ...]
    """Its lines without the comment; in Python the comment belongs after the first one (see ``comment_at``)."""
    comment_at: int
    test: str
    sentence: str
    """The first sentence of the comment."""
    calls: tuple[str, ...]
    """Operations of the repository that it calls."""
    uses: frozenset[str]
    """Every word of the code: what has to be imported is among them."""
    imports: tuple[Import, ...] = ()
    """What it, or its test, takes from the language's own library or from a package, beside what all templates know."""
    count: Count = _NOTHING
    """Its statements."""
    partial: str = ""
    """A test that leaves some of its branches out; empty when there is none."""
    missed: int = 0
    """How many statements that test does not reach."""

    @cached_property
    def documented(self) -> str:
        """The function with its comment, as it stands in a file."""
        return "\n".join((*self.code[: self.comment_at], *self.comment, *self.code[self.comment_at :]))

    @cached_property
    def bare(self) -> str:
        """The function without its comment."""
        return "\n".join(self.code)

    @cached_property
    def names_all_fields(self) -> bool:
        """Whether one of its lines becomes as many as an entity has fields."""
        return "parcel_values" in self.bare

    @cached_property
    def head(self) -> str:
        """The line that begins the function and has its parameters."""
        return next(line for line in self.code if "(" in line and line.endswith((":", "{")))


@lru_cache(maxsize=16)
def operations(language: str, layer: str) -> tuple[Operation, ...]:
    """The operations of a layer, those that every such module has first."""
    text = (ROOM / "code" / language / f"{layer}.txt").read_text(encoding="utf-8")
    found = []
    for block in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        code, _, tests = rest.partition("--- test\n")
        test, _, other = tests.partition("--- partial ")
        missed, _, partial = other.partition("\n")
        name, *marks = head.split()
        core = "core" in marks
        found.append(operation(language, layer, name, code, test, core=core, partial=partial, missed=int(missed or 0)))
    return tuple(sorted(found, key=lambda one: not one.core))


@lru_cache(maxsize=256)
def operation(
    language: str,
    layer: str,
    name: str,
    code: str,
    test: str,
    *,
    core: bool = False,
    imports: str = "",
    partial: str = "",
    missed: int = 0,
) -> Operation:
    """An operation from its source text. ``imports``: import lines for code and test, see ``Operation.imports``."""
    lines = code.rstrip("\n").split("\n")
    if language == "python":
        start = next(index for index, line in enumerate(lines) if line.endswith(":")) + 1
        end = start + _python_docstring_length(lines[start:])
        comment_at = start
    else:
        # What stands before the comment, such as a variable of the module, is not a part of it.
        start = comment_at = next((index for index, line in enumerate(lines) if line.startswith("/**")), 0)
        end = next(index for index, line in enumerate(lines) if line.startswith("export "))
    comment = tuple(lines[start:end])
    kept = (*lines[:start], *lines[end:])
    uses = words_of("\n".join(kept))
    return Operation(
        name=name,
        layer=layer,
        core=core,
        comment=comment,
        code=kept,
        comment_at=comment_at,
        test=test.rstrip("\n"),
        sentence=_first_sentence(comment),
        calls=tuple(call for call in _CALLED if call in uses and call != name),
        uses=uses,
        imports=tuple(_imports(imports)),
        count=count(language, kept),
        partial=partial.rstrip("\n"),
        missed=missed,
    )


@lru_cache(maxsize=1024)
def words_of(text: str) -> frozenset[str]:
    """Every name in a piece of code that is not an attribute."""
    return frozenset(re.findall(r"(?<![.\w])[A-Za-z_]\w*", text))


_SCRIPT_IMPORT = re.compile(r"import \{ (?P<names>.+) \} from '(?P<module>.+)';")
_PYTHON_IMPORT = re.compile(r"from (?P<module>\S+) import (?P<names>.+)|import (?P<whole>\S+)")


def _imports(text: str) -> Iterator[Import]:
    for line in text.splitlines():
        found = _SCRIPT_IMPORT.fullmatch(line) or _PYTHON_IMPORT.fullmatch(line)
        if found is None:
            raise ValueError(f"Not an import line that the templates know: {line!r}")
        parts = found.groupdict()
        if parts.get("whole"):
            yield Import(parts["whole"], parts["whole"])
        else:
            yield from (Import(name.strip(), parts["module"]) for name in parts["names"].split(","))


# The functions of the repository that other layers call.
_CALLED = (
    "findParcelById", "saveParcel", "listParcelsByCarrier",
    "find_parcel_by_id", "save_parcel", "list_parcels_by_carrier",
)  # fmt: skip


def _python_docstring_length(lines: list[str]) -> int:
    if not lines[0].lstrip().startswith('"""'):
        return 0
    if lines[0].count('"""') == 2:
        return 1
    return next(index for index, line in enumerate(lines[1:], 2) if '"""' in line)


def _first_sentence(comment: tuple[str, ...]) -> str:
    text = " ".join(line.strip().strip('"*/').strip() for line in comment)
    return text.strip().split(". ")[0].rstrip(".").strip() + "."
