*** Settings ***
Documentation       E2E-02 · A quick fix without tests and documentation does not get past the definition of ready.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    not-ready
Test Tags           id:E2E-02    end-to-end
Test Timeout        2 minutes


*** Test Cases ***
A Quick Fix Without Tests And Documentation Is Not Ready
    [Documentation]    When this passes, a change without tests and documentation was stopped at the first gate, both
    ...    reasons were given by name, and somebody was told exactly once, at the level that the rules ask
    ...    for.
    Submit A Pull Request    changes=quick_fix    complexity=low    missing_tests=True    missing_documentation=True
    Wait For Step    dor_validation
    Step Should Have Failed    dor_validation    missing_tests    missing_documentation
    The Review Should Be At    DOR_FAILED
    Get Step    progress_reviews    status    ==    pending    message=The review went on although its gate has failed

    Escalation Should Exist    L3_STANDARD    reason=DoR validation failed    count=1
    ${escalations} =    Get Escalations
    Length Should Be    ${escalations}    1    msg=Somebody was told more than once, or about something else
