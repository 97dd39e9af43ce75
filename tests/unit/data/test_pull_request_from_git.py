"""Pull requests from real repositories, made with git itself."""

from __future__ import annotations

import os

import pytest
from real_repository import Repository

from QMSLibrary.contract.pull_requests import ChangeType
from QMSLibrary.data import GitError, pull_request_from_git


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "shop")
    made.write("src/invoice.py", "def total(lines):\n    return sum(lines)\n")
    made.commit("chore: begin")
    return made


def test_title_description_author_and_time_come_from_the_head_commit(repository):
    repository.write("src/invoice.py", "def total(lines):\n    return round(sum(lines), 2)\n")
    head = repository.commit()
    made = pull_request_from_git(repository.path, "HEAD~1..HEAD")
    assert (made.title, made.description) == ("feat(invoices): add partial payments", "Why this is needed, at length.")
    assert (made.author, made.head_sha, made.repository) == ("Ada Osei", head, "local/shop")
    assert made.created_at.isoformat() == "2024-05-06T07:08:09+02:00"
    assert (made.base_branch, made.head_branch) == ("main", "feature/add-partial-payments")
    (file,) = made.files
    assert (file.path, file.type, file.additions, file.deletions) == ("src/invoice.py", ChangeType.MODIFIED, 1, 1)
    assert file.content == "def total(lines):\n    return round(sum(lines), 2)\n"


def test_what_is_said_comes_before_what_the_commit_says(repository):
    repository.write("a.py", "A = 1\n")
    repository.commit()
    made = pull_request_from_git(
        repository.path,
        "HEAD~1..HEAD",
        author="mia",
        title="fix: mend",
        description="",
        head_branch="bugfix/x",
        repository="acme/shop",
    )
    assert (made.author, made.title, made.description) == ("mia", "fix: mend", "")
    assert (made.head_branch, made.repository) == ("bugfix/x", "acme/shop")


def test_added_deleted_renamed_binary_empty_and_mode_only(repository):
    repository.write("old.py", "".join(f"LINE_{n} = {n}\n" for n in range(30)))
    repository.write("gone.md", "# Gone\n")
    repository.write("run.sh", "echo\n")
    repository.commit()
    repository.git("mv", "old.py", "new.py")
    repository.git("rm", "--quiet", "gone.md")
    repository.write("picture.png", b"\x89PNG\0\1\2")
    repository.write("empty.txt", "")
    os.chmod(repository.path / "run.sh", 0o755)
    repository.commit()
    files = {file.path: file for file in pull_request_from_git(repository.path, "HEAD~1..HEAD").files}
    assert (files["new.py"].type, files["new.py"].previous_path) == (ChangeType.RENAMED, "old.py")
    assert (files["gone.md"].type, files["gone.md"].content) == (ChangeType.DELETED, None)
    assert (files["picture.png"].content, files["picture.png"].additions) == (None, 0)
    assert (files["empty.txt"].type, files["empty.txt"].content) == (ChangeType.ADDED, "")
    assert (files["run.sh"].type, files["run.sh"].content) == (ChangeType.MODIFIED, "echo\n")


def test_names_and_texts_in_other_encodings(repository):
    names = ["mit leer zeichen.py", "grüße.py", "tab\tund\nzeile.py", b"latin-\xe9.py"]
    for name in names:
        repository.write(name, "A = 1\n")
    repository.write("latin.txt", "Grüße\n".encode("latin-1"))
    repository.write("wide.txt", "Grüße\n".encode("utf-16"))
    repository.write("crlf.txt", "a\r\nb\r\n")
    repository.commit()
    files = {file.path: file.content for file in pull_request_from_git(repository.path, "HEAD~1..HEAD").files}
    assert {"mit leer zeichen.py", "grüße.py", "tab\tund\nzeile.py", "latin-\\xe9.py"} < set(files)
    assert (files["latin.txt"], files["wide.txt"], files["crlf.txt"]) == ("Grüße\n", "Grüße\n", "a\r\nb\r\n")


def test_a_submodule_is_named_by_its_commit(repository):
    commit = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/lib")
    repository.git("commit", "--quiet", "-m", "chore: add the library")
    (file,) = pull_request_from_git(repository.path, "HEAD").files
    assert (file.path, file.content) == ("vendor/lib", f"Subproject commit {commit}\n")


def test_the_first_commit_and_a_merge(repository):
    first = repository.git("rev-parse", "HEAD")
    (file,) = pull_request_from_git(repository.path, first).files
    assert file.type is ChangeType.ADDED
    repository.git("checkout", "--quiet", "-b", "feature/side")
    repository.write("side.py", "S = 1\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.write("main.py", "M = 1\n")
    repository.commit()
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge it", "feature/side")
    assert [file.path for file in pull_request_from_git(repository.path, "HEAD").files] == ["side.py"]


def test_branches_are_called_by_their_names(repository):
    repository.git("checkout", "--quiet", "-b", "hotfix/tax")
    repository.write("tax.py", "T = 1\n")
    repository.commit("fix: correct the tax")
    repository.git("checkout", "--quiet", "main")
    repository.write("later.py", "L = 1\n")
    repository.commit()
    made = pull_request_from_git(repository.path, "main...hotfix/tax")
    assert (made.base_branch, made.head_branch) == ("main", "hotfix/tax")
    assert [file.path for file in made.files] == ["tax.py"]


@pytest.mark.parametrize(
    ("message", "branch"),
    [
        ("fix(x): it broke", "bugfix/it-broke"),
        ("docs: say so", "docs/say-so"),
        ("ci: cache", "chore/cache"),
        ("Hm", "feature/hm"),
    ],
)
def test_a_name_for_a_branch_that_has_none(repository, message, branch):
    repository.write("b.py", "B = 1\n")
    repository.commit(message)
    assert pull_request_from_git(repository.path, "HEAD").head_branch == branch


def test_the_remote_names_the_repository(repository):
    for url in ("https://example.com/acme/web-shop.git", "git@example.com:acme/web-shop.git"):
        repository.git("config", "remote.origin.url", url)
        assert pull_request_from_git(repository.path, "HEAD").repository == "acme/web-shop"


def test_settings_of_the_user_change_nothing(repository, monkeypatch, tmp_path):
    repository.git("config", "diff.external", "/bin/false")
    repository.git("config", "diff.noprefix", "true")
    repository.write(".gitattributes", "*.py diff=own\n")
    repository.git("config", "diff.own.textconv", "/bin/false")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    repository_commit = Repository.commit
    monkeypatch.delenv("GIT_DIR")
    repository_commit(repository)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert pull_request_from_git(repository.path, "HEAD").files[0].path == ".gitattributes"


@pytest.mark.parametrize(
    ("range_", "said"),
    [
        ("HEAD~5..HEAD", "may be the first commit"),
        ("nowhere..HEAD", "no commit 'nowhere'"),
        ("--output=/tmp/x", "no commit '--output=/tmp/x'"),
        ("HEAD..HEAD", "changes no file"),
    ],
)
def test_a_range_that_is_none(repository, range_, said):
    with pytest.raises(GitError, match=said):
        pull_request_from_git(repository.path, range_)


def test_places_that_are_no_repository(tmp_path, monkeypatch):
    with pytest.raises(GitError, match="There is no folder"):
        pull_request_from_git(tmp_path / "nowhere", "HEAD")
    (tmp_path / "plain").mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(GitError, match="is no git repository"):
        pull_request_from_git(tmp_path / "plain", "HEAD")
    empty = Repository(tmp_path / "empty")
    with pytest.raises(GitError, match="has no commit yet"):
        pull_request_from_git(empty.path, "HEAD")


def test_a_shallow_clone_says_so(repository, tmp_path):
    repository.write("c.py", "C = 1\n")
    repository.commit()
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.path}", str(tmp_path / "shallow"))
    with pytest.raises(GitError, match="git fetch --unshallow"):
        pull_request_from_git(tmp_path / "shallow", "HEAD~1..HEAD")


def test_no_git_at_all(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git is not installed"):
        pull_request_from_git(repository.path, "HEAD")


def test_the_same_commit_twice_is_two_pull_requests(repository):
    first, second = (pull_request_from_git(repository.path, "HEAD") for _ in range(2))
    assert first.id != second.id
