*** Settings ***
Documentation       CMP-04 · What happens when an agent fails, and when there is none.
...
...                 An agent that is down says so by its health, and its work moves on at once. One that says it is
...                 well and does not answer is found out by the step's time limit; nobody waits for that here, the
...                 environment's clock is moved. So the suite has an environment of its own.

Resource            ../../resources/agents.resource

Suite Setup         Prepare
Test Tags           id:CMP-04    component
Test Timeout        1 minute


*** Test Cases ***
An Agent Is Killed
    [Documentation]    When this passes, the review of an agent that had crashed was given to another agent and
    ...    completed by it, and the crashed one was given nothing more.
    [Template]    Its Work Moves On At Once When
    Kill Agent

An Agent Is Broken
    [Documentation]    When this passes, the same is so for an agent that is there and says it cannot work.
    [Template]    Its Work Moves On At Once When
    Break Agent    how=failing

An Agent Is Too Slow
    [Documentation]    When this passes, a review whose agent had let the step's time run out was given to another agent
    ...    and completed by it.
    [Template]    Its Work Moves On In Time When
    Slow Down Agent    by=1 hour

An Agent Never Answers
    [Documentation]    When this passes, the same is so for an agent that took the task and forgot it.
    [Template]    Its Work Moves On In Time When
    Break Agent    how=silent

An Agent Answers What Cannot Be Taken
    [Documentation]    When this passes, the same is so for an agent whose answer no review could take.
    [Template]    Its Work Moves On In Time When
    Break Agent    how=wrong

New Work Goes To Those Who Are Free
    [Documentation]    When this passes, an agent that had its hands full was given nothing more, and other reviews did
    ...    not wait for it.
    A Review Is Given To The Only Agent Of A Pool    load_capacity=1
    ${others} =    Start Agents Of The Pool    1    qms-dor-validator    load_capacity=1
    FOR    ${_}    IN RANGE    3
        Submit A Pull Request Step By Step    complexity=low
        Wait For Step    dor_validation
        Get Step    dor_validation    agents    ==    ${others[0].agent_id}
    END

Nobody Is Left
    [Documentation]    When this passes, a review for which there was no agent at all was not forgotten: a person was
    ...    asked, once, and it went on by itself when there was an agent again.
    ${agent} =    A Review Is Given To The Only Agent Of A Pool
    Kill Agent    ${agent}
    Wait For Event Sequence    orchestration.step_assigned    routing.failed    within=10 seconds
    Escalation Should Exist    L2_URGENT    reason=routing_failed    count=1
    Get Workflow    state    ==    DOR_PENDING

    ${others} =    Start Agents Of The Pool    1    qms-dor-validator
    Advance Clock    2 seconds
    Wait For Workflow    state=COMPLETED    timeout=15 seconds
    Get Step    dor_validation    agents    ==    ${others[0].agent_id}

Little Confidence Falls Back To The Rules
    [Documentation]    When this passes, a decision that no agent was good enough for was made by the rules, and said
    ...    so.
    A Review Is Given To The Only Agent Of A Pool    load_capacity=2    expertise=${{ [] }}
    Get Routing Decision    fallback    ==    False
    Submit A Pull Request    complexity=low
    Get Routing Decision    fallback    ==    True
    Get Routing Decision    assignments.0.confidence_score    <    0.5
    Get Routing Decision    assignments.0.reason    contains    Fallback to the rules


*** Keywords ***
Prepare
    [Documentation]    An environment of its own whose agents can be broken and whose clock can be moved.
    Skip Unless Environment Can    agent_control    clock
    Use Environment    own=True
    Start Recording Events    orchestration    decision

A Review Is Given To The Only Agent Of A Pool
    [Documentation]    A review is begun in a repository with one agent of its own, which will not answer for an hour.
    ...    Returns the agent.
    [Arguments]    &{options}
    Use A Repository Of Its Own    failing-agents
    ${agents} =    Start Agents Of The Pool    1    qms-dor-validator    &{options}
    Slow Down Agent    ${agents}[0]    by=1 hour
    Submit A Pull Request    complexity=low
    The Step Should Be Assigned To    dor_validation    ${agents}[0]
    RETURN    ${agents}[0]

Its Work Moves On At Once When
    [Documentation]    This is done to the agent that has the review; another one must complete it, and be given what
    ...    comes after it.
    [Arguments]    ${what_happens}    &{options}
    ${first} =    A Review Is Given To The Only Agent Of A Pool
    ${second} =    Start Agents Of The Pool    1    qms-dor-validator
    Run Keyword    ${what_happens}    ${first}    &{options}
    Wait For Workflow    state=COMPLETED    timeout=15 seconds
    Get Step    dor_validation    attempt    ==    1
    The Second Agent Should Have Taken Over    ${first}    ${second}[0]
    Submit A Pull Request Step By Step    complexity=low
    The Step Should Be Assigned To    dor_validation    ${second}[0]

Its Work Moves On In Time When
    [Documentation]    This is done to the agent before it answers; another one must complete the review when the
    ...    step's time limit of 5 minutes is over, and the pause of 5 seconds before another attempt.
    [Arguments]    ${what_happens}    &{options}
    ${first} =    A Review Is Given To The Only Agent Of A Pool
    # It knows less, so it would not be chosen if the first agent were asked once more.
    ${second} =    Start Agents Of The Pool    1    qms-dor-validator    expertise=documentation
    Run Keyword    ${what_happens}    ${first}    &{options}
    Advance Clock    5 minutes
    Get Step    dor_validation    attempt    ==    2
    Advance Clock    6 seconds
    Wait For Workflow    state=COMPLETED    timeout=15 seconds
    Get Step    dor_validation    attempt    ==    2
    The Second Agent Should Have Taken Over    ${first}    ${second}[0]
    Get Routing Decision    assignments.0.reason    contains    ${first.agent_id} did not answer in time
    ...    step=dor_validation

The Second Agent Should Have Taken Over
    [Documentation]    The first gate was decided on twice: for the first agent, and then for the second, which judged
    ...    it.
    [Arguments]    ${first}    ${second}
    Get Step    dor_validation    agents    ==    ${second.agent_id}
    ${decisions} =    Get Routing History
    Should Be Equal    ${decisions[-1].assignments[0].agent_id}    ${first.agent_id}
    Should Be Equal    ${decisions[-2].assignments[0].agent_id}    ${second.agent_id}
    Routing Should Have Been Carried Out
