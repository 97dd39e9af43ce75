*** Settings ***
Documentation       CMP-08 · What the dashboard says about the past is the sum of the events behind it.
...
...                 The sums are made by the library from the events that it saw itself. The dashboard is not asked
...                 how it counts.

Resource            ../../resources/dashboard.resource

Test Setup          Look At A Repository Of Its Own    history
Test Tags           id:CMP-08    component
Test Timeout        1 minute


*** Test Cases ***
The History Is The Sum Of The Events
    [Documentation]    When this passes, reviews, gates and quality by the hour and by the day are what the events add
    ...    up to, for reviews that went well and for those that did not.
    A Review Is Completed    complexity=low
    A Review Was Stopped And Mended
    Submit A Pull Request    missing_tests=True    complexity=low
    Wait For Workflow    state=DOR_FAILED
    Widget Should Show    quality_trend    completed    ==    2    repository=${REPOSITORY}
    The Widgets Should Agree With Events    quality_trend    period=hour
    The Widgets Should Agree With Events    quality_trend    period=day

Events That Come Again Are Counted Once
    [Documentation]    When this passes, no sum changes when every event of a review is delivered a second time, and
    ...    once more as if it were new.
    A Review Was Stopped And Mended
    The Widgets Should Agree With Events
    ${count} =    Everything Is Told Again
    Should Be True    ${count} > 20
    The Widgets Should Agree With Events

A Review That Is Completed Again Is Counted Again
    [Documentation]    When this passes, a review that a new commit led through all gates once more was completed twice
    ...    in the history, and is one completed review all the same.
    ${pull_request} =    Submit A Pull Request    complexity=low
    Wait For Workflow    state=COMPLETED
    Push Commit    pull_request=${pull_request}
    Wait For Workflow    state=COMPLETED
    Get Workflow    run    ==    2
    The Widgets Should Agree With Events    quality_trend    period=hour
    The Widgets Should Agree With Events    quality_trend    period=day
    Widget Should Show    quality_trend    completed    ==    1    repository=${REPOSITORY}

A Review That Was Waved Through Is Not Counted As Compliant
    [Documentation]    When this passes, a review that was completed because a manager had set a gate aside counts as
    ...    completed, and not as compliant.
    A Review Is Completed    complexity=low
    A Review Is Waved Through
    The Widgets Should Agree With Events    quality_trend    period=hour
    The Widgets Should Agree With Events    quality_trend    period=day
    Widget Should Show    quality_trend    completed    ==    2    repository=${REPOSITORY}
    Get Widget    quality_trend    share_compliant    ==    0.5    repository=${REPOSITORY}

Each Day Has Its Own Sum
    [Documentation]    When this passes, what happened yesterday is not counted as of today. The environment's clock is
    ...    moved for that, so the case has an environment of its own.
    Skip Unless Environment Can    clock
    Use Environment    own=True
    Look At A Repository Of Its Own    days
    A Review Is Completed    complexity=low
    Advance Clock    24 hours
    A Review Is Completed    complexity=low
    A Review Is Completed    complexity=low
    The Widgets Should Agree With Events    quality_trend    period=day
    Get Widget    quality_trend    history.0.completed    ==    1    repository=${REPOSITORY}
    Get Widget    quality_trend    history.1.completed    ==    2    repository=${REPOSITORY}


*** Keywords ***
A Review Is Waved Through
    [Documentation]    A gate was passed on a manager's word before it was decided, and the review was completed.
    Submit A Pull Request Step By Step    complexity=low
    Wait For Step    dor_validation
    Override Gate    dor_validation    Production is down    emergency=True
    FOR    ${step}    IN    progress_reviews    dod_validation    final_review
        Wait For Step    ${step}
        Progress Workflow
    END
    Wait For Workflow    state=COMPLETED
    Get Workflow    result.compliance_adhered    ==    False
