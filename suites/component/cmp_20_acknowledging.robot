*** Settings ***
Documentation       CMP-20 · Acknowledging an alert acknowledges the escalation behind it, and the other way round.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    acknowledging
Test Tags           id:CMP-20    component
Test Timeout        1 minute


*** Test Cases ***
Acknowledging The Alert Updates The Escalation
    [Documentation]    When this passes, whoever takes charge of an alert on the dashboard, in whatever role may do so,
    ...    has taken charge of the escalation, under the same name, and the audit trail has both acts.
    [Template]    Acknowledged On The Dashboard
    qa_lead
    manager
    admin

Acknowledging The Escalation Updates The Alert
    [Documentation]    When this passes, an escalation that was acknowledged at the escalation service is acknowledged
    ...    by the same person on the dashboard.
    ${escalation} =    A Review Was Escalated
    ${taken} =    Acknowledge Escalation    ${escalation}    comment=On it
    ${alert} =    Alert Should Exist    low    escalation=${escalation}    state=acknowledged    count=1
    Should Be Equal    ${alert.acknowledged_by}    ${taken.acknowledged_by}
    The Dashboard Should Show Who Took Charge    ${taken.acknowledged_by}

An Alert That Was Raised By Hand Is No Exception
    [Documentation]    When this passes, the same holds for an alert that a person raised, however soon it is
    ...    acknowledged.
    ${alert} =    Raise Alert    The build is red    high    repository=${REPOSITORY}
    ${taken} =    Acknowledge Alert    ${alert}
    Escalation Should Be    ${alert.escalation_id}    acknowledged    acknowledged_by=${taken.acknowledged_by}

Once Is Enough
    [Documentation]    When this passes, nobody could take charge of what somebody had taken charge of, on either side,
    ...    and a developer could not at all.
    ${escalation} =    A Review Was Escalated
    ${alert} =    Alert Should Exist    low    escalation=${escalation}
    Should Be Refused    forbidden    dashboard    Acknowledge Alert    ${alert}    as_role=developer
    Acknowledge Alert    ${alert}
    Escalation Should Be    ${escalation}    acknowledged
    Should Be Refused    already_acknowledged    dashboard    Acknowledge Alert    ${alert}    as_role=manager
    Should Be Refused    already_acknowledged    escalation    Acknowledge Escalation    ${escalation}
    ...    as_role=manager

Whoever Was Acknowledged In Time Wakes Nobody
    [Documentation]    When this passes, an acknowledgement on the dashboard kept the escalation from going to the next
    ...    tier and from being repeated. The clock is moved, in an environment of its own.
    Skip Unless Environment Can    clock    receivers
    Use Environment    own=True
    ${escalation} =    A Review Was Escalated
    ${alert} =    Alert Should Exist    low    escalation=${escalation}
    Nobody Else Should Have Been Notified    ${escalation}    qa-lead    review-channel
    Acknowledge Alert    ${alert}
    Escalation Should Be    ${escalation}    acknowledged
    Advance Clock    5 hours
    Escalation Should Be    ${escalation}    acknowledged    tier=1
    Notification Should Have Reached    engineering-manager    ${escalation}    times=0
    Advance Clock    2 days
    Notification Should Have Reached    qa-lead    ${escalation}    channel=email    times=1


*** Keywords ***
A Review Was Escalated
    [Documentation]    A review that was stopped, in a repository that has no other. Returns its escalation.
    Use A Repository Of Its Own    acknowledged
    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=dor_failed    count=1
    RETURN    ${escalation}

The Dashboard Should Show Who Took Charge
    [Documentation]    In its list of escalations, which has only this one.
    [Arguments]    ${who}
    Widget Should Show    escalations    by_state.acknowledged    ==    1    repository=${REPOSITORY}
    Get Widget    escalations    escalations.0.acknowledged_by    ==    ${who}    repository=${REPOSITORY}

Acknowledged On The Dashboard
    [Documentation]    Takes charge of an alert in a role and looks at its escalation.
    [Arguments]    ${role}
    ${escalation} =    A Review Was Escalated
    ${alert} =    Alert Should Exist    low    escalation=${escalation}    state=active
    ${taken} =    Acknowledge Alert    ${alert}    as_role=${role}
    Escalation Should Be    ${escalation}    acknowledged    acknowledged_by=${taken.acknowledged_by}
    The Dashboard Should Show Who Took Charge    ${taken.acknowledged_by}
    Audit Trail Should Contain    alert.acknowledged    object=${alert.id}    count=1
    Audit Trail Should Contain    escalation.acknowledged    object=${escalation.id}    count=1
