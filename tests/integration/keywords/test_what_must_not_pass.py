"""Checks on what was not done, not recorded or not meant: none of them passes, and each says what to do."""

import time

import pytest
from robot_runs import run

TESTS = """
Suite Setup    Use Environment    own=True

*** Keywords ***
Is Refused
    [Arguments]    ${words}    @{row}    &{options}
    ${message} =    Run Keyword And Expect Error    *    @{row}    &{options}
    Should Contain    ${message}    ${words}

Comparing Is Refused
    [Documentation]    Without options, or Robot takes == for one.
    [Arguments]    ${words}    @{row}
    ${message} =    Run Keyword And Expect Error    *    @{row}
    Should Contain    ${message}    ${words}

*** Test Cases ***
Code That Was Not Scanned
    ${pr} =    Create Pull Request    missing_tests=True    security_issues=sql_injection:high    complexity=low
    Trigger Workflow    ${pr}
    Wait For Workflow    state=DOR_FAILED
    Is Refused    the code was not scanned: progress_reviews is pending    Security Scan Should Have Found
    Is Refused    `Retry Step \\ \\ \\ dor_validation`    Security Scan Should Have Found
    Comparing Is Refused    its agents have not judged it yet
    ...    Get Step    progress_reviews    findings    ==    ${EMPTY}
    Comparing Is Refused    its agents have not judged it yet
    ...    Get Step    progress_reviews    failure_reasons    not contains    sql_injection
    Get Step    progress_reviews    status    ==    pending

Code That Is Held Before It Is Scanned
    ${pr} =    Create Pull Request    security_issues=sql_injection:high    complexity=low
    Trigger Workflow    ${pr}    step_by_step=True
    Wait For Step    dor_validation
    Is Refused    it waits for `Progress Workflow`    Security Scan Should Have Found
    Progress Workflow
    Wait For Step    progress_reviews
    Security Scan Should Have Found    sql_injection:high
    Is Refused    found beside: sql_injection:high    Security Scan Should Have Found

A Review Whose Beginning Was Not Recorded
    ${pr} =    Create Pull Request    complexity=low
    ${workflow} =    Trigger Workflow    ${pr}    step_by_step=True
    Wait For Step    dor_validation
    Start Recording Events
    Progress Workflow
    Wait For Step    progress_reviews
    Is Refused    `Start Recording Events` comes before `Trigger Workflow`    Events Should Be Consistent
    Is Refused    `Start Recording Events` comes before `Trigger Workflow`    Routing Should Have Been Carried Out
    ...    timeout=200 ms

A Review That Does Not Exist
    Is Refused    404    Escalation Should Exist    L0_CRITICAL    count=0    workflow=wf-nowhere
    Is Refused    404    Alert Should Exist    low    count=0    workflow=wf-nowhere
    Is Refused    the trail knows nothing of it
    ...    Audit Trail Should Contain    step.decided    count=0    workflow=wf-nowhere    timeout=100 ms

Files Of Another Repository
    ${pr} =    Create Pull Request    missing_tests=True    complexity=low    repository=acme/shop
    Trigger Workflow    ${pr}
    Wait For Workflow    state=DOR_FAILED
    ${other} =    Create Pull Request    complexity=low    repository=acme/payments
    Is Refused    is of acme/payments, and the workflow    Retry Step    dor_validation    pull_request=${other}
    Is Refused    is of acme/payments, and the workflow    Push Commit    pull_request=${other}
    Get Workflow    state    ==    DOR_FAILED
    ${fixed} =    Fix Pull Request    ${pr}
    Retry Step    dor_validation    pull_request=${fixed}

Names Without A Value
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Is Refused    `Use Environment`: name is empty.    Use Environment    ${EMPTY}
    Is Refused    `Get Workflow`: workflow is empty.    Get Workflow    workflow=${EMPTY}
    Is Refused    `Resolve Alert`: alert is empty.    Resolve Alert    ${EMPTY}
    Is Refused    `Acknowledge Escalation`: escalation is empty.    Acknowledge Escalation    ${EMPTY}
    Is Refused    `Remove Alert Rule`: rule is empty.    Remove Alert Rule    ${EMPTY}
    Is Refused    `Set Alert Rule`: name is empty.    Set Alert Rule    ${EMPTY}    coverage < 80
    Is Refused    `Escalation Should Exist`: reason is empty.
    ...    Escalation Should Exist    L3_STANDARD    reason=${EMPTY}
    Is Refused    `Get Alerts`: repository is empty.    Get Alerts    repository=${EMPTY}
    Is Refused    `Kill Agent`: agent is empty.    Kill Agent    ${EMPTY}

Too Many
    Is Refused    a number from 1 to 1000 is expected    Create Pull Requests    100000000
    Open Live Dashboard
    Is Refused    Give a number from 1 to 1000    Cut Live Connection    times=100000000

Messages Of One Escalation
    ${pr} =    Create Pull Request    missing_tests=True    complexity=low
    Trigger Workflow    ${pr}
    ${escalation} =    Escalation Should Exist    L3_STANDARD
    Nobody Else Should Have Been Notified    ${escalation}
    ${messages} =    Get Received Messages    ${escalation}
    Should Not Be Empty    ${messages}
    ${again} =    Get Received Messages    ${escalation.id}
    Length Should Be    ${again}    ${{len($messages)}}
    Is Refused    escalation is empty    Get Received Messages    ${EMPTY}
    FOR    ${part}    IN    e    esc-    ${escalation.id}[:-1]
        Is Refused    it has never heard of it    Get Received Messages    ${part}    within=100 ms
    END

What Is Compared
    ${pr} =    Create Pull Request    complexity=low
    Trigger Workflow    ${pr}
    Wait For Workflow    state=COMPLETED
    Comparing Is Refused    compares numbers, times and dates only    Get Workflow    state    >=    8
    Comparing Is Refused    compares numbers, times and dates only    Get Workflow    pull_request.title    >    5
    Comparing Is Refused    an empty text    Get Workflow    pull_request.title    *=    ${EMPTY}
    Comparing Is Refused    nothing after it    Get Workflow    state    !=
    Get Workflow    completed_at    >    2026-01-01 00:00:00
    Get Workflow    completed_at    <    2199-01-01T00:00:00Z
    ${now} =    Evaluate    datetime.datetime.now(datetime.UTC).strftime('%Y-%m-%d %H:%M:%S.%f')
    Get Workflow    completed_at    <=    ${now}
"""


@pytest.mark.slow
def test_what_was_not_done_or_not_meant_does_not_pass(tmp_path):
    tests, output = run(tmp_path, TESTS)
    assert {name: test.message for name, test in tests.items() if not test.passed} == {}, output
    assert len(tests) == 9


ONCE = """
*** Test Cases ***
Looks Once
    ${pr} =    Create Pull Request    missing_tests=True    complexity=low
    Trigger Workflow    ${pr}
    ${escalation} =    Escalation Should Exist    L3_STANDARD
    ${alert} =    Alert Should Exist    low
    Audit Trail Should Contain    step.decided
    Notification Should Have Reached    qa-lead    ${escalation}
    ${began} =    Evaluate    time.monotonic()
    Run Keyword And Expect Error    *exactly 0*    Escalation Should Exist    L3_STANDARD    count=0
    Run Keyword And Expect Error    *exactly 0*    Alert Should Exist    low    count=0
    Run Keyword And Expect Error    *exactly 0*    Audit Trail Should Contain    step.decided    count=0
    Run Keyword And Expect Error    *nothing*    Notification Should Have Reached    qa-lead    ${escalation}    times=0
    ${took} =    Evaluate    time.monotonic() - ${began}
    Log    took ${took}    WARN
"""


def test_where_there_must_be_nothing_it_is_looked_once(tmp_path):
    began = time.monotonic()
    tests, output = run(tmp_path, ONCE)
    assert tests["Looks Once"].passed, tests["Looks Once"].message
    took = float(output.partition("took ")[2].split()[0])
    # Each of the four would wait five seconds (the trail two) for what never goes away.
    assert took < 2, f"{took} s of {time.monotonic() - began} s"
