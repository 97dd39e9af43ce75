*** Settings ***
Documentation       FLOW-03 · Events that come twice, late, out of order or broken.
...
...                 Services deliver each event at least once, so every receiver must bear one that it knows
...                 already, one that is older than what it knows, and one that it cannot read.

Library             Collections
Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    duplicates
Test Tags           id:FLOW-03    data-flow
Test Timeout        2 minutes


*** Test Cases ***
Events That Come Twice Change Nothing
    [Documentation]    When this passes, every event of a review delivered a second time was recognised by its id, and
    ...    no service changed its mind or raised an alarm again.
    ${events} =    A Review Has Ended    missing_tests=True
    ${before} =    What Everybody Knows
    FOR    ${event}    IN    @{events}
        FOR    ${service}    IN    dashboard    escalation    decision
            ${is_own} =    Evaluate    $event.source == $service
            IF    not ${is_own}    The Event Is Known    ${event}    ${service}
        END
    END
    Nothing Should Have Changed Since    ${before}

Events That Come Late Change Nothing
    [Documentation]    When this passes, news that are older than what a service knows do not turn its picture of the
    ...    review back and alarm nobody, even when the service has never seen them.
    A Review Was Stopped, Mended And Completed
    ${before} =    What Everybody Knows
    FOR    ${type}    IN    workflow.started    gate.failed    gate.passed
        ${events} =    Get Recorded Events    type=${type}
        FOR    ${service}    IN    dashboard    escalation    decision
            ${late} =    A Copy With Another Id    ${events}[0]
            ${report} =    Deliver Event    ${late}    ${service}
            Should Be Equal As Integers    ${report.accepted}    1
        END
    END
    Nothing Should Have Changed Since    ${before}

Events That Come In Another Order Change Nothing
    [Documentation]    When this passes, a service that hears of the gates in the wrong order still knows where the
    ...    review really stands.
    A Review Has Ended
    ${before} =    What Everybody Knows
    ${gates} =    Get Recorded Events    type=gate.passed
    Length Should Be    ${gates}    4
    Reverse List    ${gates}
    FOR    ${event}    IN    @{gates}
        FOR    ${service}    IN    dashboard    escalation    decision
            ${copy} =    A Copy With Another Id    ${event}
            ${report} =    Deliver Event    ${copy}    ${service}
            Should Be Equal As Integers    ${report.dead}    0
        END
    END
    Nothing Should Have Changed Since    ${before}

An Event That Cannot Be Handled Is Kept
    [Documentation]    When this passes, an event that a service cannot read was put aside with the reason, did no harm
    ...    to the events after it, and is still there after it was tried again in vain.
    A Review Has Ended
    ${events} =    Get Recorded Events    type=workflow.started
    ${before} =    What Everybody Knows
    VAR    &{no_number} =    revision=not a number
    VAR    &{nonsense} =    workflow=${no_number}
    FOR    ${service}    IN    dashboard    escalation    decision
        ${broken} =    A Copy With Another Id    ${events}[0]    payload=${nonsense}
        ${report} =    Deliver Event    ${broken}    ${service}
        Should Be Equal As Integers    ${report.dead}    1    The ${service} service took an event that nobody can read
        The Dead Letter Is Kept    ${broken}    ${service}

        ${sound} =    A Copy With Another Id    ${events}[0]
        ${report} =    Deliver Event    ${sound}    ${service}
        Should Be Equal As Integers    ${report.accepted}    1    The ${service} service takes no more events

        Should Be Refused    replay_failed    ${service}    Replay Dead Letter    ${broken}    ${service}
        The Dead Letter Is Kept    ${broken}    ${service}
    END
    Nothing Should Have Changed Since    ${before}


*** Keywords ***
A Review Has Ended
    [Documentation]    A review of which every service knows the end. Returns its events.
    [Arguments]    &{wishes}
    Start Recording Events
    Submit A Pull Request    &{wishes}
    Wait For Workflow
    Components Should Agree
    ${events} =    Get Recorded Events
    RETURN    ${events}

A Review Was Stopped, Mended And Completed
    [Documentation]    The same with a failed gate on its way.
    Start Recording Events
    ${pull_request} =    Submit A Pull Request    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    dor_validation    pull_request=${mended}
    Wait For Workflow    state=COMPLETED
    Wait For Event Sequence    escalation.triggered    escalation.resolved    within=30 seconds
    Components Should Agree

A Copy With Another Id
    [Documentation]    The same news, as if nobody had heard them yet.
    [Arguments]    ${event}    &{changes}
    ${unique} =    Generate Random String    12    [LOWER][NUMBERS]
    ${copy} =    Change Event    ${event}    event_id=made-by-a-test-${unique}    &{changes}
    RETURN    ${copy}

The Event Is Known
    [Documentation]    Delivers an event again, and once more in case it was not meant for this service the first time;
    ...    the service then says that it has it.
    [Arguments]    ${event}    ${service}
    Deliver Event    ${event}    ${service}
    ${report} =    Deliver Event    ${event}    ${service}
    Should Be Equal As Integers    ${report.duplicates}    1
    ...    The ${service} service did not know ${event.type} ${event.event_id} any more

The Dead Letter Is Kept
    [Documentation]    It is there once, with the reason why.
    [Arguments]    ${event}    ${service}
    ${letters} =    Get Dead Letters    ${service}    event=${event}
    Length Should Be    ${letters}    1    msg=The ${service} service did not keep what it could not read
    Should Not Be Empty    ${letters[0].reason}
    Should Be Equal    ${letters[0].replayed_at}    ${None}    It could be handled when it was tried again

What Everybody Knows
    [Documentation]    Every service's copy of the review, and its escalations, one line each.
    VAR    @{known} =    @{EMPTY}
    FOR    ${service}    IN    orchestration    decision    dashboard    escalation
        ${state} =    Get Component State    ${service}
        Append To List
        ...    ${known}
        ...    ${service}: ${state.state}, ${state.progress} %, revision ${state.revision} of ${state.updated_at}
    END
    ${escalations} =    Get Escalations
    FOR    ${one}    IN    @{escalations}
        Append To List    ${known}    ${one.id}: ${one.type}, ${one.state}, reported ${one.occurrences} times
    END
    RETURN    ${known}

Nothing Should Have Changed Since
    [Documentation]    Compares with `What Everybody Knows` from before, once the services have had time to agree
    ...    again.
    [Arguments]    ${before}
    Components Should Agree
    ${now} =    What Everybody Knows
    Lists Should Be Equal    ${now}    ${before}
