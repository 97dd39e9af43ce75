"""Whatever is wished for, its forms are those of a real pull request: git and GitHub's schema are the judges."""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import dockerfile_parse
import pglast
import pytest
import yaml
from data_wishes import LANGUAGES, OTHER_LANGUAGES, assert_parses, wishes
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from QMSLibrary.contract.pull_requests import ChangeType, FileChange
from QMSLibrary.data import create_pull_request, pull_request_from_git
from QMSLibrary.data.forms.before import base_tree, text_before
from QMSLibrary.data.forms.diff import unified_diff
from QMSLibrary.data.forms.former import former_lines
from QMSLibrary.data.forms.git_command import Git
from QMSLibrary.data.forms.git_files import changed_files
from QMSLibrary.data.forms.repository import create_git_repository, import_trees
from QMSLibrary.data.forms.trees import Blob, Trees

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def git(folder: Path, *arguments: str, given: bytes | None = None) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, input=given, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(wishes())
@example({"files": 2, "lines_changed": 2})
@example({"files": 3, "lines_changed": 2400, "code_patterns": "mvc", "language": "python"})
@example({"files": 1, "lines_changed": 1, "missing_tests": True})
@example({"files": 60, "lines_changed": 700, "changes": "documentation"})
@example({"files": 60, "lines_changed": 700, "changes": "dependency_update", "language": "python"})
def test_the_repository_gives_the_pull_request_back(wished):
    pull_request = create_pull_request(**wished)
    with tempfile.TemporaryDirectory() as folder:
        made, repository = create_git_repository(pull_request, f"{folder}/shop")
        back = pull_request_from_git(repository.path, f"{pull_request.base_branch}...{pull_request.head_branch}")
    assert sorted(back.files, key=lambda file: file.path) == sorted(pull_request.files, key=lambda file: file.path)
    assert back.title == pull_request.title
    assert back.description == pull_request.description.strip()
    assert back.author == pull_request.author
    assert (back.base_branch, back.head_branch) == (pull_request.base_branch, pull_request.head_branch)
    assert back.head_sha == made.head_sha == repository.head_sha


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(wishes())
@example({"files": 2, "lines_changed": 2, "seed": 1})
def test_the_diff_applies_to_the_base_and_gives_the_head(wished):
    pull_request = create_pull_request(**wished)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for path, text in base_tree(pull_request).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(text.encode())
        diff = unified_diff(pull_request).encode()
        # One call checks, counts and applies; git applies all of it or nothing.
        counted = git(place, "apply", "--numstat", "--apply", "-", given=diff)
        numbers = {path: (int(a), int(d)) for a, d, path in (line.split("\t") for line in counted.splitlines())}
        assert numbers == {file.path: (file.additions, file.deletions) for file in pull_request.files}
        assert all((place / file.path).read_bytes().decode() == file.content for file in pull_request.files)


def counts(pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """What git counts between texts, all in one go."""
    trees = Trees(*({b"%d" % n: Blob(pair[side].encode()) for n, pair in enumerate(pairs)} for side in (0, 1)))
    with tempfile.TemporaryDirectory() as folder:
        found = changed_files(Git(Path(folder), own=True), *import_trees(Git(Path(folder), own=True), trees))
    by_path = {file.path: (file.additions, file.deletions) for file in found}
    return [by_path.get(str(number), (0, 0)) for number in range(len(pairs))]


@st.composite
def changes(draw: st.DrawFn) -> FileChange:
    """A text of frequent and rare lines with counts that it allows, in any language."""
    pool = st.sampled_from(["", "}", "  }", "});", "x = 1", "  return x;", "é", "def f():", "    pass", "\r"])
    rare = st.integers(0, 99).map(lambda number: f"  value_{number} = {number};")
    lines = draw(st.lists(st.one_of(pool, pool, rare), min_size=1, max_size=60)) * draw(st.integers(1, 6))
    text = "\n".join(lines) + draw(st.sampled_from(["\n", "\n", ""]))
    total = text.count("\n") + (not text.endswith("\n") and bool(text))
    suffix = draw(st.sampled_from(["py", "ts", "sql", "yaml", "json", "md", "txt", "Dockerfile"]))
    return FileChange(
        path=f"file.{suffix}",
        content=text,
        additions=draw(st.integers(0, total)),
        deletions=draw(st.integers(0, 80)),
    )


# Thirty texts cost git as much as one. They are not shrunk: the wrong ones among them are shown.
@settings(max_examples=12, deadline=None, suppress_health_check=SLOW, phases=(Phase.explicit, Phase.generate))
@example([FileChange(path="file.yaml", content="a: 1", additions=0, deletions=35)])  # a last line without an end
@example([FileChange(path="file.json", content='  "a": 1,', additions=0, deletions=3)])
@given(st.lists(changes(), min_size=30, max_size=30))
def test_git_counts_what_was_said_of_any_text(files):
    before = [text_before(file, seed=7) for file in files]
    assert before == [text_before(file, seed=7) for file in files]
    counted = counts([(text, file.content or "") for text, file in zip(before, files, strict=True)])
    wrong = [
        (file, text, found)
        for file, text, found in zip(files, before, counted, strict=True)
        if found != (file.additions, file.deletions)
    ]
    assert wrong == []


@pytest.mark.parametrize("suffix", ["py", "ts", "js", "sql", "yaml", "json", "md", "txt", "Dockerfile", "unheard_of"])
def test_lines_that_are_gone_are_nowhere_in_the_text(suffix):
    gone: list[str] = []
    for count in (1, 2, 40):
        # The same dice, and a text that holds all they came to before.
        now = set(gone)
        fresh = former_lines(f"file.{suffix}", count, "totalAmount", now, Random(5))
        assert len(fresh) == count
        assert not now.intersection(fresh)
        gone += fresh


def is_whole(path: str, text: str) -> bool:
    """Whether the language's own parser takes a text, however little it says."""
    suffix = path.rpartition(".")[2]
    try:
        if suffix == "sql":
            pglast.parse_sql(text)
        elif suffix == "yaml":
            list(yaml.safe_load_all(text))
        elif path.endswith("Dockerfile"):
            steps = dockerfile_parse.DockerfileParser(fileobj=io.BytesIO(text.encode())).structure
            return next(step["instruction"] for step in steps if step["instruction"] != "COMMENT") == "FROM"
        elif suffix in ("py", "ts", "js", "json", "toml"):
            assert_parses(path, text)
    except (SyntaxError, ValueError, AssertionError, StopIteration, yaml.YAMLError, pglast.parser.ParseError):
        return False
    return True


def changed_in(language: str) -> list[tuple[str, str]]:
    """The files, as they were before, that pull requests in this language change."""
    found = []
    for seed in range(25):
        pull_request = create_pull_request(language=language, complexity="medium", seed=seed)
        before = base_tree(pull_request)
        for file in pull_request.files:
            if file.type is ChangeType.MODIFIED:
                assert before[file.path] != file.content
                found.append((file.path, before[file.path]))
    return found


@pytest.mark.parametrize("language", [*LANGUAGES, *OTHER_LANGUAGES])
def test_what_was_there_before_is_still_a_file_of_its_language(language):
    """As far as the counts allow; of a package.json all of whose lines are new there is not much to be had."""
    files = changed_in(language)
    broken = Counter(path for path, text in files if not is_whole(path, text))
    assert len(files) > 20
    assert broken.total() <= 0.03 * len(files), broken
