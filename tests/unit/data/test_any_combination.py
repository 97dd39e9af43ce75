"""Whatever is asked for together: it is either made exactly, or refused in words before anything is made."""

from __future__ import annotations

from typing import Any

from data_wishes import (
    LANGUAGES,
    OTHER_LANGUAGES,
    PERFORMANCE,
    PERSONAS,
    SECURITY,
    WITH_CODE,
    WITHOUT_CODE,
    assert_parses,
)
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from QMSLibrary.data import WishError, create_pull_request, head_of
from QMSLibrary.data.pull_requests import plan_of
from QMSLibrary.data.tested import measure

LAYERS_OF = {"mvc": (".controller.", "_controller."), "repository": (".repository.", "_repository.")}
SERVICE = (".service.", "_service.", ".validation.", "_validation.")

_anything = {
    "changes": st.sampled_from((*WITH_CODE, *WITHOUT_CODE)),
    "complexity": st.sampled_from(("low", "medium", "high")),
    "author": st.sampled_from(PERSONAS),
    "language": st.sampled_from((*LANGUAGES, *OTHER_LANGUAGES)),
    "files": st.one_of(st.integers(4, 40), st.integers(4, 40), st.integers(-1, 12), st.integers(1, 501)),
    "lines_changed": st.one_of(st.integers(300, 6000), st.integers(300, 6000), st.integers(-1, 300)),
    "code_patterns": st.lists(st.sampled_from(("mvc", "service_layer", "repository")), max_size=3),
    "test_coverage": st.one_of(st.integers(30, 100), st.floats(30, 100), st.integers(0, 101), st.just(float("nan"))),
    "code_style": st.one_of(st.floats(0, 1), st.floats(0, 1), st.sampled_from((-0.1, 1.1))),
    "missing_tests": st.sampled_from((False, False, True)),
    "missing_documentation": st.sampled_from((False, False, True)),
    "security_issues": st.lists(st.sampled_from(SECURITY), max_size=4),
    "performance_issues": st.lists(st.sampled_from(PERFORMANCE), max_size=4),
    "repository": st.sampled_from(("shop/backend", "shop/backend", "shop/backend", "no owner", "")),
    "base_branch": st.sampled_from(("develop", "develop", "release/4.x", "a b", "x..y", "", "-x")),
    "title": st.sampled_from(("feat: something", "feat: something", "", "two\nlines", "x" * 300)),
    "description": st.text(max_size=8),
    "seed": st.one_of(st.integers(), st.text(max_size=5)),
}


@st.composite
def _some_wishes(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(sorted(_anything)), unique=True, max_size=8))
    return {name: draw(_anything[name]) for name in names}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_some_wishes())
@example({"files": 4, "lines_changed": 60, "code_patterns": ["mvc", "service_layer", "repository"]})
@example(
    {"files": 3, "lines_changed": 60, "code_patterns": ["mvc", "service_layer", "repository"], "missing_tests": True}
)
@example({"files": 6, "lines_changed": 6, "complexity": "high", "test_coverage": 30})
def test_any_combination_is_kept_or_refused_in_words(wished: dict[str, Any]):
    refusal = ""
    try:
        pull_request = create_pull_request(**wished)
    except WishError as error:
        refusal = str(error)
    event("refused" if refusal else "made")
    if refusal:
        assert len(refusal) > 20
        assert refusal.endswith((".", ")")) or "Choose one of: " in refusal
        return
    paths = [file.path for file in pull_request.files]
    assert len(set(paths)) == len(paths) == wished.get("files", len(paths))
    assert pull_request.lines_changed == wished.get("lines_changed", pull_request.lines_changed)
    for file in pull_request.files:
        assert_parses(file.path, file.content or "")
    plan = plan_of(pull_request)
    assert plan is not None
    code = [path for path in paths if path.startswith(("src/", "app/", "tests/"))]
    sources = [path for path in code if "test" not in path]
    assert bool(sources) == plan.wishes.has_code
    assert bool([path for path in code if "test" in path]) == (plan.wishes.has_code and not wished.get("missing_tests"))
    if wished.get("missing_documentation"):
        assert not [path for path in paths if path.endswith(".md")]
        assert not [piece.name for piece in plan.pieces if piece.documented]
    if (style := wished.get("code_style")) is not None:
        assert abs(sum(piece.untidy for piece in plan.pieces) - (1 - style) * len(plan.pieces)) < 1.001
    if (coverage := wished.get("test_coverage")) is not None:
        assert abs(measure(plan).statements * 100 - coverage) <= 5
    if patterns := wished.get("code_patterns"):
        _assert_patterns(sources, patterns)
    found = [piece.flaw for piece in plan.pieces if piece.flaw]
    assert len(found) == len(wished.get("security_issues", ())) + len(wished.get("performance_issues", ()))
    assert set(head_of(pull_request)) >= set(paths)


def _assert_patterns(sources: list[str], patterns: list[str]) -> None:
    """Each pattern shows, and no layer of another one does."""
    allowed: list[str] = []
    for pattern in patterns:
        marks = LAYERS_OF.get(pattern, SERVICE)
        assert any(mark in path for path in sources for mark in marks), pattern
        allowed += marks
    for path in sources:
        assert (
            "/shared/" in path
            or path.endswith(("models.py", ".types.ts", ".fields.js"))
            or any(mark in path for mark in allowed)
        ), path
