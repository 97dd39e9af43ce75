*** Settings ***
Documentation       FLOW-01 · The services agree about a review at every step.
...
...                 The review stops before each gate, so that nothing moves while the four services are compared.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    agreement
Test Tags           id:FLOW-01    data-flow
Test Timeout        2 minutes


*** Test Cases ***
All Services Agree At Every Step
    [Documentation]    When this passes, whoever looks at a review sees the same, whichever service they ask: its id,
    ...    step, status and progress, and when it changed last, to within a second.
    Submit A Pull Request Step By Step    changes=data_flow_test    complexity=medium
    All Services Should Show    dor_validation    DOR_PENDING    ${0}
    Progress Workflow    reason=All four services were looked at
    All Services Should Show    progress_reviews    PROGRESS_PENDING    ${25}
    Progress Workflow    reason=All four services were looked at
    All Services Should Show    dod_validation    DOD_PENDING    ${50}
    Progress Workflow    reason=All four services were looked at
    All Services Should Show    final_review    FINAL_PENDING    ${75}
    Progress Workflow    reason=All four services were looked at
    Wait For Workflow    state=COMPLETED
    All Services Should Say    final_review    COMPLETED    completed    ${100}

All Services Agree About A Failure
    [Documentation]    When this passes, a review that was stopped is shown as stopped everywhere, and as going on
    ...    again everywhere once it was mended.
    ${pull_request} =    Submit A Pull Request    missing_tests=True
    Wait For Step    dor_validation
    All Services Should Say    dor_validation    DOR_FAILED    failed    ${0}
    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    dor_validation    pull_request=${mended}
    Wait For Workflow    state=COMPLETED
    All Services Should Say    final_review    COMPLETED    completed    ${100}


*** Keywords ***
All Services Should Show
    [Documentation]    The review has reached the step, its agents have answered, and everybody knows.
    [Arguments]    ${step}    ${state}    ${progress}
    Wait For Step    ${step}
    Get Step    ${step}    status    ==    waiting
    All Services Should Say    ${step}    ${state}    in_progress    ${progress}

All Services Should Say
    [Documentation]    The same step, state, status and progress in every service, and those that are expected.
    [Arguments]    ${step}    ${state}    ${status}    ${progress}
    Components Should Agree    within=1 second
    ${workflow} =    Get Workflow
    FOR    ${service}    IN    orchestration    decision    dashboard    escalation
        Get Component State    ${service}    workflow_id    ==    ${workflow.id}
        Get Component State    ${service}    step    ==    ${step}
        Get Component State    ${service}    state    ==    ${state}
        Get Component State    ${service}    status    ==    ${status}
        Get Component State    ${service}    progress    ==    ${progress}
        Get Component State    ${service}    correlation_id    ==    ${workflow.correlation_id}
    END
