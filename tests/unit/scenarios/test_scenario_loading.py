"""A scenario is checked as a whole before anything is done, and every mistake has its line."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_files import CHECKOUT, SHIPPED, WHOLE

from QMSLibrary.scenarios import ScenarioError
from QMSLibrary.scenarios.faults import FAULTS
from QMSLibrary.scenarios.loading import load, read
from QMSLibrary.scenarios.parts import KINDS, Where

HEAD = "description: x\nsteps:\n"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_ones_are_sound(path):
    loaded = load(path.stem)
    assert loaded.path == path
    assert loaded.scenario.description
    assert not loaded.outside


def test_everything_that_can_be_said(written):
    loaded = read(written(WHOLE))
    assert {part.kind for _, part in loaded.scenario.all_parts()} == set(KINDS)
    assert loaded.scenario.wishes()["hotfix"].files == 6
    assert loaded.title == "All there is"
    assert loaded.scenario.required() == ["clock", "process_control"]


def test_a_part_is_told_by_its_way_and_its_line(written):
    loaded = read(written(WHOLE))
    told = {str(at): loaded.line(at.steps) for at, _ in loaded.scenario.all_parts()}
    lines = WHOLE.splitlines()
    for way, text in {
        "steps 2": "trigger: {step",
        "steps 30 → parallel": "parallel:",
        "steps 30 → parallel → hotfix → 1 → sequence → 1": "            - trigger",
        "steps 31 → repeat → 1": "log: Round",
        "steps 33 → when → else → 1": "else: [log",
    }.items():
        assert text in lines[int(told[way].rsplit(":", 1)[1]) - 1], way


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "got nothing; expected a mapping with `description:` and `steps:`"),
        ("- trigger\n", 1, 1, "got a list; expected a mapping"),
        ("steps: [trigger]\n", 1, 1, "description: got nothing; expected `description:` with its value"),
        ("description: x\n", 1, 1, "steps: got nothing"),
        ("description: x\nsteps: []\n", 2, 8, "steps: got an empty list; expected at least 1 of them"),
        ("description: 7\nsteps: [trigger]\n", 1, 14, "got 7; expected a text"),
        ("descripton: x\nsteps: [trigger]\n", 1, 1, "got an unknown key; expected one of name, description"),
        ("descripton: x\nsteps: [trigger]\n", 1, 1, "Did you mean 'description'?"),
        (HEAD + "  - trigger\n  - wait_for_stp: dor_validation\n", 4, 5, "Did you mean 'wait_for_step'?"),
        (HEAD + "  - wait_for_step: dor_validaton\n", 3, 20, "expected one of dor_validation, progress_reviews"),
        (HEAD + "  - wait_for_step: dor_validaton\n", 3, 20, "Did you mean 'dor_validation'?"),
        (HEAD + "  - wait_for_step: {step: dor_validation, timout: 3}\n", 3, 43, "Did you mean 'timeout'?"),
        (HEAD + "  - wait_for_step: {step: dor_validation, timeout: soon}\n", 3, 52, "expected a time such as"),
        (HEAD + "  - wait_for_step\n", 3, 5, "step: got nothing; expected `step:` with its value"),
        (
            HEAD + "  - wait_for_step: dor_validation\n    trigger: {}\n",
            3,
            5,
            "got wait_for_step, trigger; expected a step with one of",
        ),
        (HEAD + "  - 5\n", 3, 5, "expected a step: a mapping such as"),
        (HEAD + "  - trigger: {step_by_step: yes}\n", 3, 29, "got 'yes'; expected true or false"),
        (HEAD + "  - trigger: {as_role: boss}\n", 3, 24, "expected one of developer, qa_lead, manager, admin"),
        (HEAD + "  - escalation_exists: L1\n", 3, 24, "expected one of L0_CRITICAL"),
        (HEAD + "  - escalation_exists: {level: L1_IMMEDIATE, count: -1}\n", 3, 53, "got -1; expected at least 0"),
        (HEAD + "  - give_feedback: 6\n", 3, 20, "got 6; expected at most 5.0"),
        (
            HEAD + "  - give_feedback: {rating: 4, comment: Good, and quick}\n",
            3,
            47,
            "A text with a comma in { } is written in quotes",
        ),
        (HEAD + "  - audit_contains: gate.overriden\n", 3, 21, "Did you mean 'gate.overridden'?"),
        (HEAD + "  - events_sequence: [workflow.start]\n", 3, 23, "Did you mean 'workflow.started'?"),
        (HEAD + "  - components_agree: [dashbord]\n", 3, 24, "Did you mean 'dashboard'?"),
        (
            HEAD + "  - step_passed: {step: dor_validation, checks: tests_coverd}\n",
            3,
            49,
            "Did you mean 'tests_covered'?",
        ),
        (HEAD + "  - findings: {xss: bad}\n", 3, 15, "the severities are low, medium, high, critical"),
        (HEAD + "  - inject: {service_kiled: dashboard}\n", 3, 14, "Did you mean 'service_killed'?"),
        (HEAD + "  - inject: {service_killed: dashbord}\n", 3, 30, "Did you mean 'dashboard'?"),
        (HEAD + "  - lift: {service_killed: dashboard}\n", 3, 11, "this was never injected"),
        (HEAD + "  - expect: state is COMPLETD\n", 3, 13, "Did you mean 'COMPLETED'?"),
        (HEAD + "  - expect: stat is COMPLETED\n", 3, 13, "Did you mean 'state'?"),
        (HEAD + "  - expect: state == COMPLETED\n", 3, 13, "expected a condition such as"),
        (HEAD + "  - expect: reasons is missing_tests\n", 3, 13, "because it is a list"),
        (HEAD + "  - expect: progress > much\n", 3, 13, "got 'much'; expected a number"),
        (HEAD + "  - expect: environment can clock\n", 3, 13, "expected a condition about the workflow"),
        (
            HEAD + "  - when: {if: environment can fly, then: [trigger]}\n",
            3,
            16,
            "expected one of clock, process_control",
        ),
        (
            HEAD + "  - when: {if: __import__('os') is 1, then: [trigger]}\n",
            3,
            16,
            "expected a variable, or one of state",
        ),
        (HEAD + "  - when: {then: [trigger]}\n", 3, 11, "if: got nothing"),
        (HEAD + "  - repeat: {steps: [trigger]}\n", 3, 13, "got a repeat without a bound; expected `times: 3`"),
        (
            HEAD + "  - repeat: {until: state is COMPLETED, steps: [trigger]}\n",
            3,
            21,
            "expected `at_most: 5` beside `until:`",
        ),
        (HEAD + "  - repeat: {times: 1000, steps: [trigger]}\n", 3, 21, "got 1000; expected at most 200"),
        (HEAD + "  - repeat: {times: many, steps: [trigger]}\n", 3, 21, "got 'many'; expected a whole number"),
        (
            HEAD + "  - repeat: {times: 2, counter: My Count, steps: [trigger]}\n",
            3,
            33,
            "expected a name of small letters",
        ),
        (HEAD + "  - repeat: {times: 2, counter: main, steps: [trigger]}\n", 3, 33, "the name 'main' is taken"),
        (HEAD + "  - parallel: {main: [trigger]}\n", 3, 15, "expected at least 2 of them"),
        (
            HEAD + "  - parallel:\n      main: [trigger]\n      hotfx: [trigger]\n",
            5,
            7,
            "there is no pull request 'hotfx'",
        ),
        (
            HEAD + "  - trigger: {pull_request: other}\n",
            3,
            29,
            "there is no pull request 'other'; expected one of main",
        ),
        (HEAD + "  - log: ${{1 + 1}}\n", 3, 10, "expected a plain variable"),
        (HEAD + "  - log: ${x.upper()}\n", 3, 10, "A scenario holds no Python"),
        (HEAD + "  - log: '%{HOME}'\n", 3, 10, "expected a plain variable"),
        (HEAD + "  - trigger: {pull_request: '${x}'}\n", 3, 29, "expected a name of small letters"),
        ("description: x\npull_request: {author: nobody}\nsteps: [trigger]\n", 2, 24, "There is no persona 'nobody'"),
        (
            "description: x\npull_request: {security_issues: {sql_injektion: high}}\nsteps: [trigger]\n",
            2,
            33,
            "Did you mean 'sql_injection'?",
        ),
        ("description: x\npull_request: {files: two}\nsteps: [trigger]\n", 2, 23, "got 'two'; expected a whole number"),
        (
            "description: x\npull_request:\n  files: 3\n  lines_changed: 2\nsteps: [trigger]\n",
            3,
            3,
            "lines_changed=2 is too few for 3 files",
        ),
        (
            "description: x\npull_request: {complexity: huge}\nsteps: [trigger]\n",
            2,
            28,
            "There is no complexity 'huge'",
        ),
        ("description: x\nneeds: [clocks]\nsteps: [trigger]\n", 2, 9, "Did you mean 'clock'?"),
        ("description: x\nvariables: {Main: 1}\nsteps: [trigger]\n", 2, 13, "expected a name of small letters"),
        ("description: x\nvariables: {main: 1}\nsteps: [trigger]\n", 2, 13, "the name 'main' is taken"),
        (
            "description: x\npull_requests: {a_b: {}, ab: {}}\nsteps: [trigger]\n",
            2,
            26,
            "the name 'ab' is taken by 'a_b'",
        ),
        ("description: x\nsteps: [trigger]\nsteps: [trigger]\n", 3, 1, "the same key twice"),
        ("description: x\n\tsteps: [trigger]\n", 2, 1, "there is a tab"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(written, text, line, column, said):
    path = written(text)
    with pytest.raises(ScenarioError) as error:
        read(path)
    message = str(error.value)
    assert any(one.startswith(f"{path} line {line} column {column}: ") for one in message.splitlines()), message
    assert said in message


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(written):
    path = written("description: x\npull_request: {fils: 3}\nsteps:\n  - trigr\n  - wait_for_step: dor\n")
    with pytest.raises(ScenarioError) as error:
        read(path)
    assert re.findall(r"line (\d+)", str(error.value)) == ["2", "4", "5"]


def test_branches_do_not_share_a_pull_request(written):
    text = (
        "description: x\npull_requests: {b: {}, c: {}}\nsteps:\n  - parallel:\n      main: [trigger]\n"
        "      b:\n        - trigger: {pull_request: main}\n"
    )
    with pytest.raises(ScenarioError, match=r"line 6 .*the branches main and b are both about the pull request 'main'"):
        read(written(text))
    assert read(written(text.replace("pull_request: main", "pull_request: c")))


def test_overrides_are_put_where_the_file_would_have_them(written):
    path = written(WHOLE)
    scenario = read(path, {"files": "9", "hotfix.files": "4", "rounds": "5", "repository": "other/place"}).scenario
    assert (scenario.pull_request.files, scenario.pull_requests["hotfix"].files) == (9, 4)
    assert scenario.variables["rounds"] == 5
    # The hotfix has a repository of its own in this file, so it stays there.
    assert scenario.pull_request.repository == "other/place"
    assert scenario.pull_requests["hotfix"].repository == "me/mine"
    plain = "description: x\npull_requests: {b: , c: {}}\nsteps: [trigger]\n"
    shared = read(written(plain), {"repository": "a/b"}).scenario
    assert {one.repository for one in shared.wishes().values()} == {"a/b"}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"fils": 3}, r"`Run Scenario` with fils=3: the scenario mine has no 'fils'\. Did you mean 'files'\?"),
        ({"files": "3x"}, r"`Run Scenario` with files=3x: pull_request\.files: got '3x'; expected a whole number"),
        ({"hotfx.files": 3}, r"has no 'hotfx\.files'\. Did you mean 'hotfix\.files'\?"),
        ({"hotfix.author": "x"}, r"with hotfix\.author=x: pull_requests\.hotfix\.author: There is no persona 'x'"),
    ],
)
def test_an_override_that_is_wrong(written, overrides, said):
    with pytest.raises(ScenarioError, match=said):
        read(written(WHOLE), overrides)


def test_variables_from_outside_are_known_with_their_place(written):
    loaded = read(written(HEAD + "  - log: in ${REPOSITORY} for ${main}\n"))
    assert {name: (place.line, place.column) for name, place in loaded.outside.items()} == {"REPOSITORY": (3, 10)}


def test_names_and_files(written, monkeypatch, tmp_path):
    with pytest.raises(ScenarioError, match=r"no scenario 'normal_pul_request'\. Did you mean 'normal_pull_request'\?"):
        load("normal_pul_request")
    with pytest.raises(ScenarioError, match=r"no file 'none\.yaml'"):
        load("none.yaml")
    assert load("Normal Pull Request").id == "normal_pull_request"
    (tmp_path / "resources" / "scenarios").mkdir(parents=True)
    (tmp_path / "resources" / "scenarios" / "ours.yml").write_text(HEAD + "  - trigger\n")
    monkeypatch.chdir(tmp_path)
    assert load("ours").line(("steps", 0)) == "resources/scenarios/ours.yml:3"
    assert load("missing_tests").id == "missing_tests"


def test_a_way_in_words():
    assert str(Where(("steps",), ("steps",)).item(2).into("repeat", word="repeat").within(("steps",)).item(0)) == (
        "steps 3 → repeat → 1"
    )


LINES = WHOLE.splitlines(keepends=True)
SOURCES = [WHOLE, *(path.read_text(encoding="utf-8") for path in SHIPPED)]
SNIPPETS = st.sampled_from(
    ["${x}", "${", "[", "]", "{", "}", ":", "- ", "\t", "'", '"', "&a ", "*a", "<<: ", "null", "yes", "-1", "1e999", "!!x ",
     "steps", "é", "\u2028", "\x00", "999999999999999999999", ".nan", "?", "|", ">", "%", "@", "\n", "  ", "#", "---\n"]
)  # fmt: skip


@st.composite
def mutations(draw):
    """A good file with a few letters, words or lines changed."""
    text = draw(st.sampled_from(SOURCES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["delete", "insert", "letters", "line", "move", "word"])):
            case "delete":
                text = text[:start] + text[start + draw(st.integers(1, 30)) :]
            case "insert":
                text = text[:start] + draw(SNIPPETS) + text[start:]
            case "letters":
                text = text[:start] + draw(st.text(max_size=5)) + text[start:]
            case "line":
                lines = text.splitlines(keepends=True)
                if lines:
                    del lines[start % len(lines)]
                text = "".join(lines)
            case "move":
                lines = text.splitlines(keepends=True)
                if lines:
                    lines.insert(draw(st.integers(0, len(lines))), lines[start % len(lines)])
                text = "".join(lines)
            case "word":
                words = re.split(r"(\w+)", text)
                if len(words) > 1:
                    words[(start % (len(words) // 2)) * 2 + 1] = draw(SNIPPETS)
                text = "".join(words)
    return text


@settings(max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=mutations())
def test_whatever_is_in_a_file_it_loads_or_is_refused_in_words(tmp_path, text):
    path = tmp_path / "mutation.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        read(path)
    except ScenarioError as error:
        message = str(error)
        assert re.match(rf"{re.escape(str(path))} line \d+ column \d+: ", message), message
        assert not re.search(r"Traceback|pydantic|Input should|NoneType|object at 0x|<class", message), message


def test_the_guide_names_every_kind_of_step_and_its_first_scenario_is_sound(written):
    guide = (CHECKOUT / "docs" / "guide.md").read_text(encoding="utf-8")
    for name in (*KINDS, *FAULTS):
        assert f"`{name}`" in guide or f"{name}: " in guide, name
    first, shapes = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert len([line for line in first.splitlines() if line.strip()]) <= 15
    read(written(first))
    read(written(f"description: x\npull_requests: {{hotfix: {{}}}}\nsteps:\n{shapes}"))
