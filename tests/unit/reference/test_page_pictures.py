"""Where the lines of the page's pictures are, and how it says things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from QMSLibrary.contract.dashboard import View, Widget
from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.reference.dashboard.page import looking, pictures, rendering, words

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SCORES = st.lists(st.floats(0, 100), max_size=50)


@given(st.dictionaries(st.sampled_from([one.value for one in WorkflowState]), st.integers(0, 10**6)))
def test_a_ring_is_never_more_than_full(counts):
    for stage in pictures.stages(counts):
        here, around = map(float, stage.dash.split())
        failed, _ = map(float, stage.failed_dash.split())
        assert 0 <= here + failed <= around + 0.02
        assert float(stage.failed_offset) == pytest.approx(-here, abs=0.01)


@given(st.dictionaries(st.sampled_from([one.value for one in WorkflowState]), st.integers(0, 1000)))
def test_every_review_but_a_broken_one_is_at_one_stage(counts):
    shown = sum(stage.here + stage.failed for stage in pictures.stages(counts))
    assert shown == sum(counts.values()) - counts.get("ERROR", 0)


@given(SCORES, st.floats(0, 99))
def test_the_trend_is_within_its_picture_and_the_better_is_higher(scores, target):
    drawn = pictures.trend([{"quality_score": one} for one in scores], target)
    assert len(drawn.points) == len(scores)
    assert all(0 <= point.x <= 100 and -0.01 <= point.y <= 100.01 for point in drawn.points)
    assert [point.x for point in drawn.points] == sorted(point.x for point in drawn.points)
    for one in drawn.points:
        for other in drawn.points:
            assert one.score <= other.score or one.y <= other.y + 0.01
    assert 0 <= drawn.target <= 100
    assert drawn.ticks[0] == (0, 100)


def test_reviews_without_a_score_are_left_out():
    drawn = pictures.trend([{"quality_score": None}, {"quality_score": 90.0}], 85)
    assert [point.score for point in drawn.points] == [90.0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"), (4, "just now"), (5, "5 seconds ago"), (59, "59 seconds ago"), (60, "1 minute ago"),
        (3599, "59 minutes ago"), (7200, "2 hours ago"), (86400 * 3, "3 days ago"), (-90, "in 1 minute"),
    ],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds, said):
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_an_exact_time_says_its_zone():
    assert words.exact(words.moment_of("2026-03-04T06:06:07.5+01:00")) == "4 March 2026, 05:06:07 UTC"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("high_severity_security: found sql_injection (high)", "high severity security: found sql injection (high)"),
        ("found in src/my_file.ts line 6", "found in src/my_file.ts line 6"),
        ("missing_tests, missing_documentation", "missing tests, missing documentation"),
        (None, ""),
    ],
)  # fmt: skip
def test_identifiers_are_words_and_paths_are_paths(text, said):
    assert words.plain(text) == said


def test_every_state_widget_and_view_has_a_name_and_every_widget_a_template():
    assert set(words.STATES) == set(WorkflowState)
    assert set(words.VIEWS) == set(View)
    assert set(words.TITLES) == set(Widget)
    for view in View:
        for key in looking.cards_of(view):
            assert rendering._templates().get_template(f"cards/{key}.html.j2")
