*** Settings ***
Documentation       CMP-16 · The routing history shows the true trend.

Resource            ../../resources/agents.resource
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

The Confidence Is The Mean Of All Agents
    [Documentation]    When this passes, a decision whose agents are not equally fit counts with the mean of their
    ...    confidence.
    Skip Unless Environment Can    agent_control
    Start Agents Of The Pool    1    qms-code-reviewer    expertise=${{ [] }}
    A Review Is Completed    complexity=low
    ${decision} =    Get Routing Decision    step=progress_reviews
    VAR    ${known} =    ${decision.assignments[1].confidence_score}
    Get Routing Decision    assignments.0.confidence_score    <    ${known - 0.1}    step=progress_reviews
    ...    message=An agent that knows nothing of the change was decided on as confidently as one that does
    Widget Should Show    routing_history    decisions    ==    4    repository=${REPOSITORY}
    The Widgets Should Agree With Events    routing_history    period=hour
    The Widgets Should Agree With Events    routing_history    period=day

Fallbacks And Failures Are Each Counted As What They Are
    [Documentation]    When this passes, a decision that was made by the rules is counted as a fallback, and a routing
    ...    that found nobody as a failure.
    Skip Unless Environment Can    agent_control
    ${agents} =    Start Agents Of The Pool    1    qms-dor-validator    load_capacity=2    expertise=${{ [] }}
    # What it has then is everybody else's when it is retired, at the end of the test.
    Slow Down Agent    ${agents}[0]    by=1 hour
    Submit A Pull Request    complexity=low
    Get Routing Decision    fallback    ==    False
    Submit A Pull Request    complexity=low
    Get Routing Decision    fallback    ==    True
    Widget Should Show    routing_history    decisions    ==    2    repository=${REPOSITORY}
    The Widgets Should Agree With Events    routing_history
    Break Agent    ${agents}[0]
    Widget Should Show    routing_history    failed    >=    2    repository=${REPOSITORY}    timeout=10 seconds
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
