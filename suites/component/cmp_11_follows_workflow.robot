*** Settings ***
Documentation       CMP-11 · The state of an escalation follows the state of the review that it is about.

Resource            ../../resources/agents.resource

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

Finding Agents Settles That There Were None
    [Documentation]    When this passes, the escalation about a review that nobody could do was open until there was an
    ...    agent for it, and was resolved by the QMS itself then, before the agent had answered.
    ${agent}    ${escalation} =    Nobody Can Do A Review
    # It is well from now on, so the review is given to it, and it thinks for an hour.
    Slow Down Agent    ${agent}    by=1 hour
    It Should Have Been Settled By The QMS    ${escalation}    timeout=15 seconds
    Get Step    dor_validation    status    ==    in_progress

An Agent That Is Back Settles That There Were None
    [Documentation]    When this passes, the same is so when the agent that had the review, and was ill, is well again
    ...    and answers.
    ${agent}    ${escalation} =    Nobody Can Do A Review
    Mend Agent    ${agent}
    Wait For Step    dor_validation
    It Should Have Been Settled By The QMS    ${escalation}
    Get Step    dor_validation    status    ==    waiting

A Review That Stood Still Is No Matter Any More Once It Moves
    [Documentation]    When this passes, what was escalated because a review had stood still, or had waited too long for
    ...    its approval, was open as long as it did, and was resolved by the QMS itself when it moved on. The clock is
    ...    moved, in an environment of its own.
    Skip Unless Environment Can    clock
    Use Environment    own=True
    Submit A Pull Request Step By Step    complexity=low
    Wait For Step    dor_validation
    Advance Clock    125 minutes
    ${stuck} =    Escalation Should Exist    L3_STANDARD    reason=workflow_stuck    count=1
    Escalation Should Be    ${stuck}    active
    Progress Workflow
    Wait For Step    progress_reviews
    It Should Have Been Settled By The QMS    ${stuck}

    Submit A Pull Request That Needs Approval    complexity=low
    Advance Clock    65 minutes
    ${overdue} =    Escalation Should Exist    L3_STANDARD    reason=approval_overdue    count=1
    Escalation Should Be    ${overdue}    active
    Approve Workflow
    Wait For Workflow    state=COMPLETED
    It Should Have Been Settled By The QMS    ${overdue}


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
    It Should Have Been Settled By The QMS    ${escalation}

The Change Is Mended
    [Documentation]    The step that failed is tried again with what was wrong put right, and the review ends well.
    [Arguments]    ${pull_request}    ${step}
    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    ${step}    pull_request=${mended}
    Wait For Workflow    state=COMPLETED

Nobody Can Do A Review
    [Documentation]    A review is given to the only agent of a pool, which breaks down then. Returns the agent, and the
    ...    escalation that asks a person for another one.
    Use A Pool Of Its Own    follows-agents
    ${agents} =    Start Agents Of The Pool    1    qms-dor-validator
    Slow Down Agent    ${agents}[0]    by=1 hour
    Submit A Pull Request Step By Step    complexity=low
    The Step Should Be Assigned To    dor_validation    ${agents}[0]
    Break Agent    ${agents}[0]
    ${escalation} =    Escalation Should Exist    L2_URGENT    reason=routing_failed    count=1
    Escalation Should Be    ${escalation}    active
    RETURN    ${agents}[0]    ${escalation}

It Should Have Been Settled By The QMS
    [Documentation]    The escalation is resolved by nobody but the escalation service, nothing else is open about the
    ...    review, and it is in the audit trail once.
    [Arguments]    ${escalation}    ${timeout}=5 seconds
    ${settled} =    Escalation Should Be    ${escalation}    resolved    timeout=${timeout}
    Should Be Equal    ${settled.resolved_by}    escalation
    ...    It was not settled by the QMS itself.\nService to blame: escalation
    Get Component State    escalation    details.open_escalations    ==    0
    Audit Trail Should Contain    escalation.resolved    object=${escalation.id}    count=1
