*** Settings ***
Documentation       E2E-03 · Each kind of flaw is found by its name, and the same change without it passes.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    each-flaw
Test Tags           id:E2E-03    end-to-end    security
Test Timeout        2 minutes


*** Test Cases ***
Each Vulnerability Is Found By Its Name
    [Documentation]    When this passes, the security scan found each of eight kinds of vulnerability where the code
    ...    has one, with its severity and nothing else, the review stopped there, and the same change without it
    ...    passed the scan.
    [Template]    The Scan Should Find
    sql_injection    high    python
    xss    medium    typescript
    command_injection    high    javascript
    path_traversal    high    python
    hardcoded_secret    critical    typescript
    weak_cryptography    medium    javascript
    insecure_deserialization    high    python
    ssrf    high    typescript

Each Performance Flaw Is Found By Its Name
    [Documentation]    When this passes, the performance review found each of four kinds of slow code where there is
    ...    one, and no vulnerability beside it, the review stopped there, and the same change without it passed.
    [Template]    The Performance Review Should Find
    n_plus_one    python
    quadratic_loop    typescript
    blocking_io    javascript
    unbounded_cache    python


*** Keywords ***
The Scan Should Find
    [Documentation]    Reviews a small change with the flaw, and the same change without it.
    [Arguments]    ${flaw}    ${severity}    ${language}
    ${flawed} =    Submit A Pull Request    complexity=low    language=${language}    security_issues=${flaw}
    Wait For Step    progress_reviews
    Security Scan Should Have Found    ${flaw}:${severity}
    Step Should Have Failed    progress_reviews    ${flaw}
    Get Step    progress_reviews    checks.security_scan_passed    ==    False
    Get Step    progress_reviews    checks.performance_tests_passed    ==    True
    Get Workflow    state    ==    PROGRESS_BLOCKED
    The Mended Change Should Pass    ${flawed}    security_scan_passed

The Performance Review Should Find
    [Documentation]    Reviews a small change with the flaw, and the same change without it.
    [Arguments]    ${flaw}    ${language}
    ${flawed} =    Submit A Pull Request    complexity=low    language=${language}    performance_issues=${flaw}
    Wait For Step    progress_reviews
    Step Should Have Failed    progress_reviews    ${flaw}
    Get Step    progress_reviews    checks.performance_tests_passed    ==    False
    Security Scan Should Have Found
    Get Workflow    state    ==    PROGRESS_BLOCKED
    The Mended Change Should Pass    ${flawed}    performance_tests_passed

The Mended Change Should Pass
    [Documentation]    What was said of the flawed change was said of its code: without the flaw nothing is said.
    [Arguments]    ${flawed}    ${check}
    ${mended} =    Fix Pull Request    ${flawed}
    Retry Step    progress_reviews    pull_request=${mended}
    Wait For Step    progress_reviews
    Step Should Have Passed    progress_reviews    ${check}
