*** Settings ***
Documentation       E2E-04 · Fifty reviews at once.
...
...                 Fifty is also how many reviews a QMS works on at the same time, so this suite takes an
...                 environment of its own: the fifty places are then really free, and no neighbour has to queue
...                 behind it.

Resource            ../../resources/review.resource

Suite Setup         Prepare
Test Tags           id:E2E-04    end-to-end    load
Test Timeout        5 minutes


*** Test Cases ***
Fifty Pull Requests Are Reviewed At The Same Time
    [Documentation]    When this passes, fifty reviews started at the same moment were all taken up at once, the QMS
    ...    went on answering within its targets to those who looked at them, and more than 95 % came to a
    ...    good end.
    ${low} =    Create Pull Requests    25
    ...    changes=concurrent_feature    complexity=low    repository=${REPOSITORY}
    ${medium} =    Create Pull Requests    25
    ...    changes=concurrent_feature    complexity=medium    repository=${REPOSITORY}
    VAR    @{pull_requests} =    @{low}    @{medium}
    ${workflows} =    Trigger Workflows    ${pull_requests}    at_once=50
    FOR    ${workflow}    IN    @{workflows}
        Should Be Equal As Strings    ${workflow.status}    in_progress    Workflow ${workflow.id} was not taken up
    END
    # Those who wait for a review look how far it is.
    FOR    ${workflow}    IN    @{workflows}
        Get Workflow    pull_request.repository    ==    ${REPOSITORY}    workflow=${workflow}
    END

    Get Response Times    mean    <    500    The mean response time (ms) is over the target
    Get Response Times    error_rate    <    0.01    More than 1 % of the requests failed
    Get Throughput    >    10    Too few workflows were started per minute

    ${workflows} =    Wait For Workflows    ${workflows}    timeout=3 minutes
    Completion Rate Should Be    ${workflows}    at_least=95 %
    Get Response Times    mean    <    500    The mean response time (ms) of the whole case is over the target

Nothing Is Lost When More Than Fifty Arrive
    [Documentation]    When this passes, reviews beyond the fifty that can be worked on waited in line and were all
    ...    done in the end: none was refused, lost or done twice.
    ${pull_requests} =    Create Pull Requests    60
    ...    changes=queued_feature    complexity=low    repository=${REPOSITORY}-queue
    ${workflows} =    Trigger Workflows    ${pull_requests}    at_once=60
    ${workflows} =    Wait For Workflows    ${workflows}    timeout=3 minutes
    Completion Rate Should Be    ${workflows}    at_least=95 %
    ${all} =    Get Workflows    repository=${REPOSITORY}-queue
    Length Should Be    ${all}    60


*** Keywords ***
Prepare
    [Documentation]    Fifty free places, and a repository of its own.
    Use A Quiet Environment
    Use A Repository Of Its Own    fifty-at-once
