*** Settings ***
Documentation       E2E-03 · Vulnerable code is found, stops the review, and reaches the people who must know.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    vulnerable
Test Tags           id:E2E-03    end-to-end    security
Test Timeout        2 minutes


*** Test Cases ***
SQL Injection And Cross-Site Scripting Are Found
    [Documentation]    When this passes, the security scan found both vulnerabilities that the code really has, each
    ...    with its severity and nothing else, the review stopped there, and the grave one was escalated
    ...    immediately.
    Submit A Pull Request
    ...    changes=feature_implementation
    ...    security_issues=sql_injection:high, xss_vulnerability:medium
    Wait For Step    progress_reviews
    Security Scan Should Have Found    sql_injection:high    xss_vulnerability:medium
    Step Should Have Failed    progress_reviews    sql_injection    xss
    Get Step    progress_reviews    checks.security_scan_passed    ==    False
    The Review Should Be At    PROGRESS_BLOCKED
    Escalation Should Exist    L1_IMMEDIATE    reason=high_severity_security    count=1

The Same Change Without The Vulnerabilities Is Clean
    [Documentation]    When this passes, the scan's answer comes from the code: the same pull request without the two
    ...    vulnerabilities has no security finding, passes, and nobody is disturbed.
    ${vulnerable} =    Create Pull Request
    ...    changes=feature_implementation
    ...    security_issues=sql_injection:high, xss_vulnerability:medium
    ...    repository=${REPOSITORY}
    ${clean} =    Fix Pull Request    ${vulnerable}
    Trigger Workflow    ${clean}
    Wait For Workflow    state=COMPLETED
    Security Scan Should Have Found
    Step Should Have Passed    progress_reviews    security_scan_passed
    Components Should Agree
    Escalation Should Exist    L1_IMMEDIATE    count=0
