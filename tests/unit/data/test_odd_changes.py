"""Every odd thing that git can hold, through git, through a patch with its base, and through a patch alone.

Git makes the repositories and the patches; what comes of them is compared with what git says of the same change.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_repository import Repository

from QMSLibrary.contract.pull_requests import ChangeType, PullRequest
from QMSLibrary.data import GitError, pull_request_from_git
from QMSLibrary.data.errors import PatchError
from QMSLibrary.data.forms.diff import unified_diff
from QMSLibrary.data.forms.git_files import LARGEST
from QMSLibrary.data.forms.patch_text import read_patch
from QMSLibrary.data.forms.patches import pull_request_from_patch
from QMSLibrary.data.forms.repository import create_git_repository

LINES = "".join(f"LINE_{number} = {number}\n" for number in range(30))


def prepare(repository: Repository) -> None:
    for name in ("kept.py", "old.py", "gone.py", "mode.sh", "turned.txt"):
        repository.write(name, LINES)
    repository.write("box/a.py", "A = 1\n")
    repository.write("crlf.txt", "a\r\nb\r\nc\r\n")
    repository.write("open.txt", "one\ntwo")
    repository.write("latin.txt", "Grüße\nzwei\n".encode("latin-1"))
    repository.write("picture.png", b"\x89PNG\0\1\2")
    os.symlink("kept.py", repository.path / "link")
    repository.commit("chore: begin")


def submodule(repository: Repository) -> None:
    commit = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/lib")
    repository.git("commit", "--quiet", "-m", "chore: add the library")


def _write(path: str | bytes, content: str | bytes) -> Callable[[Repository], None]:
    return lambda repository: repository.write(path, content)


def _in_turn(*acts: Callable[[Repository], object]) -> Callable[[Repository], None]:
    return lambda repository: [act(repository) for act in acts] and None


def _git(*arguments: str) -> Callable[[Repository], object]:
    return lambda repository: repository.git(*arguments)


def _relink(repository: Repository) -> None:
    os.remove(repository.path / "link")
    os.symlink("../outside", repository.path / "link")


def _turn_into_link(repository: Repository) -> None:
    os.remove(repository.path / "turned.txt")
    os.symlink("kept.py", repository.path / "turned.txt")


A, M, D, R = ChangeType.ADDED, ChangeType.MODIFIED, ChangeType.DELETED, ChangeType.RENAMED
# What is done; then path, type, additions, deletions, and content at the head (... is: the file's own text).
CHANGES = {
    "added": (_write("new.py", "A = 1\n"), [("new.py", A, 1, 0, "A = 1\n")]),
    "modified": (_write("kept.py", "A = 1\n" + LINES), [("kept.py", M, 1, 0, "A = 1\n" + LINES)]),
    "deleted": (_git("rm", "-q", "gone.py"), [("gone.py", D, 0, 30, None)]),
    "renamed": (_git("mv", "old.py", "new.py"), [("new.py", R, 0, 0, LINES)]),
    "renamed and changed": (
        _in_turn(_git("mv", "old.py", "new.py"), _write("new.py", "A = 1\n" + LINES)),
        [("new.py", R, 1, 0, "A = 1\n" + LINES)],
    ),
    "copied": (_write("copy.py", LINES), [("copy.py", A, 30, 0, LINES)]),
    "mode": (lambda repository: os.chmod(repository.path / "mode.sh", 0o755), [("mode.sh", M, 0, 0, LINES)]),
    "link": (_relink, [("link", M, 1, 1, "../outside")]),
    "turned into a link": (_turn_into_link, [("turned.txt", M, 1, 30, "kept.py")]),
    "binary changed": (_write("picture.png", b"\x89PNG\0\1\3"), [("picture.png", M, 0, 0, None)]),
    "binary added": (_write("new.bin", b"\0\1\2"), [("new.bin", A, 0, 0, None)]),
    "empty file": (_write("empty.txt", ""), [("empty.txt", A, 0, 0, "")]),
    "CRLF": (_write("crlf.txt", "a\r\nB\r\nc\r\n"), [("crlf.txt", M, 1, 1, "a\r\nB\r\nc\r\n")]),
    "CRLF added": (_write("new.txt", "a\r\nb\r\n"), [("new.txt", A, 2, 0, "a\r\nb\r\n")]),
    "lone CR": (_write("mac.txt", "a\rb\rc\n"), [("mac.txt", A, 1, 0, "a\rb\rc\n")]),
    "no last line end": (_write("open.txt", "one\nthree"), [("open.txt", M, 1, 1, "one\nthree")]),
    "Latin-1 content": (
        _write("latin.txt", "Grüße\ndrei\n".encode("latin-1")),
        [("latin.txt", M, 1, 1, "Grüße\ndrei\n")],
    ),
    "names": (
        _in_turn(
            *(_write(name, "A = 1\n") for name in ("with blank.py", 'quo"te.py', "new\nline\t.py", "grüße 🎉.py")),
            _write(b"latin-\xe9.py", "A = 1\n"),
            _write("back\\slash.py", "A = 1\n"),
            _write(" edge ", "A = 1\n"),
            _write(":colon", "A = 1\n"),
        ),
        [
            (name, A, 1, 0, "A = 1\n")
            for name in (
                "with blank.py", 'quo"te.py', "new\nline\t.py", "grüße 🎉.py", "latin-\\xe9.py", "back\\slash.py",
                " edge ", ":colon",
            )
        ],
    ),
    "looks like a patch": (
        _write("trap.txt", "--- a/kept.py\n+++ b/kept.py\n@@ -1 +1 @@\n-- \ndiff --git a/x b/x\n"),
        [("trap.txt", A, 5, 0, "--- a/kept.py\n+++ b/kept.py\n@@ -1 +1 @@\n-- \ndiff --git a/x b/x\n")],
    ),
    "50,000 lines": (
        _write("big.sql", "INSERT INTO t VALUES (1);\n" * 50_000),
        [("big.sql", A, 50_000, 0, "INSERT INTO t VALUES (1);\n" * 50_000)],
    ),
    "folder turned into a file": (
        _in_turn(_git("rm", "-rq", "box"), _write("box", "B\n")),
        [("box", A, 1, 0, "B\n"), ("box/a.py", D, 0, 1, None)],
    ),
}  # fmt: skip


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "shop")
    prepare(made)
    made.git("tag", "before")
    return made


def told(pull_request: PullRequest) -> list[tuple[str, ChangeType, int, int, str | None]]:
    return sorted((f.path, f.type, f.additions, f.deletions, f.content) for f in pull_request.files)


def folder_before(repository: Repository) -> str:
    place = repository.path.parent / "before"
    repository.git("worktree", "add", "--quiet", "--detach", str(place), "before")
    return str(place)


@pytest.mark.parametrize("kind", CHANGES)
def test_what_git_changed(repository, tmp_path, kind):
    act, expected = CHANGES[kind]
    act(repository)
    repository.commit()
    made = pull_request_from_git(repository.path, "before..HEAD")
    assert told(made) == sorted(expected)
    # The diff is git's, the repository holds the same change, and a patch with its base says the same again.
    diff = unified_diff(made)
    base = folder_before(repository)
    assert told(pull_request_from_patch(diff, base)) == sorted(expected)
    again, copied = create_git_repository(made, tmp_path / "copied")
    assert told(pull_request_from_git(copied.path, f"{again.base_branch}..{again.head_branch}")) == sorted(expected)
    assert Repository.git(_at(copied.path), "fsck", "--strict", "--no-dangling") == ""
    mail = repository.bytes("format-patch", "--stdout", "--binary", "before..HEAD")
    letter = pull_request_from_patch(mail, base)
    assert told(letter) == sorted(expected)
    assert (letter.title, letter.author) == (made.title, "Ada Osei")
    assert letter.created_at == made.created_at


@pytest.mark.parametrize("kind", CHANGES)
def test_a_patch_alone_tells_what_it_can(repository, kind):
    act, expected = CHANGES[kind]
    act(repository)
    repository.commit()
    for options in (["--binary"], [], ["--no-prefix"], ["--src-prefix=i/", "--dst-prefix=w/"], ["-M", "-C", "-C"]):
        patch = repository.bytes("-c", "core.quotePath=true", "diff", "-M", *options, "before", "HEAD")
        found = {f.path: f for f in pull_request_from_patch(patch).files}
        for path, kind_, additions, deletions, content in expected:
            file = found[path]
            if kind == "turned into a link":  # git tells it as two: one file gone, another one there
                assert (file.type, file.content) == (M, content)
                continue
            copied = "-C" in options and kind_ is A and additions > file.additions == 0
            assert (file.type, file.additions, file.deletions) == (kind_, 0 if copied else additions, deletions)
            assert file.content == (content if kind_ is A and not copied else None)


def _at(path):
    found = object.__new__(Repository)
    found.path = path
    return found


def test_a_submodule_is_named_by_its_commit(repository):
    commit = repository.git("rev-parse", "HEAD")
    submodule(repository)
    made = pull_request_from_git(repository.path, "HEAD")
    expected = [("vendor/lib", A, 1, 0, f"Subproject commit {commit}\n")]
    assert told(made) == expected
    assert told(pull_request_from_patch(unified_diff(made))) == expected
    newer = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--cacheinfo", f"160000,{newer},vendor/lib")
    repository.git("commit", "--quiet", "-m", "chore: move the library")
    moved = pull_request_from_git(repository.path, "HEAD")
    assert told(moved) == [("vendor/lib", M, 1, 1, f"Subproject commit {newer}\n")]
    assert told(pull_request_from_patch(unified_diff(moved))) == told(moved)


def test_a_huge_file_is_counted_but_not_handed_on(repository):
    repository.write("huge.csv", "1,2,3,4\n" * (LARGEST // 8 + 1))
    repository.commit()
    (file,) = pull_request_from_git(repository.path, "HEAD").files
    assert (file.additions, file.content) == (LARGEST // 8 + 1, None)


def test_nothing_but_an_empty_commit_and_the_root_and_a_merge(repository):
    repository.commit("chore: nothing")
    with pytest.raises(GitError, match="changes no file"):
        pull_request_from_git(repository.path, "HEAD~1..HEAD")
    root = pull_request_from_git(repository.path, "before")
    assert {file.type for file in root.files} == {A}
    assert [f.path for f in pull_request_from_patch(unified_diff(root)).files] == sorted(f.path for f in root.files)
    repository.git("checkout", "--quiet", "-b", "feature/side", "before")
    repository.write("side.py", "S = 1\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge it", "feature/side")
    merged = pull_request_from_git(repository.path, "HEAD")
    assert told(merged) == [("side.py", A, 1, 0, "S = 1\n")]
    assert "+S = 1" in unified_diff(merged)


def test_several_commits_as_mails(repository, tmp_path):
    base = folder_before(repository)
    repository.write("new.py", "A = 1\n")
    repository.commit("feat(x): first ü")
    repository.write("new.py", "A = 1\nB = 2\n")
    repository.write("kept.py", LINES + "END = 1\n")
    repository.commit("feat(x): second\n\nBody of the second.")
    mails = repository.bytes("format-patch", "--stdout", "before..HEAD")
    made = pull_request_from_patch(mails, base)
    assert told(made) == told(pull_request_from_git(repository.path, "before..HEAD"))
    assert (made.title, made.description, made.author) == ("feat(x): second", "Body of the second.", "Ada Osei")
    assert made.head_branch == "feature/second"
    alone = {file.path: file for file in pull_request_from_patch(mails).files}
    assert alone["new.py"].content == "A = 1\nB = 2\n"
    assert (alone["kept.py"].content, alone["kept.py"].additions) == (None, 1)
    repository.git("format-patch", "--cover-letter", "-o", str(tmp_path / "out"), "before..HEAD")
    letter = tmp_path / "out" / "0000-cover-letter.patch"
    letter.write_text(letter.read_text().replace("*** SUBJECT HERE ***", "feat(x): both").replace("BLURB", "All"))
    text = b"".join(path.read_bytes() for path in sorted((tmp_path / "out").iterdir()))
    assert pull_request_from_patch(text, base).title == "feat(x): both"
    # A mail that was sent has a carriage return behind every line.
    assert told(pull_request_from_patch(mails.replace(b"\n", b"\r\n"), base)) == told(made)


def test_a_patch_of_diff_itself(repository, tmp_path):
    base = folder_before(repository)
    repository.write("kept.py", LINES.replace("LINE_3 ", "CHANGED "))
    repository.write("new.py", "N = 1\n")
    import subprocess

    command = ["diff", "-ruN", "--no-dereference", "-x", ".git", "before", "shop"]
    patch = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=30).stdout
    made = told(pull_request_from_patch(patch, base))
    assert [(path, kind) for path, kind, *_ in made] == [("kept.py", M), ("new.py", A)]
    repository.commit()
    assert made == told(pull_request_from_git(repository.path, "HEAD"))


def test_a_patch_that_does_not_fit_names_file_and_line(repository, tmp_path):
    repository.write("kept.py", LINES.replace("LINE_20 = 20", "LINE_20 = 21"))
    repository.commit()
    patch = repository.bytes("diff", "before", "HEAD")
    base = tmp_path / "other"
    base.mkdir()
    with pytest.raises(PatchError, match=r"changes kept\.py, which is not in the base folder"):
        pull_request_from_patch(patch, base)
    (base / "kept.py").write_text(LINES.replace("LINE_19", "OTHER"))
    with pytest.raises(PatchError, match=r"does not fit: kept\.py, line 18"):
        pull_request_from_patch(patch, base)
    repository.write("added.py", "A = 1\n")
    repository.commit()
    (base / "added.py").write_text("there\n")
    with pytest.raises(PatchError, match=r"adds added\.py, which is in the base folder already"):
        pull_request_from_patch(repository.bytes("diff", "HEAD~1", "HEAD"), base)


def _patch(path: str, other: str | None = None) -> str:
    return f"--- {other or '/dev/null'}\n+++ {path}\n@@ -0,0 +1 @@\n+owned\n"


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (_patch("b/../../etc/passwd"), "leads out of its folder: ../../etc/passwd"),
        (_patch("b/x/../../y"), "leads out of its folder: x/../../y"),
        (_patch("/etc/passwd"), "absolute path, /etc/passwd; a file lies in its own folder"),
        (_patch("b//etc/passwd"), "absolute path, /etc/passwd; a file lies in its own folder"),
        (_patch('"b/\\056\\056/x"'), "leads out of its folder: ../x"),
        (_patch("b/.git/hooks/pre-commit"), "git's own files: .git/hooks/pre-commit"),
        (_patch("b/sub/.GIT/config"), "git's own files"),
        ("diff --git a/x b/../y\nrename from x\nrename to ../y\n", "leads out of its folder: ../y"),
        ("nothing\nto see\n", "changes no file"),
        ("\n", "changes no file"),
        ("diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1,3 @@\n+a\n", "cut short"),
        ("no such file", "There is no patch no such file"),
    ],
)
def test_patches_that_are_refused(patch, said):
    with pytest.raises(PatchError, match=re.escape(said)):
        pull_request_from_patch(patch)


def test_a_base_folder_with_a_link_that_leads_out(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("a\n")
    (tmp_path / "base").mkdir()
    os.symlink("../secret", tmp_path / "base" / "door")
    patch = "--- a/door/key\n+++ b/door/key\n@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(PatchError, match="a link that leads out of the base folder"):
        pull_request_from_patch(patch, tmp_path / "base")
    with pytest.raises(PatchError, match="There is no folder"):
        pull_request_from_patch(patch, tmp_path / "nowhere")


@pytest.mark.parametrize(
    "range_", ["--output=x", "--output=x..HEAD", "HEAD..--output=x", "-n1", "nowhere", "HEAD:kept.py"]
)
def test_a_range_is_never_taken_for_an_option(repository, range_):
    with pytest.raises(GitError, match="There is no commit"):
        pull_request_from_git(repository.path, range_)
    assert not (repository.path / "x").exists()


def test_a_file_is_no_repository(repository):
    with pytest.raises(GitError, match="is a file, not a folder"):
        pull_request_from_git(repository.path / "kept.py", "HEAD")


PIECES = st.sampled_from(
    [
        "diff --git a/x b/x", 'diff --git "a/x\\303" "b/x\\"', "--- a/x", "+++ b/x", "--- /dev/null", "+++ /dev/null",
        "@@ -1 +1 @@", "@@ -0,0 +1,2 @@", "@@ -1,9 +1,9 @@", "+a", "-a", " a", "", "-- ", "2.39.5",
        "\\ No newline at end of file", "new file mode 100644", "deleted file mode 100644", "rename from x",
        "rename to y", "copy from x", "copy to z", "similarity index 100%", "index 1..2 160000", "old mode 100644",
        "new mode 100755", "Binary files a/x and b/x differ", "GIT binary patch", "literal 2", "JcmZQz1ONa700IC2",
        "-Subproject commit " + "a" * 40, "+Subproject commit " + "b" * 40, "From: x", "Subject: y",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14), st.sampled_from(["\n", "\r\n"]))
def test_whatever_a_patch_says_it_is_taken_apart_or_refused_in_words(lines, end):
    try:
        read = read_patch((end.join(lines) + end).encode())
    except PatchError:
        return
    assert all(section.lines and section.path for section in read.sections)


@settings(max_examples=25, deadline=None)
@given(st.lists(PIECES, min_size=3, max_size=10))
def test_whatever_a_patch_says_git_applies_it_or_it_is_refused_in_words(lines):
    try:
        made = pull_request_from_patch("\n".join(lines) + "\n")
    except (PatchError, GitError):
        return
    assert made.files
