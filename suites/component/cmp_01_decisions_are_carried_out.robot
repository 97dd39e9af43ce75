*** Settings ***
Documentation       CMP-01 · Orchestration and decision: routing decisions are carried out as decided.
...
...                 What was decided is read from the decision service, what was done from the events that
...                 orchestration and the agents announced. The two must be the same, step by step.

Resource            ../../resources/agents.resource

Suite Setup         Prepare
Test Tags           id:CMP-01    component
Test Timeout        1 minute


*** Test Cases ***
Every Step Is Given To Those Who Were Decided On
    [Documentation]    When this passes, each of the four steps was given to just those agents that the decision
    ...    service had decided on, for the roles the step needs, and answered by just these.
    Submit A Pull Request    complexity=low
    Wait For Workflow
    Routing Should Have Been Carried Out
    Get Workflow    state    ==    COMPLETED
    A Step Should Be Routed To    dor_validation    qms-dor-validator
    A Step Should Be Routed To    progress_reviews
    ...    qms-code-reviewer    qms-testing-specialist    qms-security-scanner
    A Step Should Be Routed To    dod_validation    qms-dod-validator
    A Step Should Be Routed To    final_review    qms-quality-coordinator

A Security-Sensitive Change Is Always Scanned
    [Documentation]    When this passes, a change that touches what protects something had the security scanner at
    ...    every step, as decided and as done, and the decision said why.
    Submit A Pull Request    complexity=low    title=feat(auth): let people stay logged in with a session token
    Wait For Workflow
    Routing Should Have Been Carried Out
    Get Workflow    state    ==    COMPLETED
    FOR    ${step}    IN    dor_validation    progress_reviews    dod_validation    final_review
        Get Routing Decision    security_sensitive    ==    True    step=${step}
        Get Routing Decision    assignments.-1.role    ==    qms-security-scanner    step=${step}
        Get Routing Decision    assignments.-1.reason    contains    auth    step=${step}
        Get Step    ${step}    agents    contains    qms-security-scanner
    END

A Gate That Is Tried Again Is Decided Anew
    [Documentation]    When this passes, another attempt at a gate was a decision of its own, and was carried out as
    ...    well.
    ${pull_request} =    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Step    dor_validation
    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    dor_validation    pull_request=${mended}
    Wait For Workflow
    Routing Should Have Been Carried Out
    Get Workflow    state    ==    COMPLETED
    Get Routing Decision    attempt    ==    2    step=dor_validation
    ${decisions} =    Get Routing History
    Length Should Be    ${decisions}    5    Two attempts at the first gate and one at each other are five decisions


*** Keywords ***
Prepare
    [Documentation]    A repository without agents of its own: it has those of everybody.
    Use A Repository Of Its Own    routing
    Start Recording Events    orchestration    decision

A Step Should Be Routed To
    [Documentation]    These roles, in this order, each with a reason and a confidence, and the step has just these
    ...    agents.
    [Arguments]    ${step}    @{roles}
    ${decision} =    Get Routing Decision    step=${step}
    ${result} =    Get Step    ${step}
    Length Should Be    ${decision.assignments}    ${{ len($roles) }}
    FOR    ${assignment}    ${role}    IN ZIP    ${decision.assignments}    ${roles}    mode=STRICT
        Should Be Equal    ${assignment.role}    ${role}
        Should Contain    ${assignment.reason}    ${assignment.agent_id}
        Should Be True    0 < ${assignment.confidence_score} <= 1
        Should Contain    ${result.agents}    ${assignment.agent_id}
    END
