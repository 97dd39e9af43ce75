*** Settings ***
Documentation       CMP-18 · What happens to an escalation shows on the dashboard at once.
...
...                 Both services' event streams are listened to; the time between what the escalation service says and
...                 what the dashboard then says is what somebody who watches the dashboard waits.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    live
Test Tags           id:CMP-18    component
Test Timeout        1 minute


*** Variables ***
${AT ONCE}      200 ms


*** Test Cases ***
Escalation Changes Show Within 200 Milliseconds
    [Documentation]    When this passes, an escalation that was raised, taken charge of and settled was each time shown
    ...    by the dashboard within 200 milliseconds. It measures, so it runs when nothing else does.
    [Tags]    load
    Start Recording Events
    Open Live Dashboard    repository=${REPOSITORY}
    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=dor_failed    count=1
    Wait For Event Sequence    escalation.triggered    dashboard.alert_raised    within=${AT ONCE}
    Acknowledge Escalation    ${escalation}
    Wait For Live Update    escalation    id=${escalation.id}    state=acknowledged    timeout=${AT ONCE}
    Wait For Event Sequence    escalation.acknowledged    dashboard.alert_acknowledged    within=${AT ONCE}
    Resolve Escalation    ${escalation}
    Wait For Live Update    escalation    id=${escalation.id}    state=resolved    timeout=${AT ONCE}
    Wait For Event Sequence    escalation.resolved    dashboard.alert_resolved    within=${AT ONCE}

Each Change Shows Once And In Order
    [Documentation]    When this passes, the dashboard said each change of an escalation once, in the order in which
    ...    they happened, with where the alert then stood.
    Start Recording Events
    ${pull_request} =    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=dor_failed    count=1
    Acknowledge Escalation    ${escalation}
    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    dor_validation    pull_request=${mended}
    Wait For Workflow    state=COMPLETED
    Wait For Event Sequence    dashboard.alert_raised    dashboard.alert_acknowledged    dashboard.alert_resolved
    ...    within=10 seconds
    FOR    ${type}    ${state}    IN
    ...    dashboard.alert_raised    active
    ...    dashboard.alert_acknowledged    acknowledged
    ...    dashboard.alert_resolved    resolved
        ${events} =    Get Recorded Events    type=${type}    service=dashboard
        Length Should Be    ${events}    1    The dashboard said ${type} more than once.\nService to blame: dashboard
        Should Be Equal    ${events[0].payload}[alert][state]    ${state}
        Should Be Equal    ${events[0].payload}[escalation_id]    ${escalation.id}
    END
