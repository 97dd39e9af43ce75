*** Settings ***
Documentation       CMP-17 · An alert of the dashboard raises its escalation.

Resource            ../../resources/review.resource

Suite Setup         Prepare
Test Tags           id:CMP-17    component
Test Timeout        1 minute


*** Variables ***
${RULE}     ${EMPTY}    # a name that no other suite gives a rule


*** Test Cases ***
An Alert Raises The Escalation Of Its Severity
    [Documentation]    When this passes, an alert of each severity, raised by a person, raised one escalation of the
    ...    level that it calls for, which names the alert, and both are in the audit trail.
    [Template]    The Alert Should Raise
    critical    L0_CRITICAL
    high    L1_IMMEDIATE
    medium    L2_URGENT
    low    L3_STANDARD

The Same Alert Raised Again Is One Escalation
    [Documentation]    When this passes, an alert that is raised again within 15 minutes is the same alert with one
    ...    escalation; once it is settled, it is a new one.
    ${first} =    Raise Alert    The coverage report is missing    medium    repository=${REPOSITORY}
    ${again} =    Raise Alert    The coverage report is missing    medium    repository=${REPOSITORY}
    Should Be Equal    ${again.id}    ${first.id}    The same alert was raised twice.\nService to blame: dashboard
    ...    values=False
    Escalation Should Be    ${first.escalation_id}    active
    Resolve Alert    ${first}
    ${later} =    Raise Alert    The coverage report is missing    medium    repository=${REPOSITORY}
    Should Not Be Equal    ${later.id}    ${first.id}
    Escalation Should Be    ${later.escalation_id}    active

A Rule Raises An Alert And Settles It
    [Documentation]    When this passes, a rule of the dashboard raised one alert with its escalation for the review
    ...    that it applies to, and settled both by itself when a second attempt was better.
    Set Alert Rule    ${RULE}    coverage < 80    severity=high    repository=${REPOSITORY}
    ${pull_request} =    Submit A Pull Request    complexity=low    test_coverage=55
    Wait For Workflow    state=DOD_FAILED
    ${alert} =    Alert Should Exist    high    title=coverage is    count=1
    Escalation Should Be    ${alert.escalation_id}    active
    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    dod_validation    pull_request=${mended}
    Wait For Workflow    state=COMPLETED
    Alert Should Exist    high    title=coverage is    state=resolved    count=1
    Escalation Should Be    ${alert.escalation_id}    resolved
    [Teardown]    Remove Alert Rule    ${RULE}

A Rule Is For Its Repository Alone
    [Documentation]    When this passes, a rule raised nothing in another repository, and nothing once it was taken
    ...    back.
    Set Alert Rule    ${RULE}    lines_changed > 0    severity=low    repository=${REPOSITORY}
    ${elsewhere} =    Create Pull Request    complexity=low    repository=${REPOSITORY}-other
    Trigger Workflow    ${elsewhere}
    Wait For Workflow    state=COMPLETED
    Components Should Agree
    Alert Should Exist    low    count=0
    Remove Alert Rule    ${RULE}
    Submit A Pull Request    complexity=low
    Wait For Workflow    state=COMPLETED
    Components Should Agree
    Alert Should Exist    low    count=0
    [Teardown]    Remove Alert Rule    ${RULE}

A Rule That Cannot Be Read Is Refused
    [Documentation]    When this passes, a rule that cannot be read, or could never hold, was refused with the place and
    ...    what is expected, or with the reason.
    [Template]    The Rule Should Be Refused
    quality < 70    at character 1: expected a figure
    quality_score below 70    at character 15: expected one of <
    quality_score < many    at character 17: expected a number
    quality_score < 70 xor coverage < 80    at character 20: expected `and`, `or` or the end
    quality_score < 70 and    at character 23: expected a figure
    __import__('os')    at character 1: expected a figure
    coverage < 80 and vulnerabilities > 0    coverage and vulnerabilities are never told together

Who May Not Raise An Alert Is Refused
    [Documentation]    When this passes, a developer could neither raise an alert nor set a rule.
    Should Be Refused    forbidden    dashboard    Raise Alert    No    low    repository=${REPOSITORY}
    ...    as_role=developer
    Should Be Refused    forbidden    dashboard    Set Alert Rule    no    coverage < 80    repository=${REPOSITORY}
    ...    as_role=developer


*** Keywords ***
Prepare
    [Documentation]    A repository and the name of a rule that nobody else uses.
    Use A Repository Of Its Own    alert
    # What the dashboard asks for is heard, so that a wrong level is blamed on who is wrong.
    Start Recording Events    dashboard
    ${name} =    Fetch From Right    ${REPOSITORY}    /
    VAR    ${RULE} =    ${name}    scope=SUITE    # robocop: off=VAR05

The Alert Should Raise
    [Documentation]    Raises an alert about a review and looks for what came of it.
    [Arguments]    ${severity}    ${level}
    Submit A Pull Request Step By Step    complexity=low
    Wait For Step    dor_validation
    ${alert} =    Raise Alert    Look at this ${severity} thing    ${severity}
    ${escalation} =    Escalation Should Exist    ${level}    reason=Look at this ${severity} thing    count=1
    Should Be Equal    ${escalation.id}    ${alert.escalation_id}
    ...    The escalation has another id than the dashboard gave it.\nService to blame: escalation
    Should Be Equal    ${escalation.source}    ${alert.id}
    ...    The escalation does not name the alert as its source.\nService to blame: escalation
    Should Be Equal    ${escalation.repository}    ${REPOSITORY}
    ...    The escalation is about another repository than the alert.\nService to blame: escalation
    Alert Should Exist    ${severity}    escalation=${escalation}    state=active    count=1
    Audit Trail Should Contain    alert.raised    object=${alert.id}    count=1
    Audit Trail Should Contain    escalation.triggered    object=${escalation.id}    count=1

The Rule Should Be Refused
    [Documentation]    Sets a rule that cannot be read.
    [Arguments]    ${expression}    ${why}
    TRY
        Set Alert Rule    ${RULE}    ${expression}    repository=${REPOSITORY}
    EXCEPT    *${why}*    type=GLOB
        RETURN
    EXCEPT    AS    ${error}
        Fail    The rule was refused, but not for ${why}.\nSeen: ${error}\nService to blame: dashboard
    END
    Remove Alert Rule    ${RULE}
    Fail    The rule `${expression}` was taken.\nExpected: refused ${why}\nService to blame: dashboard
