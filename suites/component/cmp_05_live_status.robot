*** Settings ***
Documentation       CMP-05 · A change of a review's status shows live on the dashboard.
...
...                 The dashboard is looked at through its live stream, beside the events of orchestration itself,
...                 which say what has really happened, and when.

Resource            ../../resources/dashboard.resource

Test Setup          Look At A Repository Of Its Own    live-status
Test Tags           id:CMP-05    component
Test Timeout        1 minute


*** Test Cases ***
A Review Shows Live From Its Start To Its End
    [Documentation]    When this passes, somebody who looks at the dashboard saw every status of a review: each once,
    ...    in the order in which the review went through them, within a second and without asking.
    Submit A Pull Request
    ${first} =    Wait For Live Update    workflow    state=DOR_PENDING
    ${last} =    Wait For Live Update    workflow    state=COMPLETED    after=${first}
    Should Be Equal As Integers    ${last.change}[progress]    100
    Wait For Live Update    workflow    state=COMPLETED    quality_score=${last.change}[quality_score]
    Live Updates Should Be Complete    within=1 second

A Failure And Its Mending Show Live
    [Documentation]    When this passes, a review that is stopped, mended and completed is seen to be so while it
    ...    happens, and in this order.
    ${pull_request} =    Submit A Pull Request    missing_tests=True
    ${failed} =    Wait For Live Update    workflow    state=DOR_FAILED    status=failed
    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    dor_validation    pull_request=${mended}
    ${again} =    Wait For Live Update    workflow    state=DOR_PENDING    after=${failed}
    Wait For Live Update    workflow    state=COMPLETED    after=${again}
    Live Updates Should Be Complete    within=1 second

Several Reviews At Once Show Live
    [Documentation]    When this passes, nothing is lost or exchanged when several reviews go on at the same time.
    [Tags]    load
    FOR    ${_}    IN RANGE    3
        Submit A Pull Request    complexity=low
    END
    Submit A Pull Request    missing_tests=True    complexity=low
    Wait For Live Update    workflow    state=DOR_FAILED
    ${workflows} =    Get Workflows Of The Repository
    Wait For Workflows    ${workflows}
    Live Updates Should Be Complete    within=1 second


*** Keywords ***
Get Workflows Of The Repository
    [Documentation]    All reviews of the suite's repository that were seen live.
    ${updates} =    Get Live Updates    workflow
    ${ids} =    Evaluate    list(dict.fromkeys(one.workflow_id for one in $updates))
    VAR    @{workflows} =    @{EMPTY}
    FOR    ${id}    IN    @{ids}
        ${workflow} =    Get Workflow    workflow=${id}
        VAR    @{workflows} =    @{workflows}    ${workflow}
    END
    RETURN    ${workflows}
