import pytest
from hypothesis import given
from hypothesis import strategies as st

from QMSLibrary.formats.names import did_you_mean, place_for


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


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("overview", "overview.png"),
        ("overview.png", "overview.png"),
        ("v1.2", "v1.2.png"),
        ("page/overview", "page/overview.png"),
        ("a/../overview", "overview.png"),
        ("Übersicht 1", "Übersicht 1.png"),
    ],
)
def test_a_file_is_in_its_folder(tmp_path, name, place):
    assert place_for(name, ".png", tmp_path) == tmp_path / place


@pytest.mark.parametrize("name", ["../x", "../../x", "/etc/x", "a/../../x", "..", ".", "", "  ", ".png", "a/", "x\ny",
                                  "x{index}", "a\\b", "x\0y"])  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused_in_words(tmp_path, name):
    with pytest.raises(ValueError, match=r"leads out of|is no name for a file|has a letter that"):
        place_for(name, ".png", tmp_path)


@given(st.text())
def test_any_name_is_inside_or_refused(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp()
    try:
        place = place_for(name, ".png", folder)
    except ValueError:
        return
    assert place.is_relative_to(folder.resolve())
    assert place.name.endswith(".png")
