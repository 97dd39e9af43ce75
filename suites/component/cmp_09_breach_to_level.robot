*** Settings ***
Documentation       CMP-09 · A breach escalates at the level that it calls for.

Resource            ../../resources/agents.resource

Suite Setup         Use A Repository Of Its Own    breach
Test Tags           id:CMP-09    component
Test Timeout        1 minute


*** Test Cases ***
Each Breach Escalates At Its Level
    [Documentation]    When this passes, each kind of breach that a review can find raised exactly one escalation, of
    ...    its kind and level, and one alert of the same weight on the dashboard.
    [Template]    The Breach Should Escalate
    # step    level    type    alert    what is wrong with the change
    dor_validation    L3_STANDARD    dor_failed    low    missing_tests=True
    dor_validation    L3_STANDARD    dor_failed    low    missing_documentation=True
    progress_reviews    L1_IMMEDIATE    high_severity_security    high    security_issues=sql_injection:high
    progress_reviews    L0_CRITICAL    leaked_secret    critical    security_issues=hardcoded_secret
    dod_validation    L3_STANDARD    dod_failed    low    test_coverage=55
    final_review    L2_URGENT    quality_below_threshold    medium    code_style=0.0    test_coverage=100

Overridden Gates Escalate Once Compliance Has Suffered
    [Documentation]    When this passes, a review that was completed by setting two verdicts aside raised one immediate
    ...    escalation about its compliance.
    Submit A Pull Request    complexity=low    code_style=0.0    test_coverage=55
    Wait For Workflow    state=DOD_FAILED
    Override Gate    dod_validation    reason=The tests follow in another change
    Wait For Workflow    state=FINAL_REJECTED
    Override Gate    final_review    reason=The style is put right in another change
    Wait For Workflow    state=COMPLETED
    Get Workflow    result.compliance_score    <    85
    Escalation Should Exist    L1_IMMEDIATE    reason=compliance_below_threshold    count=1

A Vulnerability That Is Not High Is No Breach
    [Documentation]    When this passes, a vulnerability of medium severity was found and was not escalated as a high
    ...    or critical one is.
    Submit A Pull Request    complexity=low    security_issues=xss:medium
    Wait For Workflow
    Security Scan Should Have Found    xss:medium
    Components Should Agree
    Escalation Should Exist    L1_IMMEDIATE    reason=high_severity_security    count=0

A Vulnerability Escalates By Its Severity
    [Documentation]    When this passes, a vulnerability that an agent had found was escalated at once when it was high
    ...    or critical, and not when it was less. No code has each of them, so the tester answers for the agent.
    [Setup]    An Agent Is Answered For    qms-security-scanner
    [Template]    The Vulnerability Should Escalate
    # severity    escalations
    critical    1
    high    1
    medium    0
    low    0

A Score Escalates Under Its Limit Only
    [Documentation]    When this passes, a score just under its limit was escalated at its level, and one that reached
    ...    the limit was not. No code can be written to such a figure, so the tester answers for the agent.
    [Setup]    An Agent Is Answered For    qms-quality-coordinator
    [Template]    The Score Should Escalate
    # level    type    escalations    what was measured
    L2_URGENT    quality_below_threshold    1    quality_score=69.9
    L2_URGENT    quality_below_threshold    0    quality_score=70
    L1_IMMEDIATE    compliance_below_threshold    1    compliance_score=84.9
    L1_IMMEDIATE    compliance_below_threshold    0    compliance_score=85

A Clean Review Disturbs Nobody
    [Documentation]    When this passes, a review without a breach raised no escalation and no alert.
    Submit A Pull Request    complexity=low
    Wait For Workflow    state=COMPLETED
    Components Should Agree
    ${escalations} =    Get Escalations
    Should Be Empty    ${escalations}    A clean review was escalated.\nService to blame: escalation
    ${alerts} =    Get Alerts
    Should Be Empty    ${alerts}    A clean review raised an alert.\nService to blame: dashboard

A Review That Stands Still Escalates After Two Hours
    [Documentation]    When this passes, a review in which nothing happens is left alone for almost two hours and
    ...    escalated once after them. The clock is moved, in an environment of its own.
    Skip Unless Environment Can    clock
    Use Environment    own=True
    Submit A Pull Request Step By Step    complexity=low
    Wait For Step    dor_validation
    Advance Clock    115 minutes
    Components Should Agree
    Escalation Should Exist    L3_STANDARD    reason=workflow_stuck    count=0
    Advance Clock    10 minutes
    Escalation Should Exist    L3_STANDARD    reason=workflow_stuck    count=1


*** Keywords ***
The Breach Should Escalate
    [Documentation]    Reviews a small change with one thing wrong until the step that has to see it.
    [Arguments]    ${step}    ${level}    ${type}    ${severity}    &{wishes}
    Submit A Pull Request    complexity=low    &{wishes}
    Wait For Workflow
    Get Workflow    step    ==    ${step}
    ${escalation} =    Escalation Should Exist    ${level}    reason=${type}    count=1
    ${escalations} =    Get Escalations
    Length Should Be    ${escalations}    1    There is more than one escalation.\nService to blame: escalation
    Alert Should Exist    ${severity}    escalation=${escalation}    state=active    count=1

An Agent Is Answered For
    [Documentation]    An agent for the role in a repository of its own, which leaves its answers to the tester: by
    ...    itself it would give none for an hour.
    [Arguments]    ${role}
    Use A Pool Of Its Own    breach-agent
    ${agents} =    Start Agents Of The Pool    1    ${role}
    VAR    ${AGENT} =    ${agents}[0]    scope=TEST    # robocop: off=VAR06

The Vulnerability Should Escalate
    [Documentation]    The agent finds a vulnerability of this severity, and there must be so many escalations about it.
    [Arguments]    ${severity}    ${count}
    # The scanner is asked at the first step as well when a change is sensitive. That answer it gives by itself.
    Mend Agent    ${AGENT}
    Submit A Pull Request Step By Step    complexity=low
    Wait For Step    dor_validation
    Slow Down Agent    ${AGENT}    by=1 hour
    Progress Workflow
    Wait For Event Sequence    gate.passed    orchestration.step_assigned
    Answer As Agent    ${AGENT}    progress_reviews    passed=False    findings=sql_injection:${severity}
    Wait For Step    progress_reviews
    Components Should Agree
    Escalation Should Exist    L1_IMMEDIATE    reason=high_severity_security    count=${count}

The Score Should Escalate
    [Documentation]    The agent of the final review measures this, and there must be so many escalations about it.
    [Arguments]    ${level}    ${type}    ${count}    &{score}
    Slow Down Agent    ${AGENT}    by=1 hour
    Submit A Pull Request    complexity=low
    Wait For Event Sequence    gate.passed    gate.passed    gate.passed    orchestration.step_assigned
    ...    within=20 seconds
    Answer As Agent    ${AGENT}    final_review    passed=False    &{score}
    Wait For Workflow    state=FINAL_REJECTED
    Components Should Agree
    Escalation Should Exist    ${level}    reason=${type}    count=${count}
