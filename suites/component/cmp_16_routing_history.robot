*** Settings ***
Documentation       CMP-16 · The routing history shows the true trend.

Resource            ../../resources/dashboard.resource

Test Setup          Look At A Repository Of Its Own    routing-history
Test Tags           id:CMP-16    component
Test Timeout        1 minute


*** Test Cases ***
The History Of Decisions Is The Sum Of The Events
    [Documentation]    When this passes, the number of decisions, assignments, fallbacks and the mean confidence by the
    ...    hour and by the day are what the decision service's events add up to.
    A Review Was Stopped And Mended
    Submit A Pull Request    complexity=low    missing_tests=True
    Wait For Workflow    state=DOR_FAILED
    Widget Should Show    routing_history    decisions    ==    6    repository=${REPOSITORY}
    The Widgets Should Agree With Events    routing_history    period=hour
    The Widgets Should Agree With Events    routing_history    period=day

A Rising Number Of Decisions Shows As Rising
    [Documentation]    When this passes, an hour with more work shows more decisions than the hour before it. The
    ...    environment's clock is moved for that, so the case has an environment of its own.
    Skip Unless Environment Can    clock
    Use Environment    own=True
    Look At A Repository Of Its Own    trend
    A Review Is Completed    complexity=low
    Advance Clock    1 hour
    A Review Is Completed    complexity=low
    A Review Is Completed    complexity=low
    Widget Should Show    routing_history    decisions    ==    12    repository=${REPOSITORY}
    The Widgets Should Agree With Events    routing_history    period=hour
    ${first} =    Get Widget    routing_history    history.0.decisions    repository=${REPOSITORY}    period=hour
    Get Widget    routing_history    history.1.decisions    >    ${first}    repository=${REPOSITORY}    period=hour
