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
