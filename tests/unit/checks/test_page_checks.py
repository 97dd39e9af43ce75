"""What the verdicts about the dashboard's page say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from QMSLibrary.checks.page import fits, gone, in_time, lacks, page_message, shows, state_shown
from QMSLibrary.contract.services import Service

CHANGED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LIMIT = timedelta(milliseconds=200)


def seen(**changes):
    return {
        "holds": False, "texts": [], "states": [], "messages": [], "refused": [], "connection": "live", "title": "",
        "address": "/dashboard/qa", "view": "qa", "repository": "", "cards": ["summary", "active_alerts"],
        "alerts": [], **changes,
    }  # fmt: skip


def test_what_is_there_instead_is_told():
    verdict = shows(seen(texts=["Nothing wants attention."], connection="lost"), "the card with 'missing tests'")
    assert not verdict.passed
    assert "the page has lost its live connection" in verdict.message
    assert "Nothing wants attention." in verdict.message
    assert "Service to blame: dashboard" in verdict.message
    assert shows(seen(holds=True), "the card").passed


@pytest.mark.parametrize(
    ("page", "card", "needs", "words"),
    [
        ({"view": "", "address": "/log-in"}, None, "", "`Open Dashboard Page` comes before"),
        ({}, "escalations", "", "the view qa has no card escalations; it has: summary, active_alerts"),
        ({}, None, "no alert is shown", "no alert is shown"),
    ],
)
def test_what_could_not_be_shown_is_not_gone(page, card, needs, words):
    verdict = lacks(seen(holds=True, **page), "the page without 'x'", card, needs)
    assert not verdict.passed
    assert words in verdict.message
    assert "to blame" not in verdict.message


def test_what_could_be_shown_and_is_not_is_gone():
    assert lacks(seen(holds=True), "the page without 'x'", "active_alerts").passed
    assert not lacks(seen(texts=["x"]), "the page without 'x'", "active_alerts").passed


def test_what_is_gone_from_the_page_is_so_for_its_service_too():
    assert gone("alert a", "resolved", "resolved", Service.DASHBOARD).passed
    judged = gone("alert a", "resolved", "active", Service.DASHBOARD)
    assert "it is not on the page, but the dashboard service says that it is active" in judged.message


def test_another_state_and_none_at_all_are_told_apart():
    assert "Seen: active" in state_shown("alert a", "acknowledged", False, seen(states=["active"])).message
    assert "it is not on the page" in state_shown("alert a", "active", False, seen()).message
    assert state_shown("alert a", "active", True, seen(states=["active"])).passed


def test_a_refusal_on_the_page_is_no_success():
    refused = page_message("Acknowledge", seen(holds=True, messages=["Not allowed."], refused=["Not allowed."]))
    assert not refused.passed
    assert "it says: Not allowed." in refused.message
    assert page_message("Acknowledge", seen(holds=True, messages=["Done."])).passed
    assert not page_message("Acknowledge", seen()).passed


def test_a_page_that_is_too_wide_says_by_how_much():
    assert "37 pixels are outside" in fits(seen(holds=True), 360, 37).message
    assert fits(seen(holds=True), 360, 0).passed


def test_a_change_is_timed_by_the_clock_of_the_machine():
    at = CHANGED.timestamp() * 1000
    verdict, took = in_time("escalation e", CHANGED, at + 150, 0, LIMIT)
    assert verdict.passed
    assert took == timedelta(milliseconds=150)
    late, _ = in_time("escalation e", CHANGED, at + 250, 0, LIMIT)
    assert "250 ms after it" in late.message
    # An hour ahead by the QMS's clock is an hour earlier by the machine's.
    ahead, took = in_time("escalation e", CHANGED + timedelta(hours=1), at + 150, 3600, LIMIT)
    assert ahead.passed
    assert took == timedelta(milliseconds=150)


def test_what_was_not_watched_is_not_in_time():
    assert not in_time("escalation e", CHANGED, None, 0, LIMIT)[0].passed
    assert not in_time("escalation e", None, 1.0, 0, LIMIT)[0].passed
