*** Settings ***
Documentation       CMP-15 · The chart of the load distribution equals the assignments that were made.

Resource            ../../resources/dashboard.resource

Test Setup          Look At A Repository Of Its Own    load-distribution
Test Tags           id:CMP-15    component
Test Timeout        1 minute


*** Test Cases ***
The Chart Equals The Assignments Made
    [Documentation]    When this passes, each agent's share on the chart is the share of the assignments that the
    ...    decision service has given it, counted from its decisions one by one.
    A Review Is Completed    complexity=low
    A Review Was Stopped And Mended
    A Review Is Completed    complexity=low
    Widget Should Show    load_distribution    assignments    ==    19    repository=${REPOSITORY}
    The Widgets Should Agree With Events    load_distribution
    Get Widget    load_distribution    by_role.qms-dor-validator    ==    4    repository=${REPOSITORY}

The Shares Add Up To The Whole
    [Documentation]    When this passes, nothing is missing on the chart and nothing is on it twice.
    A Review Is Completed    complexity=low
    Widget Should Show    load_distribution    assignments    ==    6    repository=${REPOSITORY}
    ${widget} =    Get Widget    load_distribution    repository=${REPOSITORY}
    ${whole} =    Evaluate    sum(one["share"] for one in $widget.data["agents"])
    Should Be True    abs(${whole} - 1) < 0.001
    ...    The shares on the widget load_distribution add up to ${whole}, expected was 1.\nService to blame: dashboard
    ${assigned} =    Evaluate    sum(one["assigned"] for one in $widget.data["agents"])
    Should Be Equal As Integers    ${assigned}    6
    ...    What the widget load_distribution says of each agent does not add up to its 6 assignments.
