*** Settings ***
Documentation       FLOW-03 · A dead letter whose cause is gone is handled when it is replayed.
...
...                 The suite registers an agent, for its own repository only. It stays registered, so the suite takes
...                 an environment of its own where one is started for it.

Library             Collections
Resource            ../../resources/review.resource

Suite Setup         Prepare
Test Tags           id:FLOW-03    data-flow
Test Timeout        2 minutes


*** Variables ***
${AGENT}    second-reviewer


*** Test Cases ***
A Dead Letter Is Handled Once Its Cause Is Gone
    [Documentation]    When this passes, news that a service could not act upon were kept, had no effect while their
    ...    cause lasted, were handled in full when they were replayed after it was gone, and are not handled twice.
    ${news} =    A Step Is Given To An Agent That Nobody Knows
    ${report} =    Deliver Event    ${news}    decision
    Should Be Equal As Integers    ${report.dead}    1    The decision service gave work to an agent it does not know
    ${letters} =    Get Dead Letters    decision    event=${news}
    Should Contain    ${letters}[0].reason    ${AGENT}    The reason does not name the agent
    The Decision Service Should Know Revision    ${{ $news.payload['workflow']['revision'] - 1 }}
    Should Be Refused    replay_failed    decision    Replay Dead Letter    ${news}    decision

    Register Agent    ${AGENT}    qms-code-reviewer    repositories=${REPOSITORY}
    ${letter} =    Replay Dead Letter    ${news}    decision
    Should Not Be Equal    ${letter.replayed_at}    ${None}    It is not marked as replayed
    The Decision Service Should Know Revision    ${news.payload}[workflow][revision]
    Audit Trail Should Contain    dead_letter.replayed    role=admin    object=${news.event_id}    count=1

    Should Be Refused    already_replayed    decision    Replay Dead Letter    ${news}    decision
    ${report} =    Deliver Event    ${news}    decision
    Should Be Equal As Integers    ${report.duplicates}    1    The decision service forgot that it had these news


*** Keywords ***
Prepare
    [Documentation]    Where nobody else meets the new agent.
    Use A Quiet Environment
    Use A Repository Of Its Own    replay

A Step Is Given To An Agent That Nobody Knows
    [Documentation]    News as the orchestration service tells them, one revision ahead, with an agent that is not
    ...    registered.
    Start Recording Events
    Submit A Pull Request
    Wait For Workflow    state=COMPLETED
    Components Should Agree
    ${revision} =    Get Component State    decision    revision
    ${assigned} =    Get Recorded Events    type=orchestration.step_assigned
    VAR    @{agents} =    ${AGENT}
    VAR    &{workflow} =    revision=${{ $revision + 1 }}
    VAR    &{payload} =    agents=${agents}    workflow=${workflow}
    ${unique} =    Generate Random String    12    [LOWER][NUMBERS]
    ${news} =    Change Event    ${assigned}[0]    event_id=made-by-a-test-${unique}    payload=${payload}
    RETURN    ${news}

The Decision Service Should Know Revision
    [Documentation]    How new its copy of the review is.
    [Arguments]    ${revision}
    Get Component State    decision    revision    ==    ${revision}
