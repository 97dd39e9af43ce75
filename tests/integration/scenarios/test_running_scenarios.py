"""Scenarios as suites run them, on the embedded reference QMS."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from robot.api import ExecutionResult

from QMSLibrary.history.journal import acts_in, read

ROOT = Path(__file__).parents[3]


def run(folder, tests, *options, settings="", library=""):
    suite = folder / "suite.robot"
    suite.write_text(f"*** Settings ***\nLibrary    QMSLibrary{library}\n{settings}\n*** Test Cases ***\n{tests}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QMS_ENV")}
    done = subprocess.run(
        [sys.executable, "-m", "robot", "--outputdir", str(folder / "out"), *options, str(suite)],
        cwd=ROOT,
        env={**environment, "QMS_HISTORY_DIR": str(folder / "history")},
        capture_output=True,
        text=True,
        timeout=150,
    )
    result = ExecutionResult(str(folder / "out" / "output.xml"))
    return {test.name: test for test in result.suite.all_tests}, done.stdout + done.stderr


def tree(item, depth=0):
    """What the log shows, one line each: kind, name, arguments, status."""
    lines = []
    for one in item.body:
        if one.type == "MESSAGE":
            continue
        arguments = "    ".join(("", *map(str, one.args))) if one.type == "KEYWORD" else ""
        lines += [f"{'  ' * depth}{one.type} {one.name}{arguments} [{one.status}]", *tree(one, depth + 1)]
    return lines


def messages(item):
    for one in item.body:
        if one.type == "MESSAGE":
            yield one.message
        else:
            yield from messages(one)


@pytest.fixture
def scenario(tmp_path):
    def write(text, name="mine"):
        (tmp_path / f"{name}.yaml").write_text(text)
        return tmp_path / f"{name}.yaml"

    return write


HELD = """\
description: Two reviews are held at the same time
pull_request: {complexity: low}
pull_requests:
  other: {complexity: low, language: python}
steps:
  - parallel:
      main:
        - trigger: {step_by_step: true}
        - wait_for_step: dor_validation
        - expect: {pull_request: main, that: state is DOR_PENDING}
        - repeat:
            until: state is COMPLETED
            at_most: 4
            steps: [wait_for_step: current, progress]
      other:
        - trigger: {step_by_step: true}
        - wait_for_step: dor_validation
        - expect: state is DOR_PENDING
        - progress
        - wait_for_step: progress_reviews
"""


def test_branches_really_are_under_review_at_the_same_time(tmp_path, scenario):
    tests, output = run(
        tmp_path,
        f"""Held
    ${{run}} =    Run Scenario    {scenario(HELD)}
    ${{main}} =    Get Workflow    workflow=${{run.workflows}}[main]
    ${{other}} =    Get Workflow    workflow=${{run.workflows}}[other]
    Should Be Equal As Strings    ${{main.state}}    COMPLETED
    Should Be Equal As Strings    ${{other.state}}    PROGRESS_PENDING
    Should Be True    $other.created_at < $main.completed_at
    # Afterwards the current workflow is the main one, though the other was triggered last.
    Get Workflow    id    ==    ${{main.id}}
""",
    )
    assert tests["Held"].passed, output
    done = [(act.action, act.workflow_id) for act in acts_in(list(read(tmp_path / "history")))]
    starts = [number for number, (action, _) in enumerate(done) if action == "start_workflow"]
    progressed = [number for number, (action, _) in enumerate(done) if action == "progress"]
    # Both were begun before anything was let through, and then they took turns.
    assert len(starts) == 2
    assert max(starts) < min(progressed)
    first_two = {done[number][1] for number in progressed[:2]}
    assert len(first_two) == 2
    # In the log each turn has one part of each branch, in the order of the file, with its whole path.
    shown = tree(tests["Held"].body[0])
    turn = shown.index("  GROUP turn 1 [PASS]")
    assert [line.strip() for line in shown[turn : turn + 5]] == [
        "GROUP turn 1 [PASS]",
        "GROUP main: trigger (steps 1 → parallel → main → 1) [PASS]",
        "KEYWORD Trigger Workflow    ${main}    step_by_step=True [PASS]",
        "GROUP other: trigger (steps 1 → parallel → other → 1) [PASS]",
        "KEYWORD Trigger Workflow    ${other}    step_by_step=True [PASS]",
    ]


def test_the_log_of_two_runs_is_the_same_and_so_are_the_pull_requests(tmp_path, scenario):
    file = scenario(HELD)
    logs, titles = [], []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        tests, output = run(
            tmp_path / name,
            f"""Held
    ${{run}} =    Run Scenario    {file}    seed=11    other.seed=12
    Log    TITLES ${{run.pull_requests['main'].title}} ${{run.pull_requests['other'].title}}
""",
        )
        assert tests["Held"].passed, output
        logs.append(tree(tests["Held"]))
        titles.append([one for one in messages(tests["Held"]) if one.startswith("TITLES")])
    assert titles[0] == titles[1]
    # Only what was logged just now is told apart: the line with the titles.
    assert logs[0] == logs[1]


def test_every_part_is_a_keyword_of_its_own(tmp_path, scenario):
    file = scenario(
        """\
description: A short one
variables: {mode: strict}
pull_request: {complexity: low, missing_tests: true, repository: "${PLACE}"}
steps:
  - trigger
  - wait_for_step: dor_validation
  - when:
      if: reasons contains missing_tests
      then:
        - name: Mend it
          sequence: [fix, retry: dor_validation]
      else: [log: "This must not happen"]
  - when:
      if: ${mode} is lax
      then: [log: "Nor this"]
  - wait_for_workflow: COMPLETED
"""
    )
    tests, output = run(
        tmp_path,
        f"Short\n    VAR    ${{PLACE}}    here/there    scope=TEST\n    Run Scenario    {file}\n",
        library="    AS    Q",
    )
    assert tests["Short"].passed, output
    assert tree(tests["Short"].body[1]) == [
        "GROUP pull request [PASS]",
        "  KEYWORD Create Pull Request    complexity=low    missing_tests=True    repository=${PLACE} [PASS]",
        "KEYWORD Trigger Workflow    ${main} [PASS]",
        "KEYWORD Wait For Step    dor_validation [PASS]",
        "GROUP when reasons contains missing_tests [PASS]",
        "  KEYWORD Get Workflow    step [PASS]",
        "  KEYWORD Get Step    ${current step}    failure_reasons [PASS]",
        "  KEYWORD Log    reasons contains missing_tests: yes. Seen: reasons is ['missing_tests'] [PASS]",
        "  GROUP Mend it [PASS]",
        "    KEYWORD Fix Pull Request    ${main} [PASS]",
        "    KEYWORD Retry Step    dor_validation    pull_request=${main} [PASS]",
        "GROUP when ${mode} is lax [PASS]",
        "  KEYWORD Log    mode is lax: no. Seen: mode is strict [PASS]",
        "KEYWORD Wait For Workflow    state=COMPLETED [PASS]",
    ]


def test_a_part_that_fails_is_told_with_its_way_and_line_and_the_other_branch_goes_on(tmp_path, scenario):
    file = scenario(
        """\
description: One branch fails, and so does another one later
pull_request: {complexity: low}
pull_requests: {other: {complexity: low}}
steps:
  - trigger
  - parallel:
      main:
        - wait_for_step: dor_validation
        - step_failed: dor_validation
        - log: never reached
      other:
        - trigger
        - wait_for_workflow
        - repeat:
            times: 2
            steps:
              - expect: state is DOR_FAILED
"""
    )
    tests, _ = run(tmp_path, f"Fails\n    Run Scenario    {file}\n")
    lines = tests["Fails"].message.splitlines()
    assert lines[0] == f"Scenario mine failed at steps 2 → parallel → main → 2 (step_failed), {file}:9"
    assert re.match(r"The step dor_validation of workflow \w+: not as expected\.", lines[1])
    assert f"Also at steps 2 → parallel → other → 3 → repeat → time 1 → 1 (expect), {file}:17" in lines
    also = lines.index(f"Also at steps 2 → parallel → other → 3 → repeat → time 1 → 1 (expect), {file}:17")
    assert "DOR_FAILED" in "\n".join(lines[also:])
    assert "never reached" not in "\n".join(messages(tests["Fails"]))


BROKEN = """\
description: Something is broken on purpose
pull_request: {complexity: low}
steps:
  - trigger: {step_by_step: true}
  - inject: {service_killed: dashboard}
  - inject: {service_stopped: escalation}
"""


def test_what_was_broken_is_put_right_also_when_the_scenario_fails_or_its_time_is_up(tmp_path, scenario):
    fails = scenario(BROKEN + "  - components_agree\n", "fails")
    late = scenario(BROKEN + "  - wait_for_workflow: {state: COMPLETED, timeout: 3 seconds}\n", "late")
    tests, output = run(
        tmp_path,
        f"""Fails
    TRY
        Run Scenario    {fails}
    EXCEPT    Scenario fails failed at steps 4 (components_agree)*    type=GLOB
        Components Should Agree    within=10 seconds
    END
Late
    [Timeout]    2 seconds
    Run Scenario    {late}
    [Teardown]    Components Should Agree    within=10 seconds
After
    ${{pr}} =    Create Pull Request    complexity=low
    Trigger Workflow    ${{pr}}
    Wait For Workflow    state=COMPLETED
    Components Should Agree    within=10 seconds
""",
        settings="Suite Setup    Use Environment    own=True\n",
    )
    assert tests["Fails"].passed, output
    assert tests["Late"].message == "Test timeout 2 seconds exceeded."
    assert tests["Late"].teardown.passed
    assert [line.strip() for line in tree(tests["Late"].body[0])][-4:] == [
        "GROUP clean up: service_stopped [PASS]",
        "KEYWORD Start Service    escalation [PASS]",
        "GROUP clean up: service_killed [PASS]",
        "KEYWORD Start Service    dashboard [PASS]",
    ]
    assert tests["After"].passed, tests["After"].message


def test_a_scenario_that_disturbs_others_takes_an_environment_of_its_own(tmp_path, scenario):
    overdue = scenario(
        """\
description: An approval that does not come is escalated once
pull_request: {complexity: low}
steps:
  - trigger: {approval_required: true}
  - wait_for_step: final_review
  - when:
      if: environment can clock
      then:
        - advance_clock: 61 minutes
        - escalation_exists: {level: L3_STANDARD, reason: final approval overdue, count: 1}
"""
    )
    tests, output = run(
        tmp_path,
        f"""Outage
    Run Scenario    dashboard_outage
Overdue
    Run Scenario    {overdue}
    ${{environment}} =    Get Environment
    Should Be True    ${{environment.own}}
Back
    ${{environment}} =    Get Environment
    Should Not Be True    ${{environment.own}}
    Run Keyword And Expect Error    *is shared, so its services are not to kill*    Kill Service    dashboard
""",
    )
    assert {name: test.message for name, test in tests.items() if not test.passed} == {}, output


def test_mistakes_and_what_cannot_be_done_here(tmp_path, scenario):
    wrong = scenario("description: x\nsteps: [trigr]\n", "wrong")
    early = scenario("description: x\npull_requests: {b: {}}\nsteps: [wait_for_workflow: {pull_request: b}]\n", "early")
    never = scenario(
        "description: x\nsteps:\n  - trigger: {step_by_step: true}\n"
        "  - repeat: {until: state is COMPLETED, at_most: 2, steps: [wait_for_step: dor_validation]}\n",
        "never",
    )
    needs = scenario("description: x\nneeds: [network_faults]\nsteps: [trigger]\n", "needs")
    outside = scenario("description: x\nsteps: [log: '${NOWHERE}']\n", "outside")
    times = scenario("description: x\nvariables: {n: many}\nsteps: [repeat: {times: '${n}', steps: [fix]}]\n", "times")
    wish = scenario(
        "description: x\nvariables: {who: nobody}\npull_request: {author: '${who}'}\nsteps: [trigger]\n", "wish"
    )
    rows = {"Wrong": wrong, "Early": early, "Never": never, "Needs": needs}
    rows |= {"Outside": outside, "Times": times, "Wish": wish}
    tests, _ = run(
        tmp_path,
        "".join(f"{name}\n    Run Scenario    {file}\n" for name, file in rows.items())
        + f"Listed\n    ${{all}} =    Get Scenarios\n    Length Should Be    ${{all}}    6\n"
        f"    Should Be Equal    ${{all}}[1][needs]    ${{{{['process_control']}}}}\n"
        f"    Run Keyword And Expect Error    *Did you mean 'trigger'*    Scenario Should Be Sound    {wrong}\n"
        "    Scenario Should Be Sound    normal_pull_request\n",
    )
    said = {name: test.message for name, test in tests.items()}
    assert said["Wrong"].startswith(f"{wrong} line 2 column 9: steps.1.trigr: got 'trigr'; expected a step, one of")
    assert said["Early"] == (
        f"Scenario early failed at steps 1 (wait_for_workflow), {early}:3\nThe pull request b has not been triggered.\n"
        "Expected: `trigger` before this step, with `pull_request: b`"
    )
    assert "After 2 times it is still not so that state is COMPLETED.\nSeen: state is DOR_PENDING" in said["Never"]
    assert tests["Needs"].status == "SKIP"
    assert "cannot do network_faults" in said["Needs"]
    assert said["Outside"].startswith(f"{outside} line 2 column 14: there is no variable ${{NOWHERE}}.")
    assert "times is 'many', by the variable n.\nExpected: a whole number from 1 to 200" in said["Times"]
    assert said["Wish"].startswith(f"{wish}:3: There is no persona 'nobody'.")
    assert tests["Listed"].passed, said["Listed"]


def test_a_dry_run_tells_what_is_not_sound(tmp_path, scenario):
    wrong = scenario("description: x\nsteps: [trigr]\n")
    tests, output = run(
        tmp_path,
        f"""Good
    Run Scenario    normal_pull_request    files=15    repository=${{ANY}}
Unknown
    Run Scenario    ${{SOME}}
Wrong
    Run Scenario    {wrong}
Option
    Run Scenario    normal_pull_request    fils=15
""",
        "--dryrun",
    )
    assert {name for name, test in tests.items() if test.passed} == {"Good", "Unknown"}, output
    assert "line 2 column 9" in tests["Wrong"].message
    assert "Did you mean 'files'?" in tests["Option"].message
    assert not (tmp_path / "history").exists()


def test_branches_take_turns_also_inside_one_another(tmp_path, scenario):
    file = scenario(
        """\
description: Nothing but sentences
pull_requests: {b: {}, c: {}, d: {}}
steps:
  - parallel:
      main:
        - log: main 1
        - repeat: {times: 2, counter: turn, steps: [log: "main round ${turn}"]}
      b:
        - parallel:
            c: [log: c 1, log: c 2]
            d: [log: d 1]
        - when: {if: environment cannot network_faults, then: [log: b 1]}
  - log: after
"""
    )
    tests, output = run(tmp_path, f"Turns\n    Run Scenario    {file}\n")
    assert tests["Turns"].passed, output
    said = [one for one in messages(tests["Turns"]) if re.fullmatch(r"(main|b|c|d|after)( round)?( \d)?", one)]
    assert said == ["main 1", "c 1", "main round 1", "d 1", "main round 2", "c 2", "b 1", "after"]
