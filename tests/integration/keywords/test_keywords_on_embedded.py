"""The keywords, run by robot as a tester runs them, on the embedded reference QMS."""

import signal
import time

import pytest
from robot.api import ExecutionResult
from robot_runs import run, start

from QMSLibrary.history.entries import Act, Observation, Outcome
from QMSLibrary.history.journal import acts_in, read


def history(folder):
    return list(read(folder / "history"))


def messages(item):
    for one in getattr(item, "body", []):
        if hasattr(one, "message") and hasattr(one, "level"):
            yield one.message
        else:
            yield from messages(one)


def test_a_review_from_its_start_to_its_end(tmp_path):
    tests, output = run(
        tmp_path,
        """
*** Test Cases ***
Whole
    Start Recording Events
    ${pr} =    Create Pull Request    complexity=low
    ${workflow} =    Trigger Workflow    ${pr}
    Should Be Equal    ${pr}[title]    ${workflow.pull_request.title}
    ${events} =    Wait For Event Sequence
    Length Should Be    ${events}    4
    ${step} =    Wait For Step    dor_validation
    Should Be Equal As Strings    ${step}[status]    passed
    ${done} =    Wait For Workflow    state=COMPLETED
    Should Be Equal    ${done.id}    ${workflow.id}
    Get Workflow    state    ==    COMPLETED
    Get Workflow    progress    ==    100    workflow=${workflow.id}
    Get Step    final_review    status    ==    passed    workflow=${done}
    Security Scan Should Have Found
    Components Should Agree
    Events Should Be Consistent
    Give Feedback    4.5
    Workflow Should Meet
    Audit Trail Should Contain    feedback.given    role=developer    count=1
    Verify Audit Trail
    Escalation Should Exist    L0_CRITICAL    count=0
    Get Response Times    error_rate    ==    0
    Get Throughput    >    0
    ${rate} =    Completion Rate Should Be    ${{[$done]}}    at_least=100 %
""",
    )
    assert tests["Whole"].passed, output + tests["Whole"].message
    entries = history(tmp_path)
    acts = acts_in(entries)
    workflow = next(act.workflow_id for act in acts if act.action == "start_workflow")
    assert [act.action for act in acts if act.action == "log_in" and act.role == "developer"] == ["log_in"]
    assert all(act.outcome is Outcome.DONE and act.correlation_id and act.test.endswith(".Whole") for act in acts)
    seen = [one for one in entries if isinstance(one, Observation)]
    assert {one.workflow_id for one in seen} == {workflow}
    assert {one.service for one in seen} >= {"orchestration", "decision", "dashboard"}
    told = "\n".join(messages(tests["Whole"]))
    assert "Polled" not in told
    assert "HTTP Request" not in told
    # One look at most when it begins to wait, and one per verdict that woke it: nothing is asked in between.
    looks = [act for act in acts if act.action == "workflow"]
    assert len(looks) <= 20


def test_what_was_triggered_belongs_to_the_test_and_its_suite_set_up(tmp_path):
    tests, _ = run(
        tmp_path,
        """
Suite Setup    Prepare

*** Test Cases ***
Sees The Set-Up's Workflow
    Get Workflow    pull_request.id    ==    ${FIRST.id}

Has Its Own
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Get Workflow    pull_request.id    ==    ${pr.id}

Does Not See The Test's Before It
    Get Workflow    pull_request.id    ==    ${FIRST.id}

An Environment Of Its Own Has Nothing Yet
    Use Environment    own=True
    Run Keyword And Expect Error    Neither this test*    Get Workflow

And Is Left With The Test
    Get Workflow    pull_request.id    ==    ${FIRST.id}
    ${environment} =    Get Environment
    Should Not Be True    ${environment.own}

*** Keywords ***
Prepare
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}    step_by_step=True
    VAR    ${FIRST} =    ${pr}    scope=SUITE
""",
    )
    assert {name: test.message for name, test in tests.items() if not test.passed} == {}


def test_mistakes_and_refusals_are_said_in_words(tmp_path):
    tests, _ = run(
        tmp_path,
        """
*** Test Cases ***
Nothing Triggered
    Wait For Workflow

No Workflows
    ${none} =    Create List
    Wait For Workflows    ${none}

Unknown Workflow
    Get Workflow    workflow=wf-nonsense

Unknown Field
    A Review
    Get Workflow    result.quality

Role Too Low
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}    as_role=developer

Bad Rating
    A Review
    Give Feedback    7

Not Failed
    A Review
    Wait For Step    dor_validation
    Retry Step    dor_validation

Shared Clock
    Advance Clock    1 hour

No Recording
    A Review
    Wait For Event Sequence

Held
    A Review
    Wait For Step    progress_reviews    timeout=500 ms

Never Comes
    ${pr} =    Create Pull Request    complexity=low    missing_tests=True
    Trigger Workflow    ${pr}
    Wait For Step    dod_validation

Wrong State
    A Review
    Change Workflow State    COMPLETED

Unknown Level
    A Review
    Get Escalations    level=L3

*** Keywords ***
A Review
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}    step_by_step=True
""",
    )
    for name, parts in {
        "Nothing Triggered": ["Neither this test nor its suite's set-up has triggered a workflow"],
        "No Workflows": ["There are no workflows to wait for", "Trigger Workflows"],
        "Unknown Workflow": ["404", "wf-nonsense", "orchestration"],
        "Unknown Field": ["no field 'quality'", "quality_score"],
        "Role Too Low": ["403", "as developer", "as_role"],
        "Bad Rating": ["rating must be at most 5", "got 7.0"],
        "Not Failed": ["409", "retry"],
        "Shared Clock": ["is shared", "own=True"],
        "No Recording": ["Start Recording Events"],
        "Held": ["did not come within 500 ms", "Progress Workflow", "orchestration service, asked now: healthy"],
        "Never Comes": ["does not come to the step dod_validation", "missing_tests", "Retry Step"],
        "Wrong State": ["409 illegal_transition"],
        "Unknown Level": ["There are: L0_CRITICAL"],
    }.items():
        assert not tests[name].passed, name
        for part in parts:
            assert part in tests[name].message, f"{name}: {tests[name].message}"
        assert "Traceback" not in tests[name].message


def test_a_getter_that_fails_says_whom_to_blame_and_what_to_look_at(tmp_path):
    tests, _ = run(
        tmp_path,
        """
Suite Setup    A Review

*** Test Cases ***
Workflow
    Get Workflow    state    ==    COMPLETED

Step
    Get Step    dor_validation    status    ==    passed    message=My own words come first

Component
    Get Component State    dashboard    status    ==    completed

Times
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Get Response Times    mean    <    0.001

Throughput
    Get Throughput    >    1000000    since=1 minute

Step Of A Workflow
    Get Workflow    steps.0.status    ==    passed

*** Keywords ***
A Review
    ${pr} =    Create Pull Request    complexity=low    missing_tests=True
    Trigger Workflow    ${pr}
    Wait For Workflow
    ${pr} =    Create Pull Request    complexity=low    missing_tests=True
    Trigger Workflow    ${pr}
    Wait For Workflow
    Components Should Agree
""",
    )
    for name, expected, seen, blame, look in (
        ("Workflow", "COMPLETED", "DOR_FAILED", "orchestration", "the step dor_validation: failed"),
        ("Step", "passed", "failed", "decision", "its findings: missing_tests"),
        ("Component", "completed", "failed", "dashboard", "whether it got the other services'"),
        ("Times", "less than 0.001", "", "orchestration", "the slowest request: start_workflow took "),
        ("Throughput", "more than 1000000", "", "orchestration", "the slowest request: start_workflow took "),
        ("Step Of A Workflow", "passed", "failed", "decision", "its findings: missing_tests"),
    ):
        message = tests[name].message
        assert not tests[name].passed
        for part in (f"Expected: {expected}\n", f"Seen: {seen}", f"Service to blame: {blame}\n", f"Look at: {look}"):
            assert part in message, f"{name}: {message}"
        assert "correlation id " in message
    assert tests["Step"].message.startswith("My own words come first\nThe status of dor_validation of workflow ")


def test_an_escalation_is_missed_although_orchestration_is_down_as_well(tmp_path):
    tests, _ = run(
        tmp_path,
        """
*** Test Cases ***
Down
    ${environment} =    Use Environment    own=True
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Wait For Workflow
    Escalation Should Exist    L1_IMMEDIATE    count=0
    Evaluate    $environment.kill_service('orchestration')
    Escalation Should Exist    L1_IMMEDIATE    timeout=200 ms

Unknown
    Escalation Should Exist    L1_IMMEDIATE    workflow=wf-nonsense    timeout=200 ms
""",
    )
    assert "Expected: at least one L1_IMMEDIATE\n" in tests["Down"].message
    assert "The orchestration service cannot be reached" in tests["Down"].message
    assert tests["Unknown"].message.startswith("The orchestration service answered GET ")
    assert "There is no workflow 'wf-nonsense'" in tests["Unknown"].message


def test_a_workflow_is_held_to_the_limits_that_are_named_and_to_all_without_any(tmp_path):
    tests, _ = run(
        tmp_path,
        """
*** Test Cases ***
Named
    A Review
    Workflow Should Meet    min_quality_score=1
    Workflow Should Meet    max_duration=4 hours    compliance=True

All
    A Review
    Workflow Should Meet

Overridden
    ${pr} =    Create Pull Request    complexity=low    missing_documentation=True
    Trigger Workflow    ${pr}
    Wait For Step    dor_validation
    Override Gate    dor_validation    Documentation follows    checks=documentation_updated
    Wait For Workflow
    Override Gate    dod_validation    Documentation follows    checks=documentation_complete
    Wait For Workflow    state=COMPLETED
    Workflow Should Meet    min_quality_score=1    max_duration=4 hours
    Workflow Should Meet    compliance=False
    Workflow Should Meet    compliance=True

*** Keywords ***
A Review
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Wait For Workflow    state=COMPLETED
""",
    )
    assert tests["Named"].passed, tests["Named"].message
    assert not tests["All"].passed
    assert "Seen: nobody has given feedback yet" in tests["All"].message
    assert "to blame" not in tests["All"].message
    assert "compliance_adhered True" in tests["Overridden"].message
    assert "compliance=False" not in tests["Overridden"].message


def test_a_clock_of_its_own_is_moved(tmp_path):
    tests, _ = run(
        tmp_path,
        """
*** Test Cases ***
Stuck
    Skip Unless Environment Can    clock
    Use Environment    own=True
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}    step_by_step=True
    Wait For Step    dor_validation
    ${ahead} =    Advance Clock    2 hours
    Should Be Equal As Numbers    ${ahead.total_seconds()}    7200
    ${ahead} =    Advance Clock    30 minutes
    Should Be Equal As Numbers    ${ahead.total_seconds()}    9000
    Run Keyword And Expect Error    *Time does not run backwards*    Advance Clock    -1 s
""",
    )
    assert tests["Stuck"].passed, tests["Stuck"].message


def test_robots_time_limit_ends_a_wait(tmp_path):
    began = time.monotonic()
    tests, _ = run(
        tmp_path,
        """
*** Test Cases ***
Limited
    [Timeout]    4 seconds
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}    step_by_step=True
    Wait For Workflow    timeout=1 hour

Goes On
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Wait For Workflow    state=COMPLETED
""",
    )
    assert "Test timeout 4 seconds exceeded" in tests["Limited"].message
    assert tests["Goes On"].passed, tests["Goes On"].message
    assert time.monotonic() - began < 100


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_a_history_that_can_be_read(tmp_path, how):
    process = start(
        tmp_path,
        """
*** Test Cases ***
Endless
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}    step_by_step=True
    Wait For Step    dor_validation
    Log    waiting now    console=True
    Wait For Workflow    timeout=1 hour
""",
    )
    try:
        for line in process.stdout:
            if "waiting now" in line:
                break
        process.send_signal(how)
        process.wait(20)
    finally:
        if process.poll() is None:
            process.kill()
        process.stdout.close()
    assert [entry.action for entry in history(tmp_path) if isinstance(entry, Act)][-1] == "workflow"
    if how is signal.SIGINT:
        test = next(iter(ExecutionResult(str(tmp_path / "out" / "output.xml")).suite.all_tests))
        assert "Execution terminated by signal" in test.message


def test_misspelled_options_and_wrong_things_are_answered_with_the_right_ones(tmp_path):
    tests, _ = run(
        tmp_path,
        """
*** Test Cases ***
Option
    Create Pull Request    complexty=low

Yes Or No
    Create Pull Request    missing_tests=Flase

No
    ${pr} =    Create Pull Request    complexity=low    missing_tests=no

Pull Request As Workflow
    ${pr} =    Create Pull Request    complexity=low
    Get Workflow    workflow=${pr}

Other Environment
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Use Environment    own=True
    Wait For Workflow
""",
    )
    assert tests["Option"].message.startswith(
        "`Create Pull Request` has no option 'complexty'. Did you mean 'complexity'? It has: changes, complexity, "
    )
    assert tests["Yes Or No"].message == "missing_tests: the text 'Flase' is neither yes nor no. Write True or False."
    assert tests["No"].passed
    assert tests["Pull Request As Workflow"].message.startswith(
        "workflow: expected the workflow that `Trigger Workflow` returned or its id, and got a pull request PR-"
    )
    assert "in another environment" in tests["Other Environment"].message


def test_a_dry_run_finds_misspelled_options_and_values(tmp_path):
    tests, _ = run(
        tmp_path,
        """
*** Test Cases ***
Option
    Create Pull Request    complexty=low

Value
    Wait For Step    dor_validaton

Operator
    Get Workflow    state    =>    COMPLETED

Right
    Wait For Step    dor_validation    timeout=${SOON}
    Get Workflow    state    ==    a=b    message=c=d
""",
        "--dryrun",
    )
    assert [name for name, test in tests.items() if test.passed] == ["Right"], {n: t.message for n, t in tests.items()}


KILLED = """
*** Settings ***
Library    Process
Suite Setup    Use Environment    own=True
*** Test Cases ***
One Service Is Dead
    ${environment} =    Use Environment    own=True
    ${pr} =    Create Pull Request
    Trigger Workflow    ${pr}    step_by_step=True
    Wait For Step    dor_validation
    Evaluate    $environment.kill_service('orchestration')
    Run Keyword And Expect Error    *did not come within*    Wait For Workflow    timeout=2 seconds
The Environment Is Dead
    Start Recording Events
    ${pr} =    Create Pull Request
    Trigger Workflow    ${pr}    step_by_step=True
    Wait For Step    dor_validation
    ${environment} =    Get Environment
    Start Process    sleep 1; kill -9 ${environment.keeper_pid}    shell=True
    %s
Nothing Goes On
    Get Workflow    workflow=any
Not Even Agreement
    Components Should Agree    workflow=any
Nothing To Record
    Start Recording Events
"""


@pytest.mark.parametrize(
    "wait",
    [
        "Wait For Workflow    timeout=60 seconds",
        "Wait For Step    final_review    timeout=60 seconds",
        "Wait For Event Sequence    pr.updated    within=60 seconds",
    ],
)
def test_a_wait_ends_with_its_environment_and_says_so(tmp_path, home, wait):
    began = time.monotonic()
    tests, output = run(tmp_path, KILLED % wait)
    assert tests["One Service Is Dead"].passed, output
    for name in ("The Environment Is Dead", "Nothing Goes On", "Not Even Agreement", "Nothing To Record"):
        message = tests[name].message
        assert message.startswith("The environment 'embedded' itself has ended: its keeper (process "), message
        assert ".died" in message
    assert tests["The Environment Is Dead"].elapsed_time.total_seconds() < 4, output
    assert time.monotonic() - began < 50
