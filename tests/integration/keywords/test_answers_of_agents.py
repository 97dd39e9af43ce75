"""A tester answers in an agent's place: what was said comes into the step, and what no agent can say is refused."""

import pytest
from robot_runs import run

pytestmark = pytest.mark.timeout(180)

ANSWERS = """
*** Test Cases ***
What Was Said Is In The Step
    ${agents} =    Start Agents    1    qms-quality-coordinator    repository=answers/shop
    Slow Down Agent    ${agents}[0]    by=1 hour
    ${pr} =    Create Pull Request    complexity=low    repository=answers/shop
    Start Recording Events    orchestration
    Trigger Workflow    ${pr}
    Wait For Event Sequence    gate.passed    gate.passed    gate.passed    orchestration.step_assigned
    ...    within=30 seconds
    Answer As Agent    ${agents}[0]    final_review    passed=False    quality_score=69.9    compliance_score=85
    ...    findings=sql_injection:critical, too_long:low
    Wait For Workflow    state=FINAL_REJECTED
    Get Step    final_review    measures    ==    ${{ {'quality_score': 69.9, 'compliance_score': 85.0} }}
    ${step} =    Get Step    final_review
    Should Be Equal    ${{ [(one.type, one.severity.value, one.cwe) for one in $step.findings] }}
    ...    ${{ [('sql_injection', 'critical', 'CWE-89'), ('too_long', 'low', None)] }}

What No Agent Can Say
    [Template]    Should Be Answered
    quality_score: 101 is no score. Give a number from 0 to 100.    quality_score=101
    compliance_score: -1 is no score. Give a number from 0 to 100.    compliance_score=-1
    findings: 'xss' has no severity. Write xss:high.    findings=xss
    findings: there is no severity 'grave'. There are: low, medium, high, critical.    findings=xss:grave

*** Keywords ***
Should Be Answered
    [Arguments]    ${words}    &{said}
    ${refused} =    Run Keyword And Expect Error    *    Answer As Agent    somebody    final_review    &{said}
    Should Be Equal    ${refused}    ${words}
"""


def test_what_a_tester_says_for_an_agent_is_in_the_step(home, tmp_path):
    tests, output = run(tmp_path, ANSWERS)
    assert {test.name: test.message for test in tests.values() if not test.passed} == {}, output
    assert len(tests) == 2
