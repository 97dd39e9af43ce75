"""Payloads as GitHub sends them: octokit's schema judges ours, and GitHub's own examples are read."""

from __future__ import annotations

import copy
import json
import re

import pytest
from data_wishes import wishes
from github_examples import examples, problems
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from QMSLibrary.contract.pull_requests import ChangeType
from QMSLibrary.data import create_pull_request
from QMSLibrary.data.errors import GitError, PayloadError, WishError
from QMSLibrary.data.forms.git_command import Git
from QMSLibrary.data.forms.repository import create_git_repository
from QMSLibrary.data.forms.webhook_reading import pull_request_from_webhook
from QMSLibrary.data.forms.webhooks import ACTIONS, PULL_REQUEST_ACTIONS, github_payload


def definition(action: str) -> str:
    return "ping$event" if action == "ping" else f"pull_request${action}"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wishes(), st.sampled_from(ACTIONS), st.booleans())
def test_every_payload_is_valid_for_every_pull_request(wished, action, yes):
    pull_request = create_pull_request(**wished)
    option = {"closed": "merged", "opened": "draft"}.get(action)
    payload = github_payload(pull_request, action, **({option: yes} if option else {}))
    assert problems(payload, definition(action)) == []
    assert payload == github_payload(pull_request, action, **({option: yes} if option else {}))
    assert json.loads(json.dumps(payload)) == payload


def test_the_schema_sees_what_is_wrong():
    """The judge can say no."""
    payload = github_payload(create_pull_request(complexity="low"))
    del payload["pull_request"]["head"]["sha"]
    payload["pull_request"]["invented"] = 1
    assert len(problems(payload, "pull_request$opened")) == 2
    assert problems(github_payload(create_pull_request(complexity="low"), "closed"), "pull_request$opened")


def test_all_payloads_of_one_pull_request_agree():
    pull_request = create_pull_request(complexity="low", author="bot")
    payloads = [github_payload(pull_request, action) for action in PULL_REQUEST_ACTIONS]
    first = payloads[0]["pull_request"]
    same = ("id", "number", "url", "html_url", "title", "user", "created_at", "additions", "deletions", "changed_files")
    for payload in payloads:
        pull = payload["pull_request"]
        assert [pull[name] for name in same] == [first[name] for name in same]
        assert payload["number"] == pull["number"]
        assert pull["head"]["repo"]["full_name"] == payload["repository"]["full_name"] == pull_request.repository
        assert pull["head"]["sha"] == first["head"]["sha"]
        addresses = re.findall(r'https://api\.github\.com/repos/([^"/]+/[^"/]+)', json.dumps(payload))
        assert set(addresses) == {pull_request.repository}
    assert first["user"]["type"] == "Bot"
    assert first["additions"] + first["deletions"] == pull_request.lines_changed
    times = [payload["pull_request"]["updated_at"] for payload in payloads]
    assert len(set(times)) == len(times)
    assert github_payload(create_pull_request(complexity="low"))["number"] != payloads[0]["number"]


def test_what_only_one_action_says():
    pull_request = create_pull_request(complexity="low").model_copy(update={"description": ""})
    assert github_payload(pull_request)["pull_request"]["body"] is None
    pushed = github_payload(pull_request, "synchronize", before="a" * 40)
    assert (pushed["before"], pushed["after"]) == ("a" * 40, pushed["pull_request"]["head"]["sha"])
    edited = github_payload(pull_request, "edited", previous_title="Old", previous_description="Older")
    assert edited["changes"] == {"title": {"from": "Old"}, "body": {"from": "Older"}}
    merged = github_payload(pull_request, "closed", merged=True)["pull_request"]
    assert (merged["merged"], merged["state"]) == (True, "closed")
    assert merged["merged_at"] == merged["closed_at"] > merged["created_at"]
    assert merged["merged_by"]["login"] != merged["user"]["login"]
    assert github_payload(pull_request, draft=True)["pull_request"]["draft"] is True


@pytest.mark.parametrize(
    ("action", "options", "said"),
    [
        ("open", {}, "Did you mean 'opened'"),
        ("opened", {"merged": True}, "goes with action=closed"),
        ("ready_for_review", {"draft": True}, "draft=True goes neither"),
        ("synchronize", {"before": "HEAD"}, "40 hexadecimal digits"),
        ("opened", {"previous_title": "x"}, "goes with action=edited"),
    ],
)
def test_options_that_contradict_the_action(action, options, said):
    with pytest.raises(WishError, match=re.escape(said)):
        github_payload(create_pull_request(complexity="low"), action, **options)


def test_a_payload_and_the_repository_make_the_pull_request_again(tmp_path):
    made, repository = create_git_repository(create_pull_request(files=12, lines_changed=500), tmp_path / "shop")
    payload = github_payload(made)
    pull = payload["pull_request"]
    assert (pull["head"]["sha"], pull["base"]["sha"]) == (repository.head_sha, repository.base_sha)
    assert pull["commits"] == repository.commits > 1
    text = tmp_path / "payload.json"
    text.write_text(json.dumps(payload))
    for given_as in (payload, json.dumps(payload), text, str(text), json.dumps(payload).encode()):
        back = pull_request_from_webhook(given_as, clone=repository.path)
        same = ("title", "description", "author", "repository", "base_branch", "head_branch", "head_sha")
        assert [getattr(back, name) for name in same] == [getattr(made, name) for name in same]
        assert sorted(back.files, key=lambda f: f.path) == sorted(made.files, key=lambda f: f.path)
    again = pull_request_from_webhook(payload, files=made)
    assert again.files == made.files
    assert pull_request_from_webhook(payload, files=[one.model_dump() for one in made.files]).files == made.files


LISTED = [
    {"filename": "a.py", "status": "added", "additions": 2, "deletions": 0, "patch": "@@ -0,0 +1,2 @@\n+a = 1\n+b = 2"},
    {"filename": "b.py", "status": "added", "additions": 1, "patch": "@@ -0,0 +1 @@\n+x\n\\ No newline at end of file"},
    {"filename": "c.py", "status": "added", "additions": 900, "patch": "@@ -0,0 +1,900 @@\n+cut off"},
    {"filename": "d.py", "status": "modified", "additions": 1, "deletions": 1, "patch": "@@ -1 +1 @@\n-a\n+b"},
    {"filename": "f.py", "status": "renamed", "previous_filename": "e.py", "additions": 0, "deletions": 0},
    {"filename": "g.py", "status": "removed", "deletions": 3, "patch": "@@ -1,3 +0,0 @@\n-a\n-b\n-c"},
    {"filename": "h.png", "status": "copied", "previous_filename": "i.png"},
]


def payload_of(event: str = "pull_request", number: int = 0, **changed):
    payload = copy.deepcopy(examples(event)[number])
    payload["pull_request"].update({"changed_files": len(LISTED), **changed})
    return payload


def test_the_files_that_github_lists():
    files = {file.path: file for file in pull_request_from_webhook(payload_of(), files=LISTED).files}
    assert files["a.py"].content == "a = 1\nb = 2\n"
    assert files["b.py"].content == "x"
    assert files["c.py"].content is None
    assert (files["d.py"].content, files["d.py"].type) == (None, ChangeType.MODIFIED)
    assert (files["f.py"].type, files["f.py"].previous_path) == (ChangeType.RENAMED, "e.py")
    assert (files["g.py"].type, files["h.png"].type) == (ChangeType.DELETED, ChangeType.ADDED)
    assert (files["h.png"].previous_path, files["g.py"].deletions) == (None, 3)


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review", "pull_request_review_comment"])
def test_every_example_of_github_is_read(event):
    for number, example in enumerate(examples(event)):
        pull = example["pull_request"]
        payload = payload_of(event, number)
        made = pull_request_from_webhook(payload, files=LISTED)
        assert (made.title, made.author) == (pull["title"], pull["user"]["login"])
        assert (made.head_branch, made.base_branch) == (pull["head"]["ref"], pull["base"]["ref"])
        assert made.head_sha == pull["head"]["sha"]
        assert made.repository == example["repository"]["full_name"]
        assert made.description == (pull["body"] or "")


def test_forks_deleted_accounts_and_what_else_is_null():
    fork = payload_of()
    fork["pull_request"]["head"] |= {"repo": None, "user": None, "label": None, "ref": "patch-1"}
    fork["pull_request"] |= {"user": None, "body": None, "title": ""}
    made = pull_request_from_webhook(fork, files=LISTED)
    assert (made.author, made.description, made.title) == ("ghost", "", "(no subject)")
    assert (made.head_branch, made.repository) == ("patch-1", fork["repository"]["full_name"])
    bot = payload_of()
    bot["pull_request"]["user"] |= {"login": "dependabot[bot]", "type": "Bot"}
    assert pull_request_from_webhook(bot, files=LISTED).author == "dependabot[bot]"


def test_a_clone_that_lacks_the_commits_says_how_to_get_them(tmp_path):
    made, repository = create_git_repository(create_pull_request(complexity="low"), tmp_path / "shop")
    payload = github_payload(made)
    payload["pull_request"]["head"]["sha"] = "d" * 40
    number = payload["number"]
    with pytest.raises(GitError, match=f"head commit d{{40}} is not in .*git fetch origin pull/{number}/head"):
        pull_request_from_webhook(payload, clone=repository.path)
    payload["pull_request"]["base"]["sha"] = "e" * 40
    with pytest.raises(GitError, match=r"base commit e{40} is not in"):
        pull_request_from_webhook(payload, clone=repository.path)
    assert Git(repository.path).commit("HEAD") == made.head_sha


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda p: p, {}, "A payload of GitHub names no files. Give clone="),
        (lambda p: p, {"files": LISTED, "clone": "."}, "not both"),
        (lambda p: p, {"files": LISTED[:3]}, "7 files were changed; files= has 3. GitHub answers at most 100"),
        (lambda p: {**p, "pull_request": {**p["pull_request"], "changed_files": 0}}, {"files": []}, "0 changed files"),
        (lambda p: {"zen": "x", "hook_id": 1}, {"files": LISTED}, "GitHub's ping"),
        (lambda p: {"action": "created", "issue": {"pull_request": {"url": "x"}}}, {"files": LISTED}, "comment on"),
        (lambda p: {"ref": "refs/heads/main", "commits": []}, {"files": LISTED}, "It has: ref, commits"),
        (lambda p: [p], {"files": LISTED}, "a JSON object with fields, not a list"),
        (lambda p: "{", {"files": LISTED}, "is no JSON"),
        (lambda p: "\0", {"files": LISTED}, "no JSON text and no file"),
        (lambda p: "x" * 5000, {"files": LISTED}, "File name too long"),
        (lambda p: "/no/such/file.json", {"files": LISTED}, "no JSON text and no file"),
        (lambda p: p, {"files": {"filename": "x"}}, "files= is a list"),
        (lambda p: p, {"files": ["a.py"]}, "an object with filename and status"),
        (lambda p: p, {"files": [{"filename": "a", "status": "lost"}] * 7}, "no status 'lost'"),
        (lambda p: p["pull_request"].update(created_at=None) or p, {"files": LISTED}, "no time it was created at"),
        (lambda p: p["pull_request"]["base"].update(ref=None) or p, {"files": LISTED}, "base branch (base.ref)"),
        (lambda p: p["pull_request"]["head"].update(sha="HEAD") or p, {"clone": "."}, "head commit (head.sha)"),
        (lambda p: p, {"files": [{"filename": "a", "additions": "2"}] * 7}, "additions is a number of lines, not '2'"),
        (lambda p: p["pull_request"].pop("base") and p, {"files": LISTED}, "has no 'base'"),
    ],
)  # fmt: skip
def test_what_is_no_payload_is_refused_in_words(change, options, said):
    with pytest.raises(PayloadError, match=re.escape(said)):
        pull_request_from_webhook(change(payload_of()), **options)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 9), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=4), inner, max_size=2)),
    max_leaves=4,
)
PLACES = (
    "head",
    "base",
    "user",
    "title",
    "body",
    "created_at",
    "changed_files",
    "number",
    "head.sha",
    "head.ref",
    "base.repo",
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), JSON, st.booleans())
def test_whatever_stands_in_a_payload_it_is_read_or_refused_in_words(place, value, listed):
    payload = payload_of()
    target, name = payload["pull_request"], place
    if "." in place:
        outer, _, name = place.partition(".")
        target = target[outer]
    target[name] = value
    files = LISTED if listed else [{**LISTED[0], "additions": value, "patch": value}] * len(LISTED)
    try:
        made = pull_request_from_webhook(payload, files=files)
    except (PayloadError, ValidationError):
        return
    assert len(made.files) == len(LISTED)
