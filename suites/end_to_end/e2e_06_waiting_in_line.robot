*** Settings ***
Documentation       E2E-06 · The state of a review that waits in line.
...
...                 A review is INITIALIZED only while all fifty places are taken. This suite takes them: it stops
...                 the service that hands out work, so that fifty reviews stay at their first step. That needs an
...                 environment of its own whose services can be stopped.

Resource            ../../resources/states.resource

Suite Setup         Prepare
Test Tags           id:E2E-06    end-to-end
Test Timeout        3 minutes


*** Test Cases ***
From INITIALIZED
    [Documentation]    When this passes, a review that waits in line can begin or be given up, and nothing else.
    ${working} =    Take All Fifty Places
    ${to_be_given_up} =    A Review Waits In Line
    FOR    ${state}    IN    @{ALL_STATES}
        IF    $state not in ('DOR_PENDING', 'ERROR')
            State Change Should Be Refused    ${state}    workflow=${to_be_given_up}
        END
    END
    Change Workflow State    ERROR    reason=Nobody needs it any more    workflow=${to_be_given_up}
    Get Workflow    state    ==    ERROR    workflow=${to_be_given_up}

    ${to_begin} =    A Review Waits In Line
    Change Workflow State    ERROR    reason=Makes room for the next one    workflow=${working}[0]
    Wait For Workflow    state=DOR_PENDING    workflow=${to_begin}


*** Keywords ***
Prepare
    [Documentation]    An environment of its own in which the decision service is down.
    Skip Unless Environment Can    process_control
    ${environment} =    Use Environment    own=True
    Call Method    ${environment}    stop_service    decision
    Use A Repository Of Its Own    waiting-in-line

Take All Fifty Places
    [Documentation]    Fifty reviews that are begun and cannot go on. Returns their workflows.
    ${pull_requests} =    Create Pull Requests    50    complexity=low    repository=${REPOSITORY}
    ${workflows} =    Trigger Workflows    ${pull_requests}
    FOR    ${workflow}    IN    @{workflows}
        Should Be Equal As Strings    ${workflow.state}    DOR_PENDING
    END
    RETURN    ${workflows}

A Review Waits In Line
    [Documentation]    One more review than there are places. Returns its workflow.
    ${pull_request} =    Create Pull Request    complexity=low    repository=${REPOSITORY}
    ${workflow} =    Trigger Workflow    ${pull_request}
    Should Be Equal As Strings    ${workflow.state}    INITIALIZED
    Should Be Equal As Strings    ${workflow.status}    queued
    RETURN    ${workflow}
