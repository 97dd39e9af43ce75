"""The code, its tests and its documentation belong together, and a flaw is really in the code."""

from __future__ import annotations

import re
import string
from zlib import crc32

import pytest
from data_wishes import LANGUAGES
from hypothesis import given
from hypothesis import strategies as st

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.data import create_pull_request, fix_pull_request
from QMSLibrary.data.flaws import catalogue, read_flaws
from QMSLibrary.data.issued import issued
from QMSLibrary.data.personas import persona, personas

# What only the flawed code has, in every language.
MARKS = {
    "sql_injection": r"LIKE '%\$?\{\w+\}%'",
    "xss": r"heading['\"]>\$?\{\w+\}<",
    "n_plus_one": r"for (\(const )?\w+ (of|in) \w*ids\b",
    "quadratic_loop": r"for (\(const )?right (of|in) ",
    "command_injection": r"(execSync\(`|run\(f\")tar ",
    "path_traversal": r"(name = String\(|/ )request\.query.*summary\.txt",
    "hardcoded_secret": r"ghp_\w{36}|AKIA[A-Z2-7]{16}",
    "weak_cryptography": r"md5",
    "insecure_deserialization": r"runInNewContext\(|yaml\.load\(",
    "ssrf": r"\{server\}/v1/",
    "blocking_io": r"= (readFileSync\(|path\.read_text\()",
    "unbounded_cache": r"(?s)[cC]aptions(: dict\[str, str\])? = (new Map|\{\})(?!.*([cC]aptions\.clear\())",
}


def text_of(pull_request: PullRequest, *, tests: bool) -> str:
    return "\n".join(
        file.content or ""
        for file in pull_request.files
        if file.path.endswith((".py", ".ts", ".js")) and ("test" in file.path) is tests
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_missing_tests_are_missing_until_they_are_mended(language):
    pull_request = create_pull_request(language=language, complexity="low", missing_tests=True)
    assert not [file.path for file in pull_request.files if "test" in file.path]
    assert [file.path for file in fix_pull_request(pull_request).files if "test" in file.path]


@pytest.mark.parametrize("language", LANGUAGES)
def test_missing_documentation_is_missing_until_it_is_mended(language):
    pull_request = create_pull_request(language=language, missing_documentation=True)
    mark = '    """' if language == "python" else "/**"
    sources = [file for file in pull_request.files if file.path.rpartition("/")[2].count("repository")]
    assert not any(file.path.endswith(".md") for file in pull_request.files)
    assert not any(mark in (file.content or "") for file in sources if "test" not in file.path)
    assert any(file.path.endswith(".md") for file in fix_pull_request(pull_request).files)


@pytest.mark.parametrize(
    ("type_", "language"), [(flaw.type, code) for flaw in catalogue().values() for code in flaw.code]
)
def test_a_flaw_is_in_the_code_and_gone_when_it_is_mended(type_, language):
    flaw = catalogue()[type_]
    pull_request = create_pull_request(language=language, seed=5, **{f"{flaw.kind}_issues": type_})
    without = create_pull_request(language=language, seed=5)
    assert re.search(MARKS[type_], text_of(pull_request, tests=False))
    assert not re.search(MARKS[type_], text_of(fix_pull_request(pull_request), tests=False))
    assert not re.search(MARKS[type_], text_of(without, tests=False))
    assert len(pull_request.files) == len(without.files)


def test_every_flaw_has_a_file_of_its_own_and_every_language_it_names():
    assert set(catalogue()) == set(MARKS)
    for flaw in catalogue().values():
        assert set(flaw.code) <= set(LANGUAGES)
        assert flaw.severities


def test_a_secret_is_another_one_for_every_seed_and_the_same_for_the_same():
    made = [
        re.findall(
            MARKS["hardcoded_secret"],
            text_of(create_pull_request(seed=seed, security_issues="hardcoded_secret"), tests=False),
        )
        for seed in (1, 1, 2)
    ]
    assert [len(found) for found in made] == [1, 1, 1]
    assert made[0] == made[1] != made[2]


@given(seed=st.text())
def test_a_secret_has_the_form_that_its_issuer_gives_out(seed):
    token = issued("github", seed)
    assert re.fullmatch(r"ghp_[0-9A-Za-z]{36}", token)
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    assert sum(digits.index(one) * 62**place for place, one in enumerate(reversed(token[-6:]))) == crc32(
        token[4:-6].encode()
    )
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", issued("aws", seed))


@pytest.mark.parametrize(
    "typed",
    [
        "sql_injection:high, xss:medium",
        "sql_injection,xss_vulnerability",
        ["sql_injection:high", "xss:medium"],
        [{"type": "sql_injection", "severity": "high"}, {"type": "xss_vulnerability", "severity": "medium"}],
        {"sql_injection": "high", "xss": "medium"},
    ],
)
def test_flaws_are_read_as_people_type_them(typed):
    read = read_flaws(typed, "security", "security_issues")
    assert [(wish.type, str(wish.severity)) for wish in read] == [("sql_injection", "high"), ("xss", "medium")]


def test_the_personas_have_the_figures_of_the_design():
    junior, senior, lead = (persona(name) for name in ("junior_developer", "senior_developer", "tech_lead"))
    assert (junior.documentation_completeness, junior.test_coverage, junior.code_style_adherence) == (0.6, 0.7, 0.75)
    assert (senior.documentation_completeness, senior.test_coverage, senior.code_style_adherence) == (0.95, 0.9, 0.95)
    assert (lead.documentation_completeness, lead.test_coverage) == (0.98, 0.95)
    assert all(persona(name).people for name in personas())


def test_a_junior_developer_makes_smaller_pull_requests_than_a_tech_lead():
    sizes = {
        name: sum(create_pull_request(author=name, seed=seed).lines_changed for seed in range(10))
        for name in ("junior_developer", "tech_lead")
    }
    assert sizes["junior_developer"] * 1.5 < sizes["tech_lead"]
