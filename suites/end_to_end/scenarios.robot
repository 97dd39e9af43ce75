*** Settings ***
Documentation       The scenarios of resources/scenarios, one row each. What a scenario does stands in its file,
...                 and the log shows every part of it.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    scenarios
Test Template       Run Scenario
Test Tags           end-to-end    scenario
Test Timeout        2 minutes


*** Test Cases ***    SCENARIO    OVERRIDES
A Normal Pull Request
    [Documentation]    When this passes, a well-made feature of 15 files and 847 lines went through all four gates on
    ...    its own merits, and whoever looked in between saw the same in all four services.
    [Tags]    id:E2E-01
    normal_pull_request    repository=${REPOSITORY}    files=15    lines_changed=847

A Change Without Tests And Documentation
    [Documentation]    When this passes, it was stopped at the first gate with both reasons, somebody was told exactly
    ...    once, and mended it went on at that gate.
    [Tags]    id:E2E-02
    missing_tests    repository=${REPOSITORY}

Vulnerable Code Beside The Same Code Without Its Flaws
    [Documentation]    When this passes, the answer came from the code: of two reviews of the same change at the same
    ...    time, the vulnerable one was stopped and escalated, and the clean one passed undisturbed.
    [Tags]    id:E2E-03
    vulnerabilities    repository=${REPOSITORY}

A Complex Pull Request
    [Documentation]    When this passes, a big change that was sent back, mended, and followed by a late commit was
    ...    reviewed from the start again, and completed only with a person's approval.
    [Tags]    id:E2E-07
    complex_pull_request    repository=${REPOSITORY}

An Emergency Hotfix
    [Documentation]    When this passes, a hotfix got past a gate on a manager's word, on the record and without any
    ...    claim that the rules were kept, while another review beside it stayed where it was.
    [Tags]    id:E2E-07
    emergency_hotfix    repository=${REPOSITORY}
