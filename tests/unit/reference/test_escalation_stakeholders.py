"""The file of stakeholders and the file of receivers."""

from __future__ import annotations

from pathlib import Path

import pytest

from QMSLibrary.contract.escalations import LEVELS, Channel
from QMSLibrary.reference.escalation.channels import ChannelsError, load_receivers
from QMSLibrary.reference.escalation.stakeholders import StakeholdersError, load_stakeholders


def test_the_built_in_ones_can_be_reached_at_every_level_of_urgency() -> None:
    stakeholders = load_stakeholders()
    for tier in {one.tier for one in stakeholders}:
        for rule in LEVELS.values():
            assert any(set(rule.channels) & set(one.addresses) for one in stakeholders if one.tier == tier)


def test_somebody_answers_for_every_channel() -> None:
    assert {channel for one in load_stakeholders() for channel in one.addresses} == set(Channel)


def test_a_file_of_ones_own_comes_first_tier_first(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(
        "stakeholders:\n"
        "- {name: b, tier: 2, addresses: {email: b@example.org}}\n"
        "- {name: a, tier: 1, addresses: {slack: '#a'}}\n"
    )
    assert [(one.name, one.tier) for one in load_stakeholders(path)] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- 1", "expected a list `stakeholders`"),
        ("stakeholders: []", "at least one"),
        ("stakeholders: [{name: a, tier: x, addresses: {}}]", "tier: Input should be a valid integer"),
        ("stakeholders: [{name: a, tier: 1, addresses: {pigeon: x}}]", "slack, email, sms, phone_call, pagerduty"),
        ("stakeholders: [{name: a, tier: 1, addresses: {}}]", "'a' has no address"),
        ("stakeholders: [{name: a, tier: 2, addresses: {sms: '1'}}]", "must be 1, 2, 3"),
        ("stakeholders: [{name: a, tier: 1, addresses: {sms: '1'}}, {name: a, tier: 1, addresses: {sms: '2'}}]", "two"),
        ("{", "cannot be read"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(text)
    with pytest.raises(StakeholdersError, match=r"people\.yaml") as refused:
        load_stakeholders(path)
    assert words in str(refused.value)


def test_no_file_of_receivers_means_that_nobody_is_sent_anything() -> None:
    assert load_receivers(None) == {}


def test_the_receivers_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "receivers.json"
    path.write_text('{"slack": "http://127.0.0.1:1/hook", "email": "smtp://127.0.0.1:2"}')
    assert load_receivers(path) == {Channel.SLACK: "http://127.0.0.1:1/hook", Channel.EMAIL: "smtp://127.0.0.1:2"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"pigeon": "http://x"}', "there is no channel 'pigeon'. The channels are slack, email"),
        ('{"email": "http://x"}', "smtp://… or smtps://…"),
        ('{"sms": "smtp://x"}', "http://… or https://…"),
        ('{"sms": 5}', "must be a URL"),
        ("[]", "expected an object"),
        ("{", "cannot be read"),
    ],
)
def test_receivers_that_are_not_as_they_must_be_are_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "receivers.json"
    path.write_text(text)
    with pytest.raises(ChannelsError, match=r"receivers\.json") as refused:
        load_receivers(path)
    assert words in str(refused.value)
