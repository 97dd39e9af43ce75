*** Settings ***
Documentation       FLOW-02 · What happens in one service is told to the others, in order, and can be followed.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    event-order
Test Tags           id:FLOW-02    data-flow
Test Timeout        2 minutes


*** Test Cases ***
The Start Of A Review Is Told In Order
    [Documentation]    When this passes, starting a review was announced by the services in the promised order within
    ...    five seconds, and every event of it carries the same workflow id and the same correlation id.
    Start Recording Events
    Submit A Pull Request    changes=event_propagation_test
    Wait For Event Sequence
    ...    workflow.started
    ...    decision.routing_requested
    ...    dashboard.workflow_created
    ...    orchestration.step_assigned
    ...    within=5 seconds
    Events Should Be Consistent

A Whole Review Can Be Followed By Its Events
    [Documentation]    When this passes, the events of a whole review, from three services, tell it gate by gate, none
    ...    came twice, none is out of order within its service, and one correlation id leads through all of
    ...    them.
    Start Recording Events
    Submit A Pull Request
    Wait For Workflow    state=COMPLETED
    Wait For Event Sequence
    ...    workflow.started
    ...    gate.passed
    ...    gate.passed
    ...    gate.passed
    ...    gate.passed
    ...    workflow.completed
    ...    within=30 seconds
    # Four steps have six agents, and each of them answers once.
    VAR    @{six_answers} =    @{{["agent.task_completed"] * 6}}
    Wait For Event Sequence    @{six_answers}    within=30 seconds
    Number Of Events Should Be    agent.task_completed    6
    Components Should Agree
    Events Should Be Consistent
    Events Should Have Come From    orchestration    decision    dashboard
    Number Of Events Should Be    step.completed    4
    Number Of Events Should Be    gate.passed    4
    Number Of Events Should Be    workflow.completed    1
    Number Of Events Should Be    workflow.started    1

A Failure Is Told By All Four Services
    [Documentation]    When this passes, a stopped review leads from the gate to the escalation and its notification
    ...    with one correlation id, so that whoever is told can find out why.
    Start Recording Events
    Submit A Pull Request    security_issues=sql_injection:high
    Wait For Event Sequence
    ...    workflow.started
    ...    decision.routing_requested
    ...    dashboard.workflow_created
    ...    orchestration.step_assigned
    ...    gate.passed
    ...    step.failed
    ...    escalation.triggered
    ...    within=30 seconds
    Wait For Event Sequence    step.failed    gate.failed    within=5 seconds
    Components Should Agree
    Events Should Be Consistent
    Events Should Have Come From    orchestration    decision    dashboard    escalation


*** Keywords ***
Events Should Have Come From
    [Documentation]    Each of these services, and no other, has said something about the review.
    [Arguments]    @{services}
    FOR    ${service}    IN    orchestration    decision    dashboard    escalation
        ${events} =    Get Recorded Events    service=${service}
        IF    $service in $services
            Should Not Be Empty    ${events}    msg=The ${service} service has said nothing about this review
        ELSE
            Should Be Empty    ${events}    msg=The ${service} service had nothing to say, and said something
        END
    END

Number Of Events Should Be
    [Documentation]    Exactly so many events of a type.
    [Arguments]    ${type}    ${count}
    ${events} =    Get Recorded Events    type=${type}
    Length Should Be    ${events}    ${count}    msg=There should be ${count} × ${type}
