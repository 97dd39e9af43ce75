"""A pull request as a repository: git's own checks, whatever the machine is set to."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta

import pytest

from QMSLibrary.contract.pull_requests import COMMIT_TYPES, ChangeType
from QMSLibrary.data import (
    GitError,
    PatchError,
    WishError,
    create_git_repository,
    create_pull_request,
    fix_pull_request,
    github_payload,
    unified_diff,
)


def git(path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_is_a_sound_repository_with_commits_by_the_author(tmp_path):
    pull_request = create_pull_request(files=15, lines_changed=847, author="tech_lead")
    made, repository = create_git_repository(pull_request, tmp_path / "shop")
    place = repository.path
    assert git(place, "fsck", "--strict", "--full") == ""
    assert git(place, "status", "--porcelain") == ""
    assert git(place, "remote") == ""
    assert git(place, "branch", "--format=%(refname:short)").split() == sorted(["main", pull_request.head_branch])
    assert git(place, "symbolic-ref", "--short", "HEAD") == pull_request.head_branch
    assert git(place, "rev-parse", "HEAD") == made.head_sha == repository.head_sha
    assert git(place, "rev-parse", "main") == repository.base_sha
    subjects = git(place, "log", "--format=%an|%cn|%s", "main..HEAD").splitlines()
    assert len(subjects) == repository.commits >= 3
    assert subjects[0] == f"{made.author}|{made.author}|{made.title}"
    kinds = "|".join(COMMIT_TYPES)
    assert all(re.fullmatch(rf"([^|]+)\|\1\|({kinds})(\([a-z-]+\))?: \S.*", line) for line in subjects)
    dates = git(place, "log", "--format=%ct").split()
    assert dates == sorted(dates, reverse=True)
    for file in made.files:
        assert (place / file.path).read_bytes().decode() == file.content


def test_a_small_change_is_one_commit(tmp_path):
    made, repository = create_git_repository(create_pull_request(files=3, lines_changed=60), tmp_path / "shop")
    assert repository.commits == 1
    assert git(repository.path, "log", "-1", "--format=%b").strip() == made.description.strip()


def test_the_same_content_and_branch_make_the_same_commits(tmp_path):
    options = {"files": 12, "lines_changed": 400, "seed": 9}
    named = {"head_branch": "feature/same"}
    first, second = (create_pull_request(**options).model_copy(update=named) for _ in range(2))
    later = second.model_copy(update={"created_at": second.created_at + timedelta(days=1)})
    one, two = (create_git_repository(it, tmp_path / it.id)[1] for it in (first, later))
    assert (one.base_sha, one.head_sha) == (two.base_sha, two.head_sha)
    other = create_pull_request(**{**options, "seed": 10}).model_copy(update=named)
    assert create_git_repository(other, tmp_path / "other")[1].head_sha != one.head_sha


def test_no_setting_of_the_machine_changes_it(tmp_path, monkeypatch):
    pull_request = create_pull_request(complexity="low", seed=3).model_copy(update={"head_branch": "feature/x"})
    plain = create_git_repository(pull_request, tmp_path / "plain")[1]
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    (template / "post-checkout").chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Somebody Else\n[commit]\n\tgpgSign = true\n[core]\n\tautocrlf = true\n"
        f"[init]\n\tdefaultBranch = trunk\n\ttemplateDir = {tmp_path}/template\n\tdefaultObjectFormat = sha256\n"
        "[diff]\n\tnoprefix = true\n\talgorithm = patience\n\trenames = copies\n\texternal = /bin/false\n"
    )
    diff = unified_diff(pull_request)
    monkeypatch.setenv("HOME", str(home))
    for name, value in (("GIT_DIR", "/nowhere"), ("GIT_AUTHOR_DATE", "2001-01-01"), ("GIT_INDEX_FILE", "/nowhere")):
        monkeypatch.setenv(name, value)
    again = create_git_repository(pull_request, tmp_path / "again")[1]
    assert (again.base_sha, again.head_sha) == (plain.base_sha, plain.head_sha)
    assert unified_diff(pull_request) == diff
    assert not (tmp_path / "hooked").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"head_branch": "main"}, "both 'main'"),
        ({"head_branch": "main/x"}, "one is a folder of the other"),
        ({"head_branch": "feature/a..b"}, "no name that git takes for a branch"),
        ({"head_branch": "-x"}, "no name that git takes for a branch"),
        ({"base_branch": "re lease"}, "no name that git takes for a branch"),
        ({"head_branch": "feature/x.lock"}, "no name that git takes for a branch"),
    ],
)
def test_names_that_git_does_not_take(tmp_path, changed, said):
    with pytest.raises(GitError, match=re.escape(said)):
        create_git_repository(create_pull_request(complexity="low").model_copy(update=changed), tmp_path / "shop")
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize("author", ["Ünal Ö. <x@y>", "dependabot[bot]", "a\nb", "<>", " . "])
def test_authors_of_every_kind(tmp_path, author):
    pull_request = create_pull_request(complexity="low").model_copy(update={"author": author})
    path = create_git_repository(pull_request, tmp_path / "shop")[1].path
    assert git(path, "fsck", "--strict") == ""
    assert git(path, "log", "-1", "--format=%an")


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(GitError, match="is not empty"):
        create_git_repository(create_pull_request(complexity="low"), tmp_path)
    with pytest.raises(GitError, match="is not empty"):
        create_git_repository(create_pull_request(complexity="low"), tmp_path / "mine.txt")
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]


def test_a_path_that_git_does_not_take(tmp_path):
    pull_request = create_pull_request(complexity="low")
    files = [pull_request.files[0].model_copy(update={"path": ".git/config", "type": ChangeType.ADDED})]
    with pytest.raises(GitError, match="git does not take this pull request"):
        create_git_repository(pull_request.model_copy(update={"files": files}), tmp_path / "shop")


def test_what_was_there_before_a_strangers_pull_request_is_not_known(tmp_path):
    stranger = create_pull_request(complexity="medium", seed=1).model_copy(update={"id": "PR-of-somebody-else"})
    with pytest.raises(WishError, match=r"changes files that were there before.*Create Pull Request From Git"):
        unified_diff(stranger)
    added = [file for file in stranger.files if file.type is ChangeType.ADDED]
    only_new = stranger.model_copy(update={"files": added})
    assert unified_diff(only_new).count("new file mode") == len(added) > 0
    made, repository = create_git_repository(only_new, tmp_path / "shop")
    assert unified_diff(made) == unified_diff(only_new)
    assert github_payload(made)["pull_request"]["base"]["sha"] == repository.base_sha


def test_a_mended_pull_request_has_forms_as_well(tmp_path):
    mended = fix_pull_request(create_pull_request(files=8, lines_changed=300, missing_tests=True))
    made, repository = create_git_repository(mended, tmp_path / "shop")
    numbers = git(repository.path, "diff", "--numstat", f"main...{made.head_branch}").splitlines()
    assert sum(int(n) for line in numbers for n in line.split("\t")[:2]) == mended.lines_changed


def test_errors_of_every_form_are_said_without_the_name_of_an_exception():
    assert all(error.ROBOT_SUPPRESS_NAME for error in (GitError, PatchError, WishError))
