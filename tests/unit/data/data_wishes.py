"""Wishes for pull requests as hypothesis makes them, and what reads the files that come of them."""

from __future__ import annotations

import ast
import io
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dockerfile_parse
import pglast
import yaml
from hypothesis import strategies as st

from QMSLibrary.data.flaws import catalogue
from QMSLibrary.data.wishes import need_of, read_wishes

PERSONAS = ("bot", "hotfix_author", "junior_developer", "senior_developer", "tech_lead")
LANGUAGES = ("typescript", "javascript", "python")
OTHER_LANGUAGES = ("sql", "yaml", "dockerfile", "markdown")
WITH_CODE = ("feature_implementation", "quick_fix", "refactoring", "performance_work", "concurrent_feature_17")
WITHOUT_CODE = ("documentation", "dependency_update")
SECURITY = ("sql_injection:high", "xss_vulnerability", *(n for n, one in catalogue().items() if one.kind == "security"))
PERFORMANCE = tuple(name for name, one in catalogue().items() if one.kind == "performance")


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Any]:
    """Wishes that do not contradict each other."""
    code = draw(st.booleans()) or draw(st.booleans())
    found: dict[str, Any] = {
        "changes": draw(st.sampled_from(WITH_CODE if code else WITHOUT_CODE)),
        "complexity": draw(st.sampled_from(("low", "medium", "high"))),
        "author": draw(st.sampled_from(PERSONAS)),
        "language": draw(st.sampled_from(LANGUAGES if code else (*LANGUAGES, *OTHER_LANGUAGES))),
        "seed": draw(st.integers(0, 2**32)),
    }
    if not code and found["language"] in OTHER_LANGUAGES:
        found["changes"] = draw(st.sampled_from((*WITH_CODE, *WITHOUT_CODE)))
    if code:
        if draw(st.booleans()):
            found["missing_tests"] = True
        elif draw(st.booleans()):
            found["test_coverage"] = draw(st.integers(30, 100))
        found["missing_documentation"] = draw(st.booleans())
        found["code_style"] = draw(st.one_of(st.none(), st.floats(0, 1)))
        found["security_issues"] = draw(st.lists(st.sampled_from(SECURITY), max_size=3))
        found["performance_issues"] = draw(st.lists(st.sampled_from(PERFORMANCE), max_size=2))
        patterns = st.lists(st.sampled_from(("mvc", "service_layer", "repository")), min_size=1, unique=True)
        found["code_patterns"] = draw(st.one_of(st.none(), patterns))
    need = need_of(read_wishes(**{name: value for name, value in found.items() if name != "seed"}))
    found["files"] = draw(st.integers(need.files, 40))
    found["lines_changed"] = need.flawed_lines + found["files"] * draw(st.integers(1, 120)) + draw(st.integers(0, 9))
    return found


@cache
def _parser(suffix: str) -> Any:
    import tree_sitter
    import tree_sitter_javascript
    import tree_sitter_typescript

    grammar = tree_sitter_typescript.language_typescript() if suffix == "ts" else tree_sitter_javascript.language()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


def assert_parses(path: str, content: str) -> None:
    """The language's own parser, or one of repute, takes the file."""
    name = path.rpartition("/")[2]
    suffix = name.rpartition(".")[2]
    assert content.endswith("\n")
    if suffix == "py":
        ast.parse(content)
    elif suffix in ("ts", "js"):
        assert not _parser(suffix).parse(content.encode()).root_node.has_error, content
    elif suffix in ("json", "toml"):
        (json if suffix == "json" else tomllib).loads(content)
    elif suffix == "yaml":
        assert all(isinstance(document, dict) for document in yaml.safe_load_all(content))
    elif suffix == "sql":
        assert len(pglast.parse_sql(content)) >= 3
    elif name == "Dockerfile":
        _assert_image(content)
    elif suffix == "md":
        assert content.startswith("# ")
    else:
        assert name in ("CODEOWNERS", "requirements.txt", ".gitignore"), path


def _assert_image(content: str) -> None:
    parser = dockerfile_parse.DockerfileParser(fileobj=io.BytesIO(content.encode()))
    found = [step["instruction"] for step in parser.structure if step["instruction"] != "COMMENT"]
    assert found[0] == "FROM"
    assert found.count("FROM") == 2  # built in one stage, run in another
    last = found[len(found) - 1 - found[::-1].index("FROM") :]
    assert "USER" in last
    users = [step["value"] for step in parser.structure if step["instruction"] == "USER"]
    assert users[-1] not in ("root", "0")


def write_tree(folder: Path, files: Mapping[str, str]) -> None:
    """Files by path, below ``folder``."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
