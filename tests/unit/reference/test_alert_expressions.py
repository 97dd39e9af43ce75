"""The expressions of alert rules: read, judged, and refused with the place and what is expected there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from QMSLibrary.contract.dashboard import Figure
from QMSLibrary.reference.dashboard.expressions import ExpressionError, parse

CONDITION = st.tuples(
    st.sampled_from(list(Figure)), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(-1000, 1000)
)
FIGURES = st.dictionaries(st.sampled_from([one.value for one in Figure]), st.integers(-1000, 1000).map(float))


@pytest.mark.parametrize(
    ("text", "figures", "answer"),
    [
        ("quality_score < 70", {"quality_score": 69.9}, True),
        ("quality_score < 70", {"quality_score": 70}, False),
        ("quality_score < 70", {}, None),
        ("quality_score<-7.5", {"quality_score": -8}, True),
        ("coverage < 80 and vulnerabilities > 0", {"coverage": 70, "vulnerabilities": 1}, True),
        ("coverage < 80 and vulnerabilities > 0", {"coverage": 90}, False),
        ("coverage < 80 and vulnerabilities > 0", {"coverage": 70}, None),
        ("coverage < 80 or vulnerabilities > 0", {"coverage": 70}, True),
        ("coverage < 80 or vulnerabilities > 0", {"coverage": 90}, None),
        ("coverage < 1 or coverage > 2 and coverage < 4", {"coverage": 3}, True),
        ("coverage < 1 or coverage > 2 and coverage < 4", {"coverage": 5}, False),
    ],
)
def test_what_it_comes_to(text: str, figures: dict[str, float], answer: bool | None) -> None:
    assert parse(text).holds(figures) is answer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"at character 1: expected a figure \(quality_score, .*\), not the end"),
        ("  quality < 70", "at character 3: expected a figure .*, not 'quality'"),
        ("quality_score", "at character 14: expected one of < <= > >= == !=, not the end"),
        ("quality_score = 70", "at character 15: expected one of < .*, not '='"),
        ("quality_score < seventy", "at character 17: expected a number, not 'seventy'"),
        ("quality_score < 70 and", "at character 23: expected a figure .*, not the end"),
        ("quality_score < 70 70", "at character 20: expected `and`, `or` or the end, not '70'"),
        ("quality_score < 70; x", "at character 19: expected `and`, `or` or the end, not ';'"),
        ("quality_score.__class__ < 1", r"at character 14: expected one of < .*, not '\.'"),
        ("quality_score < 1e999", "at character 17: expected a number"),
        ("quality_score < 9999999999999999999", "at character 17: expected a number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert re.match(words, str(refused.value))


@given(st.lists(st.lists(CONDITION, min_size=1, max_size=4), min_size=1, max_size=4), FIGURES)
def test_it_means_what_python_means(wanted: list[list[tuple[str, str, int]]], figures: dict[str, float]) -> None:
    text = " or ".join(" and ".join(f"{figure} {how} {number}" for figure, how, number in one) for one in wanted)
    answer = parse(text).holds(figures)
    known = {one.value: figures.get(one.value) for one in Figure}
    if all(figure in figures for one in wanted for figure, _, _ in one):
        assert answer is eval(text, {}, known)
    elif answer is not None:
        # What is not known does not matter: whatever it were, the answer would be the same.
        for guess in (-1e9, 1e9):
            assert eval(text, {}, {name: guess if value is None else value for name, value in known.items()}) is answer


@given(st.text(max_size=60) | st.text("quality_score <>=!andor0123456789.()", max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    said = "at character 1: expected "
    try:
        parse(text)
    except ExpressionError as error:
        said = str(error)
    assert re.match(r"at character \d+: expected ", said)
