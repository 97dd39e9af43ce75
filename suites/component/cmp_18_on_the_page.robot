*** Settings ***
Documentation       CMP-18 · Changes of an escalation show live on the dashboard's page, in a real browser.
...
...                 Measured from the time that the escalation service gives for the change to the frame of the browser
...                 that shows it; so it runs when nothing else does.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    live-page
Test Tags           id:CMP-18    component    browser    load
Test Timeout        2 minutes


*** Test Cases ***
Whoever Looks At The Page Sees An Escalation Change At Once
    [Documentation]    When this passes, an escalation that was raised, acknowledged and resolved elsewhere was seen
    ...    so on the dashboard's page, each time within 200 ms of the change, by somebody who touched nothing.
    Open Dashboard Page    as_role=qa_lead    view=qa    repository=${REPOSITORY}
    Submit A Pull Request    changes=quick_fix    missing_tests=True
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=DoR validation failed    count=1
    Page Should Have Shown In Time    active    escalation=${escalation}    within=200 ms

    Acknowledge Escalation    ${escalation}    as_role=manager
    Page Should Have Shown In Time    acknowledged    escalation=${escalation}    within=200 ms
    Page Should Show    by manager    card=escalations

    Resolve Escalation    ${escalation}    as_role=manager
    Page Should Have Shown In Time    resolved    escalation=${escalation}    within=200 ms
