*** Settings ***
Documentation       E2E-05 · A gate that failed is mended and tried again at that same gate.
...
...                 Each row is one gate: its step, the state that a failure leads to, the reason that must be
...                 given, and what is wrong with the pull request so that it fails just there.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    fix-and-retry
Test Template       A Failed Gate Is Mended And Passed
Test Tags           id:E2E-05    end-to-end
Test Timeout        2 minutes


*** Test Cases ***    STEP    FAILED STATE    REASON    WHAT IS WRONG
Definition Of Ready Fails And Is Mended
    [Documentation]    When this passes, a review stopped for want of tests went on from the definition of ready once
    ...    they were there, and nothing else had to be repeated.
    dor_validation    DOR_FAILED    missing_tests    missing_tests=True

Progress Review Fails And Is Mended
    [Documentation]    When this passes, a review stopped for vulnerable code went on from the progress reviews once
    ...    the code was safe, and the gate before it was not repeated.
    progress_reviews    PROGRESS_BLOCKED    sql_injection    security_issues=sql_injection:high

Definition Of Done Fails And Is Mended
    [Documentation]    When this passes, a review stopped for too little test coverage went on from the definition of
    ...    done once the tests were there, and the gates before it were not repeated.
    dod_validation    DOD_FAILED    coverage_below_threshold    test_coverage=60

Final Review Fails And Is Mended
    [Documentation]    When this passes, a review rejected for its overall quality was accepted by the final review
    ...    once the code was tidy, and the gates before it were not repeated.
    final_review    FINAL_REJECTED    quality_below_threshold    code_style=0.0    test_coverage=100


*** Keywords ***
A Failed Gate Is Mended And Passed
    [Documentation]    Fails at the step, mends the pull request, tries again, and looks at what was repeated.
    [Arguments]    ${step}    ${failed_state}    ${reason}    &{what_is_wrong}
    ${pull_request} =    Submit A Pull Request    &{what_is_wrong}
    ${stopped} =    Wait For Workflow
    Step Should Have Failed    ${step}    ${reason}
    The Review Should Be At    ${failed_state}
    Get Step    ${step}    attempt    ==    1

    ${mended} =    Fix Pull Request    ${pull_request}
    Retry Step    ${step}    pull_request=${mended}
    Wait For Step    ${step}
    Step Should Have Passed    ${step}
    Get Step    ${step}    attempt    ==    2

    ${completed} =    Wait For Workflow    state=COMPLETED
    Only The Failed Gate Was Repeated    ${completed}    ${step}
    Get Workflow    run    ==    1    message=The review started over instead of going on at ${step}
    Get Workflow    result.compliance_adhered    ==    True
    Should Be Equal    ${completed.id}    ${stopped.id}

Only The Failed Gate Was Repeated
    [Documentation]    The mended step needed two attempts, every other one a single one.
    [Arguments]    ${workflow}    ${repeated}
    FOR    ${result}    IN    @{workflow.steps}
        ${expected} =    Set Variable If    '${result.step}' == '${repeated}'    ${2}    ${1}
        Should Be Equal As Integers    ${result.attempt}    ${expected}    The attempts of ${result.step}
    END
