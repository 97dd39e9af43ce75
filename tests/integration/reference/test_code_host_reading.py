"""Reading a pull request's files from a real HTTP server that speaks as GitHub does."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack

import pytest
from code_host import CodeHost

from QMSLibrary.contract.pull_requests import ChangeType
from QMSLibrary.reference.kernel.settings import CodeHostSettings
from QMSLibrary.reference.orchestration.code_host import CodeHostError, MovedOnError, github

REPOSITORY, SHA = "octo-org/hello", "a" * 40
ONE = [{"path": "src/a.py", "type": "added", "additions": 1, "content": "a = 1\n"}]


@pytest.fixture
def host():
    with ExitStack() as stack:
        made = CodeHost()
        stack.callback(made.stop)
        stack.callback(made.open.set)
        made.push(REPOSITORY, 1, SHA, ONE)
        yield made


def read(host, *, repository=REPOSITORY, number=1, sha=SHA, **settings):
    """The files, and what was noted meanwhile."""
    noted = []
    patience = {"tries": 3, "first_pause": 0.01, "longest_pause": 0.05, "timeout": 5.0, **settings}

    async def note(trouble):
        noted.append(trouble)

    async def work():
        async with github(CodeHostSettings(host.url, **patience)) as code_host:
            return await code_host.files(repository, number, sha, note)

    return asyncio.run(work()), noted


def test_every_kind_of_change(host):
    host.push(
        REPOSITORY, 1, SHA,
        [
            {"path": "src/new.py", "type": "added", "additions": 3, "content": "new = 1\n"},
            {"path": "src/old.py", "type": "modified", "additions": 1, "deletions": 2, "content": "old = 2\n"},
            {"path": "src/gone.py", "type": "removed", "deletions": 9},
            {"path": "src/moved.py", "type": "renamed", "previous_path": "src/here.py", "content": "moved = 3\n"},
            {"path": "src/copy.py", "type": "copied", "previous_path": "src/new.py", "content": "new = 1\n"},
            {"path": "bin/mode.sh", "type": "changed", "content": "#!/bin/sh\n"},
            {"path": "docs/grün & weiß #1?.md", "type": "added", "content": "Grüße\n"},
            {"path": "picture.png", "type": "added", "content": b"\x89PNG\r\n\x1a\n\xff"},
            {"path": "large.txt", "type": "added", "content": b"x" * ((1 << 20) + 1)},
            {"path": "same.txt", "type": "unchanged", "content": "same\n"},
        ],
    )  # fmt: skip
    files, noted = read(host)
    by_path = {file.path: file for file in files}
    assert noted == []
    assert {path: file.type for path, file in by_path.items()} == {
        "src/new.py": ChangeType.ADDED,
        "src/old.py": ChangeType.MODIFIED,
        "src/gone.py": ChangeType.DELETED,
        "src/moved.py": ChangeType.RENAMED,
        "src/copy.py": ChangeType.ADDED,
        "bin/mode.sh": ChangeType.MODIFIED,
        "docs/grün & weiß #1?.md": ChangeType.ADDED,
        "picture.png": ChangeType.ADDED,
        "large.txt": ChangeType.ADDED,
    }
    assert by_path["src/old.py"].content == "old = 2\n"
    assert (by_path["src/old.py"].additions, by_path["src/old.py"].deletions) == (1, 2)
    assert by_path["src/moved.py"].previous_path == "src/here.py"
    assert by_path["docs/grün & weiß #1?.md"].content == "Grüße\n"
    assert by_path["src/gone.py"].content is None
    assert by_path["picture.png"].content is None
    assert by_path["large.txt"].content is None
    assert not any("gone.py" in path or "same.txt" in path for path, _ in host.asked[1:])


def test_what_is_asked_is_what_github_documents(host):
    read(host, token="secret-token")
    (list_path, list_headers), (file_path, file_headers) = host.asked
    assert list_path == f"/repos/{REPOSITORY}/pulls/1/files?per_page=100&page=1"
    assert file_path == f"/repos/{REPOSITORY}/contents/src/a.py?ref={SHA}"
    assert list_headers["Accept"] == "application/vnd.github+json"
    assert file_headers["Accept"] == "application/vnd.github.raw+json"
    assert {list_headers["Authorization"], file_headers["Authorization"]} == {"Bearer secret-token"}
    assert list_headers["User-Agent"] == "robotframework-qms"
    host.asked.clear()
    read(host)
    assert all("Authorization" not in headers for _, headers in host.asked)


def test_all_pages_are_read_and_only_here(host):
    elsewhere = CodeHost()
    try:
        host.links_to = elsewhere.url
        files = [{"path": f"src/f{one}.py", "type": "added", "content": f"f = {one}\n"} for one in range(250)]
        host.push(REPOSITORY, 1, SHA, files)
        found, _ = read(host)
        assert [file.path for file in found] == [file["path"] for file in files]
        assert [file.content for file in found] == [file["content"] for file in files]
        assert elsewhere.asked == []
    finally:
        elsewhere.stop()


def test_a_redirect_is_not_followed(host):
    elsewhere = CodeHost()
    try:
        host.trouble = lambda path, count: (301, {"Location": f"{elsewhere.url}{path}"}, b"")
        with pytest.raises(CodeHostError, match="answered 301"):
            read(host)
        assert elsewhere.asked == []
    finally:
        elsewhere.stop()


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (500, {}, b""),
        (502, {}, b"<html>"),
        (429, {}, b""),
        (403, {"X-RateLimit-Remaining": "0"}, b"{}"),
        (403, {"Retry-After": "0"}, b"{}"),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit."}'),
    ],
)
def test_what_passes_is_tried_again(host, status, headers, body):
    host.trouble = lambda path, count: (status, headers, body) if count == 1 else None
    files, noted = read(host)
    assert files[0].content == "a = 1\n"
    assert len(noted) == 2  # once for the list, once for the file
    assert f"answered {status}" in noted[0]
    assert "try 1 of 3" in noted[0]
    host.trouble = lambda path, count: (status, headers, body)
    with pytest.raises(CodeHostError, match=f"answered {status} .*3 times over"):
        read(host)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 204])
def test_what_does_not_pass_is_not_tried_again(host, status):
    host.trouble = lambda path, count: (status, {}, b"")
    with pytest.raises(CodeHostError, match=f"answered {status}"):
        read(host)
    assert len(host.asked) == 1


def test_the_code_host_may_ask_for_a_longer_pause_up_to_a_limit(host):
    host.trouble = lambda path, count: (429, {"Retry-After": "3600"}, b"") if count == 1 else None
    begun = time.monotonic()
    read(host, longest_pause=0.3)
    assert 0.6 <= time.monotonic() - begun < 5


def test_a_code_host_that_is_down_or_silent_is_named(host):
    host.open.clear()
    with pytest.raises(CodeHostError, match=r"did not answer GET .* within 0\.1 s"):
        read(host, timeout=0.1)
    host.open.set()
    host.stop()
    with pytest.raises(CodeHostError, match="cannot be reached"):
        read(host)


@pytest.mark.parametrize(
    "answer", [b"", b"{}", b"<html>", b'[{"filename": "a"}]', b'[{"filename": 1, "status": "added"}]']
)
def test_what_is_no_list_of_files_is_not_taken_for_one(host, answer):
    host.trouble = lambda path, count: (200, {}, answer)
    with pytest.raises(CodeHostError, match="no list of files"):
        read(host)


@pytest.mark.parametrize("path", ["../../../admin", "a/../../b", "./a", "/a", "a//b", ""])
def test_a_path_that_leads_elsewhere_is_not_asked_for(host, path):
    host.push(REPOSITORY, 1, SHA, [{"path": path, "type": "added", "content": "x"}])
    with pytest.raises(CodeHostError, match="no name that a repository can hold"):
        read(host)
    assert len(host.asked) == 1
    with pytest.raises(CodeHostError, match="no name that a repository can hold"):
        read(host, repository="../..")


def test_files_of_another_commit_are_not_taken_for_those_of_this_one(host):
    host.push(REPOSITORY, 1, "c" * 40, ONE)
    with pytest.raises(MovedOnError, match=r"moved on from a+ to c+"):
        read(host)


def test_a_file_that_is_not_there_ends_it(host):
    del host.contents[REPOSITORY, SHA, "src/a.py"]
    with pytest.raises(CodeHostError, match=r"answered 404 to GET /repos/octo-org/hello/contents/src/a\.py"):
        read(host)


def test_more_than_a_review_may_have_is_refused(host):
    million = b"x" * (1 << 20)
    files = [{"path": f"f{one}", "type": "added", "content": million} for one in range(9)]
    host.push(REPOSITORY, 1, SHA, files)
    with pytest.raises(CodeHostError, match="more than 8 MiB"):
        read(host)
