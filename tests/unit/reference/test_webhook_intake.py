"""Webhooks: who is believed, what is read, what nothing follows from."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from webhooks_made import pull_request_hook, raw_of, repository, signature

from QMSLibrary.contract.pull_requests import FileChange
from QMSLibrary.contract.webhooks import Hook, HookEvent, PingHook, PullRequestHook
from QMSLibrary.reference.kernel.call import parse_body
from QMSLibrary.reference.kernel.refusals import Refusal
from QMSLibrary.reference.orchestration.webhook_intake import not_acted_on, payload_of, signature_of, signed
from QMSLibrary.reference.orchestration.webhook_work import author_of, nobody_else_asks, pull_request_of, requested_by

SECRET = "a secret of the test"


def test_the_signature_is_the_one_of_githubs_own_example():
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature_of("It's a Secret to Everybody", b"Hello, World!") == expected
    assert signed("It's a Secret to Everybody", b"Hello, World!", expected)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_other_bytes_are_accepted(raw, altered):
    assume(raw != altered)
    assert not signed(SECRET, altered, signature(SECRET, raw))


@given(st.data())
def test_one_altered_byte_is_seen(data):
    raw = raw_of(pull_request_hook())
    at, by = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(1, 255))
    altered = raw[:at] + bytes([raw[at] ^ by]) + raw[at + 1 :]
    assert signed(SECRET, raw, signature(SECRET, raw))
    assert not signed(SECRET, altered, signature(SECRET, raw))


@given(st.one_of(st.none(), st.text(), st.from_regex(r"sha256=[0-9a-f]{64}", fullmatch=True)))
def test_no_other_signature_is_accepted(given_):
    raw = b'{"action":"opened"}'
    assume(given_ != signature(SECRET, raw))
    assert not signed(SECRET, raw, given_)


@given(st.data())
def test_one_altered_character_of_the_signature_is_seen(data):
    right = signature(SECRET, b"{}")
    at = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.characters(max_codepoint=255).filter(lambda one: one != right[at]))
    assert not signed(SECRET, b"{}", right[:at] + other + right[at + 1 :])
    assert not signed(SECRET, b"{}", right[:at] + right[at + 1 :])


@pytest.mark.parametrize("wrong", ["sha1", "sha512"])
def test_another_algorithm_proves_nothing(wrong):
    assert not signed(SECRET, b"{}", signature(SECRET, b"{}", wrong))
    assert not signed(SECRET, b"{}", "sha256=" + signature(SECRET, b"{}", wrong).partition("=")[2])


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_as_it_is(kind):
    assert payload_of(b'{"a": 1}', kind) == b'{"a": 1}'


def test_a_form_holds_the_same_json():
    text = json.dumps(pull_request_hook(title="feat: grüße & mehr; a=b"), ensure_ascii=False)
    form = urlencode({"payload": text}).encode()
    assert payload_of(form, "application/x-www-form-urlencoded") == text.encode()


@pytest.mark.parametrize("form", [b"", b"{}", b"other=1", b"payload=1&payload=2", b"payload=%ff", b"payload=\xff"])
def test_another_form_is_refused(form):
    with pytest.raises(Refusal) as refused:
        payload_of(form, "application/x-www-form-urlencoded")
    assert (refused.value.status, refused.value.code) == (400, "malformed_form")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/jsonp", "application/xml; a=application/json"])
def test_another_kind_of_content_is_refused(kind):
    with pytest.raises(Refusal) as refused:
        payload_of(b"{}", kind)
    assert refused.value.status == 415


def refused_with(work, *arguments):
    """The status of the refusal; None when there is none. Anything else that is raised is a failure of the test."""
    try:
        work(*arguments)
    except Refusal as refusal:
        return refusal.status
    return None


@given(st.binary(max_size=300))
def test_whatever_a_form_holds_it_is_read_or_refused(raw):
    assert refused_with(payload_of, raw, "application/x-www-form-urlencoded") in (None, 400)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_PLACES = ["action", "pull_request", "repository", "sender", "changes", "number"]


@given(st.sampled_from(_PLACES), _VALUES)
def test_a_strange_value_is_read_or_refused_and_never_breaks(place, value):
    raw = raw_of({**pull_request_hook(), place: value})
    for kind in (PullRequestHook, PingHook, Hook):
        assert refused_with(parse_body, kind, raw) in (None, 422)


@given(st.binary(max_size=100))
def test_what_is_no_json_is_refused(raw):
    assert refused_with(parse_body, Hook, raw) in (None, 400, 422)


def hook(action="opened", **changes):
    return parse_body(PullRequestHook, raw_of(pull_request_hook(action, **changes)))


@pytest.mark.parametrize("action", ["opened", "reopened", "ready_for_review", "synchronize", "edited"])
def test_something_follows_from(action):
    assert not_acted_on(HookEvent.PULL_REQUEST, hook(action)) is None
    assert "draft" in not_acted_on(HookEvent.PULL_REQUEST, hook(action, draft=True))


def test_nothing_follows_from_the_rest_and_it_says_why():
    assert "closed" in not_acted_on("pull_request", hook("closed"))
    assert "labeled" in not_acted_on("pull_request", hook("labeled"))
    assert "issues" in not_acted_on("issues", parse_body(Hook, b'{"action": "opened"}'))
    ping = {"zen": "Design for failure.", "hook_id": 109, "hook": {}, "repository": repository("a/b")}
    assert "heard" in not_acted_on("ping", parse_body(PingHook, raw_of(ping)))
    merged = pull_request_hook("closed")
    merged["pull_request"]["merged"] = True
    assert "merged" in not_acted_on("pull_request", parse_body(PullRequestHook, raw_of(merged)))


def test_the_contracts_pull_request_has_what_github_told():
    made = pull_request_of(hook(body=None, number=7, author="Ann"), [FileChange(path="a.py")])
    assert (made.id, made.author, made.description) == ("PR-7", "Ann", "")
    assert (made.repository, made.head_branch, made.base_branch) == ("octo-org/hello", "feature/greeting", "main")
    assert made.head_sha == "a" * 40
    assert made.created_at.isoformat() == "2026-05-15T15:20:33+00:00"


def test_an_author_whose_account_is_gone_is_githubs_ghost():
    payload = pull_request_hook()
    payload["pull_request"]["user"] = None
    assert author_of(parse_body(PullRequestHook, raw_of(payload))) == "ghost"


@pytest.mark.parametrize(
    ("action", "sender", "own", "who"),
    [
        ("opened", "octocat", True, "github:octo-org/hello"),
        ("ready_for_review", "Octocat", True, "github:octo-org/hello"),
        ("synchronize", "helper", True, "github:octo-org/hello"),
        ("reopened", "lead", False, "github:lead"),
        ("opened", "release-bot[bot]", False, "github:release-bot[bot]"),
    ],
)
def test_nobody_asks_for_the_review_of_their_own_work(action, sender, own, who):
    told = hook(action, sender=sender)
    assert nobody_else_asks(told) is own
    assert requested_by(told) == who
    assert requested_by(told) != author_of(told)
