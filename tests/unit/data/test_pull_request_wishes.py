"""Whatever is wished for together is there, to the file and to the line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from multiprocessing import get_context

import pytest
from data_wishes import LANGUAGES, assert_parses, wishes
from hypothesis import HealthCheck, example, given, settings

from QMSLibrary.contract.pull_requests import BRANCH_PREFIXES, COMMIT_TYPES, MINIMUM_DESCRIPTION, ChangeType
from QMSLibrary.data import WishError, create_pull_request, create_pull_requests, fix_pull_request, seed_of


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wishes())
@example({"files": 2, "lines_changed": 2})
@example({"files": 15, "lines_changed": 15, "missing_documentation": True})
@example({"files": 3, "lines_changed": 2400, "code_patterns": "mvc", "language": "python"})
@example({"files": 1, "lines_changed": 1, "missing_tests": True})
@example({"files": 500, "lines_changed": 700, "changes": "documentation"})
@example({"files": 500, "lines_changed": 700, "changes": "dependency_update", "language": "python"})
def test_every_wish_is_kept(wished):
    pull_request = create_pull_request(**wished)
    paths = [file.path for file in pull_request.files]
    assert len(paths) == len(set(paths)) == wished["files"]
    assert pull_request.lines_changed == wished["lines_changed"]
    for file in pull_request.files:
        lines = (file.content or "").count("\n")
        assert 1 <= file.additions <= lines
        assert file.type is ChangeType.MODIFIED or (file.additions, file.deletions) == (lines, 0)
        assert_parses(file.path, file.content or "")

    mended = fix_pull_request(pull_request)
    same = ("id", "author", "title", "description", "head_branch", "repository", "created_at")
    assert all(getattr(mended, name) == getattr(pull_request, name) for name in same)
    assert set(paths) <= {file.path for file in mended.files}
    for file in mended.files:
        assert_parses(file.path, file.content or "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_design_asks_for(language):
    pull_request = create_pull_request(
        changes="feature_implementation", complexity="medium", files=15, lines_changed=847, language=language
    )
    assert (len(pull_request.files), pull_request.lines_changed) == (15, 847)
    assert pull_request.repository == "creo/creo-roo-commander"
    assert pull_request.base_branch == "main"


@settings(max_examples=40, deadline=None)
@given(wishes())
def test_it_looks_like_a_contribution(wished):
    pull_request = create_pull_request(**wished)
    assert re.match(rf"({'|'.join(COMMIT_TYPES)})(\([a-z-]+\))?: \S", pull_request.title)
    assert len(pull_request.description) >= MINIMUM_DESCRIPTION
    assert pull_request.head_branch.startswith(BRANCH_PREFIXES)
    text = "\n".join(file.content or "" for file in pull_request.files)
    # The archetype that the templates are written about must not shine through.
    assert not re.search(r"parcel|carrier_column|PARCEL|foo\b", text, re.IGNORECASE if "foo" in text else 0)


@settings(max_examples=15, deadline=None)
@given(wishes())
def test_a_seed_makes_the_same_content_and_another_identity(wished):
    first, second = create_pull_request(**wished), create_pull_request(**wished)
    changing = {"id", "head_branch", "created_at"}
    assert first.model_dump(exclude=changing) == second.model_dump(exclude=changing)
    assert first.id != second.id
    assert first.head_branch != second.head_branch


_DIGEST = """
import hashlib
from QMSLibrary.data import create_pull_request, head_of
found = hashlib.sha256()
for seed, language in enumerate(("typescript", "javascript", "python", "sql", "yaml", "dockerfile", "markdown")):
    made = create_pull_request(seed=seed, language=language, complexity=("low", "medium", "high")[seed % 3])
    found.update(made.model_dump_json(include={"title", "description", "author", "files"}).encode())
    found.update(repr(head_of(made)).encode())
print(found.hexdigest())
"""


def test_no_hash_seed_locale_or_time_zone_changes_a_byte():
    places = [("0", "C", "UTC"), ("1", "C.UTF-8", "Asia/Tokyo"), ("4711", "tr_TR.UTF-8", "America/Lima")]
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, locale, zone in places
    }
    assert len(digests) == 1


def test_the_seed_of_one_that_had_none_makes_it_again():
    first = create_pull_request(complexity="low")
    seed = seed_of(first)
    assert seed is not None
    assert create_pull_request(complexity="low", seed=int(seed)).files == first.files


def test_different_seeds_make_different_code():
    made = create_pull_requests(20, seed=3)
    assert len({pull_request.files[0].content for pull_request in made}) > 10
    again = create_pull_requests(20, seed=3)
    assert [one.files for one in made] == [one.files for one in again]


def _identities(count):
    made = create_pull_requests(count, complexity="low", seed=1)
    return [(one.id, one.head_branch) for one in made]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_side_by_side_never_make_the_same(start):
    _identities(1)  # a fork must not go on with its parent's numbers
    with get_context(start).Pool(3) as pool:
        found = sum(pool.map(_identities, [20, 20, 20], chunksize=1), _identities(20))
    assert len({identity for identity, _ in found}) == len({branch for _, branch in found}) == 80


@pytest.mark.parametrize(
    ("wished", "said"),
    [
        ({"files": 3, "lines_changed": 2}, "too few for 3 files"),
        ({"files": 1}, "missing_tests=True asks for none"),
        ({"files": 0}, "from 1 to 500"),
        ({"files": "many"}, "whole number"),
        ({"files": 2, "lines_changed": 2001}, "at most 1000 per file"),
        ({"lines_changed": 1}, "too few"),
        ({"missing_tests": True, "test_coverage": 80}, "contradict"),
        ({"test_coverage": 101}, "from 30 to 100"),
        ({"test_coverage": 29}, "from 30 to 100"),
        ({"test_coverage": "nan"}, "from 30 to 100"),
        ({"code_style": 1.5}, "from 0 to 1"),
        ({"changes": "documentation", "missing_documentation": True}, "contradict"),
        ({"changes": "documentation", "security_issues": "xss"}, "no place for xss"),
        ({"changes": "dependency_update", "test_coverage": 90}, "touches no code"),
        ({"changes": "%$!"}, "a few words"),
        ({"changes": ""}, "a few words"),
        ({"changes": "  "}, "a few words"),
        ({"changes": "1st"}, "begin with a letter"),
        ({"changes": "a" * 81}, "80 characters at most"),
        ({"changes": "two\nlines"}, "belongs to no word"),
        ({"changes": "faster 🚀"}, "'🚀' belongs to no word"),
        ({"author": "senior_develper"}, "Did you mean 'senior_developer'"),
        ({"author": "nobody"}, "bot, hotfix_author, junior_developer, senior_developer, tech_lead"),
        ({"language": "cobol"}, "dockerfile, javascript, markdown, python, sql, typescript, yaml"),
        ({"language": "sql", "security_issues": "sql_injection"}, "language='sql' touches no code"),
        ({"language": "yaml", "missing_tests": True}, "touches no code"),
        ({"language": "dockerfile", "code_style": 0.5}, "touches no code"),
        ({"language": "markdown", "missing_documentation": True}, "contradicts"),
        ({"changes": "documentation", "code_patterns": "mvc"}, "nothing that code_patterns could shape"),
        ({"files": 3, "code_patterns": "mvc, service_layer, repository"}, "4 are needed: each of the 3 code patterns"),
        ({"files": 5, "complexity": "high"}, "6 are needed: complexity='high' means"),
        ({"lines_changed": 7, "security_issues": "sql_injection"}, "the functions with the flaws have 6 lines"),
        ({"missing_tests": "perhaps"}, "yes or no is expected"),
        ({"base_branch": "a b"}, "git takes no such name"),
        ({"base_branch": ""}, "git takes no such name"),
        ({"title": "two\nlines"}, "one line of text"),
        ({"title": "x" * 257}, "at most 256"),
        ({"complexity": "huge"}, "high, low, medium"),
        ({"code_patterns": "mvc, hexagonal"}, "mvc, repository, service_layer"),
        ({"code_patterns": ""}, "names no pattern"),
        ({"security_issues": "sql_injektion"}, "Did you mean 'sql_injection'"),
        ({"security_issues": "n_plus_one"}, "performance_issues="),
        ({"security_issues": "xss:grave"}, "critical, high, low, medium"),
        ({"security_issues": "xss:critical"}, "it comes as: medium"),
        ({"security_issues": [{"kind": "xss"}]}, "a dictionary with 'type'"),
        ({"security_issues": 3}, "sql_injection:high, xss"),
        ({"repository": "no-owner"}, "owner/name"),
    ],
)
def test_a_wish_that_cannot_be_fulfilled_is_refused_with_the_reason(wished, said):
    with pytest.raises(WishError, match=re.escape(said)):
        create_pull_request(**wished)


@pytest.mark.parametrize("changes", [
    "Überarbeitung der Prüfung", "U\u0308berarbeitung", "ñandú", "исправление ошибки", "修复登录", "إصلاح الخطأ",
    "बदलाव", "l'amélioration", "fix: login, again (2nd try)", "feature_implementation",
])  # fmt: skip
def test_what_it_is_about_may_be_said_in_any_language(changes):
    made = create_pull_request(changes=changes, complexity="low")
    assert re.fullmatch(r"[\x21-\x7e]+", made.head_branch)
    assert made.head_branch.startswith(BRANCH_PREFIXES)


@pytest.mark.parametrize("count", [0, -1, 1001, 100_000_000, "many"])
def test_so_many_are_made_at_once_and_no_more(count):
    with pytest.raises(WishError, match=r"^count=.*(a number from 1 to 1000|a whole number) is expected\.$"):
        create_pull_requests(count)


@pytest.mark.parametrize("size", [{"files": 500}, {"lines_changed": 400_000}])
def test_what_is_made_at_once_is_bounded_in_lines_too(size):
    with pytest.raises(WishError, match=r"at most 2000000 lines are made at once.* at most 20000 lines in each"):
        create_pull_requests(100, **size)


def test_somebody_elses_pull_request_cannot_be_mended():
    stranger = create_pull_request(complexity="low").model_copy(update={"id": "PR-of-somebody-else"})
    with pytest.raises(WishError, match="PR-of-somebody-else was not created by this run"):
        fix_pull_request(stranger)
