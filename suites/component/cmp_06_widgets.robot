*** Settings ***
Documentation       CMP-06 · Every widget reflects a change of a review's state.
...
...                 One row per widget: a review waits before its first gate, is let through, and fails there; then it
...                 is mended and tried again. A row names what the widget shows before and after one of the two.

Resource            ../../resources/dashboard.resource

Test Setup          Look At A Repository Of Its Own    widgets
Test Template       The Widget Should Reflect
Test Tags           id:CMP-06    component
Test Timeout        1 minute


*** Test Cases ***    WIDGET    VALUE    CHANGE    BEFORE    AFTER
The Pipeline Shows A Failed Gate
    [Documentation]    When this passes, a review that fails is counted among the failed ones at once.
    workflow_pipeline    by_state.DOR_FAILED    a gate fails    0    1

The Queue Shows That Nobody Is Awaited Any More
    [Documentation]    When this passes, a review leaves the queue of those that wait for a person when it goes on.
    queue_depth    waiting_for_people    a gate fails    1    0

The Alerts Show A Failed Gate
    [Documentation]    When this passes, a failure raises an alert on the dashboard.
    active_alerts    total    a gate fails    0    1

The Escalations Show A Failed Gate
    [Documentation]    When this passes, the escalation of a failure is shown with its level.
    escalations    open_by_level.L3_STANDARD    a gate fails    0    1

The Quality Trend Counts A Failed Gate
    [Documentation]    When this passes, a failed gate is part of the day's history.
    quality_trend    history.0.gate_failed    a gate fails    0    1

The Agents' Status Counts Another Task
    [Documentation]    When this passes, what an agent has done is counted.
    agent_status    completed    it is tried again    1    2

The Load Distribution Counts Another Assignment
    [Documentation]    When this passes, what an agent is given is counted.
    load_distribution    assignments    it is tried again    1    2

The Routing History Counts Another Decision
    [Documentation]    When this passes, each decision about who reviews is part of the history.
    routing_history    decisions    it is tried again    1    2


*** Keywords ***
The Widget Should Reflect
    [Documentation]    The value before the change, after it, and the whole widget held against the events.
    [Arguments]    ${widget}    ${value}    ${change}    ${before}    ${after}
    ${pull_request} =    Submit A Pull Request Step By Step    missing_tests=True    complexity=low
    Wait For Step    dor_validation
    IF    '${change}' == 'it is tried again'    The Gate Fails
    Widget Should Show    ${widget}    ${value}    ==    ${before}    repository=${REPOSITORY}
    IF    '${change}' == 'it is tried again'
        ${failed} =    Wait For Live Update    workflow    state=DOR_FAILED
        ${mended} =    Fix Pull Request    ${pull_request}
        Retry Step    dor_validation    pull_request=${mended}
        Wait For Live Update    workflow    state=DOR_PENDING    after=${failed}
        Wait For Step    dor_validation
    ELSE
        The Gate Fails
    END
    Widget Should Show    ${widget}    ${value}    ==    ${after}    repository=${REPOSITORY}
    The Widgets Should Agree With Events    ${widget}

The Gate Fails
    [Documentation]    The review goes on and is stopped at once.
    Progress Workflow    reason=To see it fail
    Wait For Workflow    state=DOR_FAILED
    Escalation Should Exist    L3_STANDARD
