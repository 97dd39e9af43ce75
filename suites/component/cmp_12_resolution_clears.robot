*** Settings ***
Documentation       CMP-12 · Whoever settles an escalation, and where, it is settled everywhere.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    clears
Test Tags           id:CMP-12    component
Test Timeout        1 minute


*** Test Cases ***
Resolution Clears Everywhere
    [Documentation]    When this passes, an escalation that was settled at the escalation service, on the dashboard, or
    ...    by mending the change, whether or not somebody had taken charge of it before, was resolved at the
    ...    escalation service, gone from the dashboard, and in the audit trail once.
    [Template]    Settled Here It Should Be Settled Everywhere
    # where it is settled    taken charge of before
    escalation service    no
    escalation service    yes
    dashboard    no
    dashboard    yes
    review    no
    review    yes

Settling Twice Is Refused
    [Documentation]    When this passes, what is settled cannot be settled or taken charge of again, on either side.
    A Review Was Stopped
    ${escalation}    ${alert} =    Its Escalation And Its Alert
    Resolve Escalation    ${escalation}
    Alert Should Exist    low    escalation=${escalation}    state=resolved
    Should Be Refused    illegal_transition    escalation    Resolve Escalation    ${escalation}
    Should Be Refused    illegal_transition    escalation    Acknowledge Escalation    ${escalation}
    Should Be Refused    illegal_transition    dashboard    Resolve Alert    ${alert}
    Should Be Refused    illegal_transition    dashboard    Acknowledge Alert    ${alert}
    Close Escalation    ${escalation}
    Escalation Should Be    ${escalation}    closed

What Is Settled Disturbs Nobody Any More
    [Documentation]    When this passes, nobody was reminded of an escalation, and no further tier was told, after it
    ...    was settled on the dashboard. The clock is moved by days, in an environment of its own.
    Skip Unless Environment Can    clock    receivers
    Use Environment    own=True
    A Review Was Stopped
    ${escalation}    ${alert} =    Its Escalation And Its Alert
    Nobody Else Should Have Been Notified    ${escalation}    qa-lead    review-channel
    Resolve Alert    ${alert}
    Escalation Should Be    ${escalation}    resolved
    ${before} =    Get Received Messages    ${escalation}
    Advance Clock    3 days
    Nobody Else Should Have Been Notified    ${escalation}    qa-lead    review-channel
    ${after} =    Get Received Messages    ${escalation}
    Length Should Be    ${after}    ${{len($before)}}
    ...    Somebody was told of what is settled.\nService to blame: escalation


*** Keywords ***
A Review Was Stopped
    [Documentation]    A review that has failed its first gate. Returns its pull request.
    ${pull_request} =    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    RETURN    ${pull_request}

Its Escalation And Its Alert
    [Documentation]    What the review that was stopped led to; both are open.
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=dor_failed    count=1
    ${alert} =    Alert Should Exist    low    escalation=${escalation}    count=1
    Get Component State    dashboard    details.open_alerts    ==    1
    Widget Should Show    escalations    open    ==    1    repository=${REPOSITORY}
    RETURN    ${escalation}    ${alert}

Settled Here It Should Be Settled Everywhere
    [Documentation]    Settles an escalation at one place and looks at all others.
    [Arguments]    ${where}    ${taken charge of}
    ${pull_request} =    A Review Was Stopped
    ${escalation}    ${alert} =    Its Escalation And Its Alert
    IF    '${taken charge of}' == 'yes'
        Acknowledge Escalation    ${escalation}
        Alert Should Exist    low    escalation=${escalation}    state=acknowledged
    END
    IF    '${where}' == 'review'
        ${mended} =    Fix Pull Request    ${pull_request}
        Retry Step    dor_validation    pull_request=${mended}
    ELSE IF    '${where}' == 'dashboard'
        Resolve Alert    ${alert}
    ELSE
        Resolve Escalation    ${escalation}    comment=It was agreed on
    END
    Escalation Should Be    ${escalation}    resolved
    Alert Should Exist    low    escalation=${escalation}    state=resolved    count=1
    ${open} =    Get Alerts    state=active
    Should Be Empty    ${open}    The dashboard still shows an alert as active.\nService to blame: dashboard
    Get Component State    escalation    details.open_escalations    ==    0
    Get Component State    dashboard    details.open_alerts    ==    0
    Widget Should Show    escalations    open    ==    0    repository=${REPOSITORY}
    Audit Trail Should Contain    escalation.resolved    object=${escalation.id}    count=1
