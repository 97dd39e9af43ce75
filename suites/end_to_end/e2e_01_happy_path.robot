*** Settings ***
Documentation       E2E-01 · A pull request that is good passes all four gates of the review.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    happy-path
Test Tags           id:E2E-01    end-to-end
Test Timeout        2 minutes


*** Test Cases ***
A Good Feature Passes All Four Gates
    [Documentation]    When this passes, a well-made feature of 15 files and 847 lines went through every step of the
    ...    review in the order of the process, each check of each step was made and was positive, and the
    ...    whole kept its limits for duration, quality, satisfaction and compliance.
    ${pull_request} =    Create Pull Request
    ...    changes=feature_implementation
    ...    complexity=medium
    ...    files=15
    ...    lines_changed=847
    ...    repository=${REPOSITORY}
    ${workflow} =    Trigger Workflow    ${pull_request}
    Should Be Equal    ${workflow.pull_request.id}    ${pull_request.id}
    Should Be Equal As Integers    ${workflow.pull_request.files}    15
    Should Be Equal As Integers    ${workflow.pull_request.lines_changed}    847
    Should Be Equal As Strings    ${workflow.step}    dor_validation
    Should Be Equal As Strings    ${workflow.status}    in_progress

    Wait For Step    dor_validation
    Step Should Have Passed    dor_validation
    ...    requirements_covered    tests_covered    documentation_updated    approval_received

    Wait For Step    progress_reviews
    Step Should Have Passed    progress_reviews
    ...    code_quality_passed    security_scan_passed    performance_tests_passed    peer_review_completed

    Wait For Step    dod_validation
    Step Should Have Passed    dod_validation
    ...    all_tests_passing    coverage_threshold_met    documentation_complete    deployment_ready

    Wait For Step    final_review
    Step Should Have Passed    final_review
    ...    overall_quality_approved    compliance_validated    merge_approved

    Wait For Workflow    state=COMPLETED
    Give Feedback    4.6    comment=Quick, and it looked at the right things
    Workflow Should Meet
    ...    max_duration=4 hours
    ...    min_quality_score=85
    ...    min_satisfaction=4.0
    ...    compliance=True
