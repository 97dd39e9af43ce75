*** Settings ***
Documentation       CMP-14 · Routing decisions are shown with their reasons.

Resource            ../../resources/dashboard.resource

Test Setup          Look At A Repository Of Its Own    routing-reasons
Test Tags           id:CMP-14    component
Test Timeout        1 minute


*** Test Cases ***
Each Decision Is Shown With Its Reasons
    [Documentation]    When this passes, the dashboard shows for each decision who was chosen, for what, with which
    ...    confidence and why, exactly as the decision service has said it.
    A Review Is Completed    complexity=low
    Widget Should Show    routing_history    decisions    ==    4    repository=${REPOSITORY}
    The Widgets Should Agree With Events    routing_history
    ${widget} =    Get Widget    routing_history    repository=${REPOSITORY}
    Length Should Be    ${widget.data}[newest]    4
    FOR    ${decision}    IN    @{widget.data}[newest]
        FOR    ${assignment}    IN    @{decision}[assignments]
            Should Contain
            ...    ${assignment}[reason]
            ...    ${assignment}[agent_id]
            ...    The dashboard shows a reason that does not name the agent it is for
        END
    END

Each Decision Is Told Live With Its Reasons
    [Documentation]    When this passes, who looks at the dashboard is told of a decision and its reasons when it is
    ...    made.
    Submit A Pull Request    complexity=low
    ${update} =    Wait For Live Update    routing    step=dor_validation
    Should Be Equal    ${update.change}[assignments][0][agent_id]    qms-dor-validator
    Should Contain
    ...    ${update.change}[assignments][0][reason]
    ...    qms-dor-validator
    ...    The dashboard tells a reason live that does not name the agent it is for
    Wait For Workflow    state=COMPLETED
    The Live Decisions Should Be Those Of The Widget


*** Keywords ***
The Live Decisions Should Be Those Of The Widget
    [Documentation]    The same decisions with the same assignments, whichever way one looks.
    Widget Should Show    routing_history    decisions    ==    4    repository=${REPOSITORY}
    ${widget} =    Get Widget    routing_history    repository=${REPOSITORY}
    FOR    ${decision}    IN    @{widget.data}[newest]
        ${told} =    Wait For Live Update    routing    decision_id=${decision}[decision_id]
        ${shown} =    Evaluate    [(one["agent_id"], one["reason"]) for one in $decision["assignments"]]
        ${live} =    Evaluate    [(one["agent_id"], one["reason"]) for one in $told.change["assignments"]]
        Should Be Equal    ${live}    ${shown}
        ...    ${decision}[decision_id] was told live otherwise than it is shown.\nService to blame: dashboard
    END
