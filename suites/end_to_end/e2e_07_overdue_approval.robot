*** Settings ***
Documentation       E2E-07 · An approval that does not come.
...
...                 Nobody waits for hours here: the environment's clock is moved. It moves for everybody in it, so
...                 this suite has an environment of its own, and is skipped where no clock can be moved.

Resource            ../../resources/review.resource

Suite Setup         Prepare
Test Tags           id:E2E-07    end-to-end    compliance
Test Timeout        2 minutes


*** Test Cases ***
An Overdue Approval Is Escalated Once
    [Documentation]    When this passes, nobody is bothered while an approval is still in time, somebody is told once
    ...    when it is overdue, and the matter is settled by itself when the approval comes.
    Start Recording Events    escalation
    Submit A Pull Request That Needs Approval
    Advance Clock    55 minutes
    Components Should Agree
    Escalation Should Exist    L3_STANDARD    count=0

    Advance Clock    10 minutes
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=final approval overdue    count=1
    Should Be Equal As Strings    ${escalation.state}    active
    Approve Workflow    comment=Sorry for the delay
    Wait For Workflow    state=COMPLETED
    Wait For Event Sequence    escalation.resolved    within=5 seconds
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=final approval overdue    count=1
    Should Be Equal As Strings    ${escalation.state}    resolved
    Audit Trail Should Contain    escalation.resolved    object=${escalation.id}    count=1


*** Keywords ***
Prepare
    [Documentation]    An environment of its own whose clock can be moved.
    Skip Unless Environment Can    clock
    Use Environment    own=True
    Use A Repository Of Its Own    overdue-approval
