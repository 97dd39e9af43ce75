*** Settings ***
Documentation       CMP-14 · Routing decisions are shown with their reasons.

Resource            ../../resources/agents.resource
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
    [Documentation]    When this passes, who looks at the dashboard is told of a decision, with the confidence in each
    ...    agent and the reasons for it, when it is made.
    Submit A Pull Request    complexity=low
    ${update} =    Wait For Live Update    routing    step=dor_validation
    Should Be Equal    ${update.change}[assignments][0][agent_id]    qms-dor-validator
    Should Contain
    ...    ${update.change}[assignments][0][reason]
    ...    qms-dor-validator
    ...    The dashboard tells a reason live that does not name the agent it is for
    Wait For Workflow    state=COMPLETED
    The Live Decisions Should Be Those Of The Widget

A Routing That Finds Nobody Is Shown With Its Reason
    [Documentation]    When this passes, the dashboard shows that nobody could be found for a step, and why, exactly as
    ...    the decision service has said it.
    Skip Unless Environment Can    agent_control
    ${agents} =    Start Agents Of The Pool    1    qms-dor-validator
    Break Agent    ${agents}[0]
    Wait For Live Update    agent    agent_id=${agents[0].agent_id}    health=unhealthy    timeout=10 seconds
    Submit A Pull Request    complexity=low
    Widget Should Show    routing_history    failed    >=    1    repository=${REPOSITORY}
    The Widgets Should Agree With Events    routing_history
    Get Widget    routing_history    newest.0.failed    ==    True    repository=${REPOSITORY}


*** Keywords ***
The Live Decisions Should Be Those Of The Widget
    [Documentation]    The same decisions with the same assignments, whichever way one looks.
    Widget Should Show    routing_history    decisions    ==    4    repository=${REPOSITORY}
    ${widget} =    Get Widget    routing_history    repository=${REPOSITORY}
    FOR    ${decision}    IN    @{widget.data}[newest]
        ${told} =    Wait For Live Update    routing    decision_id=${decision}[decision_id]
        Should Be Told As It Is Shown    the number of agents    ${decision}
        ...    ${{ len($told.change["assignments"]) }}    ${{ len($decision["assignments"]) }}
        FOR    ${live}    ${shown}    IN ZIP    ${told.change}[assignments]    ${decision}[assignments]    mode=STRICT
            FOR    ${value}    IN    agent_id    role    confidence_score    reason
                Should Be Told As It Is Shown    the ${value} of ${shown}[agent_id]    ${decision}
                ...    ${live}[${value}]    ${shown}[${value}]
            END
        END
    END

Should Be Told As It Is Shown
    [Documentation]    One value of a decision, as it was told live and as the widget shows it.
    [Arguments]    ${what}    ${decision}    ${live}    ${shown}
    VAR    ${message} =
    ...    A decision for ${decision}[step] was told live otherwise than it is shown: ${what}.
    ...    Expected: ${shown}, as the widget routing_history shows it
    ...    Seen: ${live}
    ...    Service to blame: dashboard
    ...    Look at: what was decided (`Get Routing Decision`), and what the dashboard makes of the event decision.routed
    ...    separator=\n
    Should Be Equal    ${live}    ${shown}    ${message}    values=False
