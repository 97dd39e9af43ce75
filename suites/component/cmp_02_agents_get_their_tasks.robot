*** Settings ***
Documentation       CMP-02 · An assignment reaches its agent, and the agent's result comes back into the step.
...
...                 The agents here are processes of their own, which hear of their tasks and answer by themselves.

Resource            ../../resources/agents.resource

Suite Setup         Use A Pool Of Its Own    agents
Test Tags           id:CMP-02    component
Test Timeout        1 minute


*** Test Cases ***
What The Agents Found Is In The Step
    [Documentation]    When this passes, three agents were each given their part of a step, read the files by
    ...    themselves, and what each found came back into the step under its name.
    ${reviewer} =    Start Agents Of The Pool    1    qms-code-reviewer
    ${tester} =    Start Agents Of The Pool    1    qms-testing-specialist
    ${scanner} =    Start Agents Of The Pool    1    qms-security-scanner
    Submit A Pull Request    complexity=low    security_issues=sql_injection:high
    Wait For Step    progress_reviews
    Step Should Have Failed    progress_reviews    sql_injection
    Get Step    progress_reviews    agents    ==
    ...    ${reviewer[0].agent_id}, ${tester[0].agent_id}, ${scanner[0].agent_id}
    Security Scan Should Have Found    sql_injection:high
    # The scanner's come last; before them there may be what the reviewer thinks of the style.
    Get Step    progress_reviews    findings.-1.type    ==    sql_injection
    Get Step    progress_reviews    findings.-1.agent_id    ==    ${scanner[0].agent_id}
    Get Step    progress_reviews    checks.peer_review_completed    ==    True
    Routing Should Have Been Carried Out

An Agent Is Only Given What Its Pool Is For
    [Documentation]    When this passes, agents of a repository reviewed nothing of any other repository.
    ${agents} =    Start Agents Of The Pool    1    qms-dor-validator
    ${elsewhere} =    Create Pull Request    complexity=low    repository=${REPOSITORY}-other
    Trigger Workflow    ${elsewhere}
    Wait For Step    dor_validation
    Get Step    dor_validation    agents    ==    qms-dor-validator
    Submit A Pull Request    complexity=low
    Wait For Step    dor_validation
    Get Step    dor_validation    agents    ==    ${agents[0].agent_id}

Only The Agent That Is Awaited Is Heard
    [Documentation]    When this passes, an answer of an agent that had not been asked, one for a step that was not
    ...    due, and a second one that said something else were refused and went on record, and the review was decided by
    ...    the one answer that counted.
    ${agents} =    Start Agents Of The Pool    1    qms-dor-validator
    Slow Down Agent    ${agents}[0]    by=1 minute
    Submit A Pull Request Step By Step    complexity=low
    The Step Should Be Assigned To    dor_validation    ${agents}[0]
    Should Be Refused    superseded    orchestration    Answer As Agent    a-stranger    dor_validation    passed=False
    Should Be Refused    superseded    orchestration
    ...    Answer As Agent    ${agents}[0]    final_review    run=1    attempt=1
    Should Be Refused    superseded    orchestration    Answer As Agent    ${agents}[0]    dor_validation    attempt=2
    Get Step    dor_validation    status    ==    in_progress

    Mend Agent    ${agents}[0]
    Wait For Step    dor_validation
    Should Be Refused    already_answered    orchestration
    ...    Answer As Agent    ${agents}[0]    dor_validation    passed=False
    Get Step    dor_validation    failure_reasons    ==    ${{ [] }}
    Progress Workflow    reason=Only one answer counted
    Step Should Have Passed    dor_validation
    Audit Trail Should Contain    result.refused    reason=superseded    count=3
    Audit Trail Should Contain    result.refused    reason=already_answered    count=1
