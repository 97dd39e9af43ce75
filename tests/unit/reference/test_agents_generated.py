"""What the data room makes and what the agents find agree: the healthy passes, the flawed fails for its flaw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agents_made import COORDINATOR, SCANNER, TESTING, answer, change, pull_request, reasons

import QMSLibrary
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.data.flaws import catalogue
from QMSLibrary.data.pull_requests import create_pull_request, fix_pull_request
from QMSLibrary.reference.agents.reading import Reading

LANGUAGES = ("typescript", "javascript", "python")
SEEDS = (1, 2, 3)
every = pytest.mark.parametrize("language", LANGUAGES)
seeded = pytest.mark.parametrize("seed", SEEDS)


def made(language: str, seed: int, **wishes: Any) -> PullRequest:
    return create_pull_request(language=language, seed=f"agents-{seed}", **wishes)


@every
@seeded
@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"files": 15, "lines_changed": 847},
        {"complexity": "low"},
        {"complexity": "high", "author": "tech_lead"},
        {"changes": "quick_fix"},
        {"changes": "concurrent_feature_7"},
        {"author": "bot"},
    ],
)
def test_healthy_pull_requests_pass_every_check(language: str, seed: int, wishes: dict[str, Any]) -> None:
    request = made(language, seed, **wishes)
    assert reasons(request) == []
    assert answer(COORDINATOR, request).measures["quality_score"] >= 85


@every
@seeded
def test_missing_tests_and_documentation(language: str, seed: int) -> None:
    request = made(
        language, seed, changes="quick_fix", complexity="low", missing_tests=True, missing_documentation=True
    )
    assert reasons(request)[:2] == ["missing_tests", "missing_documentation"]
    only_tests, only_documentation = (
        made(language, seed, **{name: True}) for name in ("missing_tests", "missing_documentation")
    )
    assert "missing_documentation" not in reasons(only_tests)
    assert "missing_tests" not in reasons(only_documentation)
    assert reasons(fix_pull_request(request)) == []


def flaws_in(request: PullRequest) -> list[tuple[str, str]]:
    """Type and path of every flaw of either kind."""
    flaws = Reading(request).flaws
    return [(flaw.type, path) for kind in flaws for flaw, path, _ in flaws[kind]]


@every
def test_every_flaw_is_found_once_and_none_in_clean_and_in_mended_code(language: str) -> None:
    """A hundred pull requests of each language: with every flaw, mended, and without any from the start."""
    wanted = {
        f"{kind}_issues": [flaw.type for flaw in catalogue().values() if flaw.kind == kind]
        for kind in ("security", "performance")
    }
    for seed in range(34):
        flawed = made(language, seed, **wanted)
        assert sorted(type_ for type_, _ in flaws_in(flawed)) == sorted(catalogue()), seed
        assert flaws_in(fix_pull_request(flawed)) == [], seed
        author, complexity = ("junior_developer", "tech_lead", "bot")[seed % 3], ("low", "medium", "high")[seed % 3]
        assert flaws_in(made(language, seed, author=author, complexity=complexity, code_style=0.5)) == [], seed


def test_the_project_itself_has_no_flaw() -> None:
    """Code that no generator made, and that its authors believe to be clean."""
    package = Path(QMSLibrary.__file__).parent
    files = [
        change(f"QMSLibrary/{path.relative_to(package)}", path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    ]
    assert flaws_in(pull_request(*files)) == []


@every
@seeded
def test_vulnerabilities_are_found_and_nothing_else(language: str, seed: int) -> None:
    request = made(language, seed, security_issues="sql_injection:high, xss:medium")
    found = answer(SCANNER, request).findings
    assert sorted((one.type, str(one.severity)) for one in found) == [("sql_injection", "high"), ("xss", "medium")]
    assert reasons(request) == ["sql_injection", "xss"]
    assert reasons(fix_pull_request(request)) == []


@every
@seeded
def test_performance_flaws_are_found_and_nothing_else(language: str, seed: int) -> None:
    request = made(language, seed, performance_issues="n_plus_one, quadratic_loop")
    assert sorted(one.type for one in answer(TESTING, request).findings) == ["n_plus_one", "quadratic_loop"]
    assert sorted(reasons(request)) == ["n_plus_one", "quadratic_loop"]


@every
@pytest.mark.parametrize("percent", [30, 60, 79, 85, 100])
def test_coverage_is_the_one_that_was_asked_for(language: str, percent: int) -> None:
    request = made(language, percent, test_coverage=percent)
    coverage = Reading(request).coverage
    # Asked for in statements that run, judged by lines of functions that are reached: what runs at import is not seen.
    assert coverage == pytest.approx(percent, abs=20)
    assert ("coverage_below_threshold" in reasons(request)) is (percent < 80)


@every
@seeded
def test_bad_style_alone_fails_the_last_gate_only(language: str, seed: int) -> None:
    request = made(language, seed, code_style=0.1)
    assert reasons(request) == ["quality_below_threshold"]
    assert Reading(request).tidy_share == pytest.approx(0.1, abs=0.1)


@every
def test_a_junior_developer_fails_the_definition_of_done(language: str) -> None:
    found = reasons(made(language, 1, author="junior_developer"))
    assert "coverage_below_threshold" in found
    assert not {"missing_tests", "syntax_error", "too_complex"} & set(found)
