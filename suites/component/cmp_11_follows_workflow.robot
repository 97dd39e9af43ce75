*** Settings ***
Documentation       CMP-11 · The state of an escalation follows the state of the review that it is about.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    follows
Test Tags           id:CMP-11    component
Test Timeout        1 minute


*** Test Cases ***
An Escalation Is Open While The Review Is Stopped And Settled When It Is Mended
    [Documentation]    When this passes, whatever gate failed, the escalation about it stayed open while nothing was
    ...    done, and was resolved by the QMS itself once the gate had passed at the second attempt.
    [Template]    Mending The Change Should Settle It
    dor_validation    L3_STANDARD    dor_failed    missing_tests=True
    progress_reviews    L1_IMMEDIATE    high_severity_security    security_issues=sql_injection:high
    dod_validation    L3_STANDARD    dod_failed    test_coverage=55
    final_review    L2_URGENT    quality_below_threshold    code_style=0.0    test_coverage=100

A New Commit That Fails Again Leaves The Escalation Open
    [Documentation]    When this passes, trying again in vain neither settles an escalation nor raises a second one.
    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=dor_failed    count=1
    Retry Step    dor_validation
    Wait For Workflow    state=DOR_FAILED
    Components Should Agree
    Escalation Should Be    ${escalation}    active
    Escalation Should Exist    L3_STANDARD    reason=dor_failed    count=1

Overriding A Gate Settles What Was Escalated About It
    [Documentation]    When this passes, a manager's override of a gate resolved the escalation about that gate.
    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=dor_failed    count=1
    Override Gate    dor_validation    reason=The tests follow in another change
    Escalation Should Be    ${escalation}    resolved

Acknowledging Settles Nothing By Itself
    [Documentation]    When this passes, an escalation that somebody has taken charge of is open until the review is
    ...    mended, and is resolved then.
    ${pull_request} =    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=dor_failed
    Acknowledge Escalation    ${escalation}
    Escalation Should Be    ${escalation}    acknowledged
    The Change Is Mended    ${pull_request}    dor_validation
    Escalation Should Be    ${escalation}    resolved


*** Keywords ***
Mending The Change Should Settle It
    [Documentation]    Reviews a change with one thing wrong, and then the same change without it.
    [Arguments]    ${step}    ${level}    ${type}    &{wishes}
    ${pull_request} =    Submit A Pull Request    complexity=low    &{wishes}
    Wait For Workflow
    ${escalation} =    Escalation Should Exist    ${level}    reason=${type}    count=1
    Get Component State    escalation    details.open_escalations    ==    1
    Escalation Should Be    ${escalation}    active
    The Change Is Mended    ${pull_request}    ${step}
    ${settled} =    Escalation Should Be    ${escalation}    resolved
    Should Be Equal    ${settled.resolved_by}    escalation
    Get Component State    escalation    details.open_escalations    ==    0
    Audit Trail Should Contain    escalation.resolved    object=${escalation.id}    count=1

The Change Is Mended
    [Documentation]    The step that failed is tried again with what was wrong put right, and the review ends well.
    [Arguments]    ${pull_request}    ${step}
    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    ${step}    pull_request=${mended}
    Wait For Workflow    state=COMPLETED
