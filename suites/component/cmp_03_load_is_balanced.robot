*** Settings ***
Documentation       CMP-03 · Load is balanced across several agents, and none is ever given more than it can take.
...
...                 The load is counted from the assignments that were announced, not from what the QMS says of it.

Resource            ../../resources/agents.resource

Suite Setup         Use A Pool Of Its Own    balance
Test Tags           id:CMP-03    component
Test Timeout        1 minute


*** Test Cases ***
Thirty Reviews At Once Are Shared Evenly
    [Documentation]    When this passes, of thirty reviews at the same time each of three equal agents was given its
    ...    third, within 10 %.
    ${agents} =    Start Agents Of The Pool    3    qms-dor-validator    load_capacity=20
    FOR    ${agent}    IN    @{agents}
        # So that all thirty are under way before the first is done.
        Slow Down Agent    ${agent}    by=500 ms
    END
    Submit Pull Requests Step By Step    30
    Load Should Be Balanced    ${agents}    within=10 %

Reviews One After Another Are Shared Evenly
    [Documentation]    When this passes, agents that were all idle were given the reviews in turn, and not always the
    ...    same one.
    ${agents} =    Start Agents Of The Pool    3    qms-dor-validator
    FOR    ${_}    IN RANGE    6
        Submit A Pull Request Step By Step    complexity=low
        Wait For Step    dor_validation
    END
    Load Should Be Balanced    ${agents}    within=10 %

Nobody Is Given More Than It Can Take
    [Documentation]    When this passes, agents with room for two reviews never had three, and those that had to wait
    ...    for a place were all reviewed.
    ${agents} =    Start Agents Of The Pool    3    qms-dor-validator    load_capacity=2
    FOR    ${agent}    IN    @{agents}
        # Much longer than a busy machine takes to wake one of them, so that all three are equally quick.
        Slow Down Agent    ${agent}    by=500 ms
    END
    Submit Pull Requests Step By Step    12
    Load Should Be Balanced    ${agents}    within=50 %
