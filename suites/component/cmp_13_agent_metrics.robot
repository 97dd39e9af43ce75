*** Settings ***
Documentation       CMP-13 · The dashboard's figures about the agents are right.

Resource            ../../resources/agents.resource
Resource            ../../resources/dashboard.resource

Test Setup          Look At A Repository Of Its Own    agent-metrics
Test Tags           id:CMP-13    component
Test Timeout        1 minute


*** Test Cases ***
The Figures Of Each Agent Are The Sum Of Its Work
    [Documentation]    When this passes, how many tasks each agent was given, finished and passed, and how long it took
    ...    on average, is what the decision service's events add up to.
    A Review Is Completed    complexity=low
    A Review Was Stopped And Mended
    Widget Should Show    agent_status    completed    ==    13    repository=${REPOSITORY}
    The Widgets Should Agree With Events    agent_status

An Agent Is Shown As Busy While It Works, And Free Afterwards
    [Documentation]    When this passes, an agent's load on the dashboard rises with an assignment and is back at what
    ...    it was when the work is done, live. The agent works for the suite's repository only, and is done when the
    ...    test says so: what an agent finishes at once may be over before anybody is told of it.
    Skip Unless Environment Can    agent_control
    ${agents} =    Start Agents Of The Pool    1    qms-dod-validator
    VAR    ${agent} =    ${agents}[0]
    Slow Down Agent    ${agent}    by=1 hour
    Submit A Pull Request    complexity=low
    ${busy} =    Wait For Live Update    agent    agent_id=${agent.agent_id}    load=1
    Widget Should Show    load_distribution    open    ==    1    repository=${REPOSITORY}
    Answer As Agent    ${agent}    dod_validation
    Wait For Live Update    agent    agent_id=${agent.agent_id}    load=0    after=${busy}
    Wait For Workflow    state=COMPLETED
    Widget Should Show    load_distribution    open    ==    0    repository=${REPOSITORY}

An Agent That Does Not Answer Is Shown As Unhealthy
    [Documentation]    When this passes, somebody who looks at the dashboard sees that an agent has failed, live and in
    ...    the widget. Agents are everybody's, so the case has an environment of its own.
    Use Environment    own=True
    Open Live Dashboard    agent
    Register Agent    second-reviewer    qms-code-reviewer    health_endpoint=http://127.0.0.1:9/health
    Wait For Live Update    agent    agent_id=second-reviewer    health=unhealthy    timeout=5 seconds
    Widget Should Show    agent_status    unhealthy    ==    1
    Widget Should Show    agent_status    healthy    ==    6
