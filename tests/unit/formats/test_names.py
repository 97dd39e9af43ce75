import pytest

from QMSLibrary.formats.names import did_you_mean


@pytest.mark.parametrize(
    ("typed", "known", "expected"),
    [
        ("endtoend", ["end_to_end", "chaos"], " Did you mean 'end_to_end'?"),
        (" Missing_Test ", ["missing_tests", "missing_documentation"], " Did you mean 'missing_tests'?"),
        ("xyz", ["end_to_end", "chaos"], ""),
        ("", ["chaos"], ""),
        ("step_1", ["step_2", "step_3"], " Did you mean 'step_2'?"),
        ("dor", [], ""),
    ],
)
def test_the_nearest_name_is_offered_and_none_that_is_far(typed, known, expected):
    assert did_you_mean(typed, known) == expected
