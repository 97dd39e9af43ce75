"""What kind of file a path is."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePosixPath
from typing import Final


class FileKind(Enum):
    """What a file is for, as far as its path tells."""

    SOURCE = "source"
    TEST = "test"
    DOCUMENTATION = "documentation"
    MANIFEST = "manifest"
    """Data that tools read: JSON, YAML, TOML."""
    GENERATED = "generated"
    """Made by a tool or somebody else's: nobody reviews it."""
    OTHER = "other"


LANGUAGES: Final = {
    ".py": "python", ".pyi": "python",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript",
    ".tsx": "tsx", ".js": "tsx", ".jsx": "tsx", ".mjs": "tsx", ".cjs": "tsx",
}  # fmt: skip
"""Grammar by suffix. JavaScript is read with the grammar of TSX, which includes it."""

_DOCUMENTS: Final = {".md", ".mdx", ".rst", ".adoc", ".asciidoc"}
_MANIFESTS: Final = {".json", ".yaml", ".yml", ".toml"}
_TEST_FOLDERS: Final = {"test", "tests", "__tests__", "spec", "specs", "e2e", "cypress", "atest", "utest", "testing"}
_GENERATED_FOLDERS: Final = {"node_modules", "vendor", "dist", "third_party", "__generated__", ".yarn", "__snapshots__"}
_TEST_NAME: Final = re.compile(r"(^test_.*\.py$)|(_test\.py$)|(^conftest\.py$)|(\.(test|spec|cy)\.[cm]?[jt]sx?$)")
_GENERATED_NAME: Final = re.compile(
    r"(\.min\.(js|css)$)|(_pb2(_grpc)?\.pyi?$)|(\.generated\.)|(\.snap$)|(\.map$)|"
    r"(^(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|poetry\.lock|uv\.lock|Cargo\.lock)$)"
)
# Configuration written in a programming language: it is run by tools, and no test reaches it.
_SETTINGS_NAME: Final = re.compile(
    r"(^(setup|noxfile|tasks|fabfile|manage|gunicorn\.conf)\.py$)|(^\.[\w.-]+\.[cm]?js$)|"
    r"([.-]config\.[cm]?[jt]s$)|(^(gulpfile|Gruntfile)\.[cm]?js$)|(\.d\.[cm]?ts$)|(\.stories\.[jt]sx?$)"
)
_SETTINGS_FOLDERS: Final = {"migrations", "alembic", "docs", "doc", "examples", "example", ".github", "benchmarks"}


def kind_of(path: str) -> FileKind:
    """The kind of the file at ``path``; never fails, whatever the path holds."""
    pure = PurePosixPath(path.replace("\\", "/"))
    name, suffix = pure.name, pure.suffix.lower()
    folders = {part.lower() for part in pure.parts[:-1]}
    if folders & _GENERATED_FOLDERS or _GENERATED_NAME.search(name):
        return FileKind.GENERATED
    if _TEST_NAME.search(name) or suffix == ".robot" or folders & _TEST_FOLDERS:
        return FileKind.TEST
    if suffix in _DOCUMENTS:
        return FileKind.DOCUMENTATION
    if suffix in LANGUAGES:
        return FileKind.SOURCE
    if suffix in _MANIFESTS:
        return FileKind.MANIFEST
    if suffix == ".txt" and folders & {"docs", "doc"}:
        return FileKind.DOCUMENTATION
    return FileKind.OTHER


def language_of(path: str) -> str | None:
    """The grammar that reads the file; None for a language that the agents do not know."""
    return LANGUAGES.get(PurePosixPath(path.replace("\\", "/")).suffix.lower())


def needs_tests(path: str) -> bool:
    """Whether behaviour in this source file is expected to be tested: not configuration, migrations or examples."""
    pure = PurePosixPath(path.replace("\\", "/"))
    folders = {part.lower() for part in pure.parts[:-1]}
    return not (_SETTINGS_NAME.search(pure.name) or folders & _SETTINGS_FOLDERS)


def module_names(path: str) -> tuple[str, str]:
    """The name by which other files import this one, and that of its folder (which may export it again)."""
    pure = PurePosixPath(path.replace("\\", "/"))
    stem = pure.name
    for suffix in (".d.ts", *LANGUAGES):
        if stem.lower().endswith(suffix):
            stem = stem[: -len(suffix)]
            break
    folder = pure.parent.name
    return (folder if stem in {"index", "__init__", "main", "mod"} and folder else stem), folder
