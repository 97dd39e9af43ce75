*** Settings ***
Documentation       How long after the end of a review a wait returns, three ways; and what a keyword costs.
Library             QMSLibrary
Library             probe.py
Suite Setup         Use Environment    embedded    own=True

*** Variables ***
${ROUNDS}    12

*** Test Cases ***
Pushed
    FOR    ${_}    IN RANGE    ${ROUNDS}
        ${workflow} =    A Review Begins
        Count Requests
        Wait For Workflow    state=COMPLETED
        Note Delay    pushed    ${workflow}
    END

Polled Each Second
    FOR    ${_}    IN RANGE    ${ROUNDS}
        ${workflow} =    A Review Begins
        Count Requests
        Wait Until Keyword Succeeds    30 s    1 s    Get Workflow    state    ==    COMPLETED
        Note Delay    polled each 1 s    ${workflow}
    END

Polled Ten Times A Second
    FOR    ${_}    IN RANGE    ${ROUNDS}
        ${workflow} =    A Review Begins
        Count Requests
        Wait Until Keyword Succeeds    30 s    0.1 s    Get Workflow    state    ==    COMPLETED
        Note Delay    polled each 0.1 s    ${workflow}
    END

Cost Of A Keyword
    A Review Begins
    ${workflow} =    Wait For Workflow    state=COMPLETED
    Compare Keyword With Bare Request    ${workflow}    300

*** Keywords ***
A Review Begins
    ${pull_request} =    Create Pull Request
    ${workflow} =    Trigger Workflow    ${pull_request}
    RETURN    ${workflow}
