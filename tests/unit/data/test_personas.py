"""Over many pull requests a persona's rates are its figures; a tester adds one by adding a file."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from QMSLibrary.data import WishError, author_of, create_pull_request
from QMSLibrary.data.people import companies, named, people_of
from QMSLibrary.data.personas import FOLDER_VARIABLE, persona, personas
from QMSLibrary.data.pull_requests import plan_of
from QMSLibrary.data.tested import measure

Z = 3.29
"""Two-sided 99.9 % of the normal distribution."""
PULL_REQUESTS = 300
BUILT_IN = ("bot", "hotfix_author", "junior_developer", "senior_developer", "tech_lead")


def _bound(share: float, count: int) -> float:
    """How far the share of ``count`` independent draws may be from ``share``, 99.9 % of the time.

    Within one pull request as many functions are chosen as the share says, and chance decides about the last one only.
    That spreads less than drawing each function by itself (the binomial distribution), so its bound is a safe one.
    """
    return Z * math.sqrt(share * (1 - share) / count)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_rates_of_a_persona_meet_its_figures(name):
    habits = persona(name)
    plans = [plan_of(create_pull_request(author=name, seed=f"rates {number}")) for number in range(PULL_REQUESTS)]
    pieces = [piece for plan in plans for piece in plan.pieces]
    documented = sum(piece.documented for piece in pieces) / len(pieces)
    tidy = sum(not piece.untidy for piece in pieces) / len(pieces)
    wanted = habits.documentation_completeness
    assert abs(documented - wanted) <= _bound(wanted, len(pieces)) + 1e-9
    wanted = habits.code_style_adherence
    assert abs(tidy - wanted) <= _bound(wanted, len(pieces)) + 1e-9
    # Coverage is not drawn but met: each pull request within 5 points, all of them together within two.
    shares = [measure(plan).statements for plan in plans]
    assert all(abs(share - habits.test_coverage) <= 0.05 for share in shares)
    assert abs(sum(shares) / len(shares) - habits.test_coverage) <= 0.02
    aware = sum(plan.security_reviewed for plan in plans) / len(plans)
    assert abs(aware - habits.security_awareness) <= _bound(habits.security_awareness, len(plans)) + 1e-9
    decided = sum(any(one.kind == "decision" for one in plan.companions) for plan in plans) / len(plans)
    assert abs(decided - habits.architectural_impact) <= _bound(habits.architectural_impact, len(plans)) + 1e-9


def test_what_the_description_says_about_security_follows_the_persona():
    described = ["## Security" in create_pull_request(author="tech_lead", seed=seed).description for seed in range(100)]
    assert abs(sum(described) / 100 - 0.9) <= _bound(0.9, 100)


def test_the_figures_are_those_of_the_design():
    lead = persona("tech_lead")
    assert (lead.security_awareness, lead.architectural_impact) == (0.9, 0.8)
    assert set(BUILT_IN) <= set(personas())


def test_people_and_companies_look_like_people_and_companies():
    everybody = [person for name in ("junior_developer", "senior_developer", "tech_lead") for person in people_of(name)]
    assert all(re.fullmatch(r"[a-z]\.[a-z]+", person.username) for person in everybody)
    assert all(re.fullmatch(r"[a-z0-9.-]+@[a-z.]+\.example", person.email) for person in everybody)
    assert any(not person.name.isascii() for person in everybody)
    assert named("Łukasz Groß").username == "l.gross"
    assert named("release-bot").username == "release-bot"
    assert len({company.name for company in companies()}) == len(companies()) >= 100
    pull_request = create_pull_request(author="senior_developer", seed=3)
    assert author_of(pull_request) in persona("senior_developer").people
    assert any(company.name in pull_request.description for company in companies())


def test_the_library_does_not_wait_for_faker():
    import subprocess
    import sys

    code = "import sys; from QMSLibrary.data import create_pull_request as make; make(); print('faker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


GOOD = """\
summary: Tries things out
size: 0.4
documentation_completeness: 0.1
test_coverage: 0.5
code_style_adherence: 0.3
documentation_file: false
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_tester_adds_a_persona_by_adding_a_file(own):
    (own / "intern.yaml").write_text(GOOD + "people: [Ada Byron]\n")
    assert "intern" in personas()
    assert set(BUILT_IN) <= set(personas())
    assert create_pull_request(author="intern").author == "a.byron"
    (own / "intern.yaml").write_text(GOOD.replace("0.3", "0.9"))
    assert persona("intern").code_style_adherence == 0.9
    assert len(persona("intern").people) > 3


def test_a_folder_beside_the_suites_is_found_without_any_setting(tmp_path, monkeypatch):
    (tmp_path / "variables" / "personas").mkdir(parents=True)
    (tmp_path / "variables" / "personas" / "intern.yaml").write_text(GOOD)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert persona("intern").size == 0.4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            GOOD.replace("test_coverage: 0.5", "test_coverage: 50"),
            "line 4: test_coverage: a number from 0 to 1 is expected, not 50",
        ),
        (GOOD.replace("size: 0.4", "size: small"), "line 2: size: a number from 0.1 to 5 is expected, not 'small'"),
        (GOOD.replace("size: 0.4\n", ""), "line 1: The field 'size' is missing"),
        (
            GOOD + "documentation_completness: 1\n",
            "line 7: There is no field of a persona 'documentation_completness'. Did you mean",
        ),
        (GOOD.replace("false", "perhaps"), "line 6: documentation_file: true or false is expected"),
        (GOOD + "people: Ada\n", "line 7: people: a list of names is expected"),
        ("- a\n- b\n", "line 1: fields with values are expected"),
        ("summary: [\n", "this is no YAML"),
        ("", "line 1: fields with values are expected"),
    ],
)
def test_a_wrong_persona_is_refused_with_file_line_and_field(own, text, said):
    (own / "intern.yaml").write_text(text)
    with pytest.raises(WishError) as error:
        create_pull_request(author="intern")
    assert said in str(error.value)
    assert "intern.yaml" in str(error.value)


def test_an_empty_author_is_named_with_the_choices():
    with pytest.raises(WishError, match=r"author is empty\. Choose one of: bot, .*; or leave author out"):
        create_pull_request(author=" ")


def test_a_folder_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, "/nowhere/personas")
    with pytest.raises(WishError, match="QMS_PERSONAS names /nowhere/personas, which is no folder"):
        persona("bot")
