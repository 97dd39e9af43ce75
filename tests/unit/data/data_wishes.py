"""Wishes for pull requests as hypothesis makes them, and what reads the files that come of them."""

from __future__ import annotations

import ast
import json
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st

from QMSLibrary.contract.pull_requests import FileChange
from QMSLibrary.data.flaws import catalogue

PERSONAS = ("bot", "hotfix_author", "junior_developer", "senior_developer", "tech_lead")
LANGUAGES = ("typescript", "javascript", "python")
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
        "language": draw(st.sampled_from(LANGUAGES)),
        "seed": draw(st.integers(0, 2**32)),
        "files": draw(st.integers(2, 40)),
    }
    found["lines_changed"] = found["files"] * draw(st.integers(1, 120)) + draw(st.integers(0, 9))
    if code:
        if draw(st.booleans()):
            found["missing_tests"] = True
        elif draw(st.booleans()):
            found["test_coverage"] = draw(st.integers(1, 100))
        found["missing_documentation"] = draw(st.booleans())
        found["code_style"] = draw(st.one_of(st.none(), st.floats(0, 1)))
        found["security_issues"] = draw(st.lists(st.sampled_from(SECURITY), max_size=3))
        found["performance_issues"] = draw(st.lists(st.sampled_from(PERFORMANCE), max_size=2))
        patterns = st.lists(st.sampled_from(("mvc", "service_layer", "repository")), min_size=1, unique=True)
        found["code_patterns"] = draw(st.one_of(st.none(), patterns))
    return found


@cache
def _parser(suffix: str) -> Any:
    import tree_sitter
    import tree_sitter_javascript
    import tree_sitter_typescript

    grammar = tree_sitter_typescript.language_typescript() if suffix == "ts" else tree_sitter_javascript.language()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


def parses(file: FileChange) -> bool:
    """Whether the language's own parser takes the file."""
    suffix = file.path.rpartition(".")[2]
    content = file.content or ""
    if suffix == "py":
        ast.parse(content)
    elif suffix in ("ts", "js"):
        return not _parser(suffix).parse(content.encode()).root_node.has_error
    elif suffix == "json":
        json.loads(content)
    elif suffix == "yaml":
        yaml.safe_load(content)
    return True
