"""One is one: a number and its noun agree."""

import pytest

from QMSLibrary.formats.counts import counted


@pytest.mark.parametrize(("number", "words"), [(0, "0 tests"), (1, "1 test"), (2, "2 tests"), (1_000, "1000 tests")])
def test_a_noun_and_how_many_of_it(number, words):
    assert counted(number, "test") == words


def test_a_plural_of_its_own():
    assert counted(1, "weakness", "weaknesses") == "1 weakness"
    assert counted(3, "weakness", "weaknesses") == "3 weaknesses"
