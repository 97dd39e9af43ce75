*** Settings ***
Documentation       CMP-19 · What a user does on the dashboard's page takes effect: in a real browser.
...
...                 It has an environment of its own, because how a card is shown is changed for everybody.

Resource            ../../resources/review.resource

Suite Setup         Use A Quiet Environment With A Repository
Test Tags           id:CMP-19    component    browser
Test Timeout        2 minutes


*** Variables ***
# Where the pictures go; `make pictures` puts them into docs/images.
${PICTURES}     ${OUTPUT_DIR}


*** Test Cases ***
An Alert Acknowledged On The Page Is Acknowledged Everywhere
    [Documentation]    When this passes, pressing Acknowledge on the page put the alert and the escalation behind it
    ...    into the hands of who pressed it, in both services and on the audit trail, and the page said so.
    ${escalation} =    Somebody Is Told Of A Failed Gate
    Open Dashboard Page    as_role=qa_lead    repository=${REPOSITORY}
    Page Should Show Alert    active    alert=${escalation}
    Acknowledge Alert On Page    ${escalation}
    Page Should Show Alert    acknowledged    alert=${escalation}
    Page Should Show Escalation    acknowledged    escalation=${escalation}
    ${taken} =    Get Escalations    state=acknowledged
    Length Should Be    ${taken}    1    msg=The escalation behind the alert is not acknowledged
    Should Be Equal    ${taken[0].acknowledged_by}    qa_lead    msg=Somebody else is said to have acknowledged it
    Audit Trail Should Contain    alert.acknowledged    actor=qa_lead

An Alert Resolved On The Page Is Resolved Everywhere
    [Documentation]    When this passes, pressing Resolve on the page settled the alert and the escalation behind it,
    ...    and both were gone from the page without a reload.
    ${escalation} =    Somebody Is Told Of A Failed Gate
    Open Dashboard Page    as_role=qa_lead    repository=${REPOSITORY}
    Resolve Alert On Page    ${escalation}
    Page Should Show Alert    resolved    alert=${escalation}
    Page Should Show Escalation    resolved    escalation=${escalation}
    ${settled} =    Get Escalations    state=resolved
    Length Should Be    ${settled}    1    msg=The escalation behind the alert is not resolved
    Should Be Equal    ${settled[0].resolved_by}    qa_lead    msg=Somebody else is said to have resolved it
    Audit Trail Should Contain    alert.resolved    actor=qa_lead

A Card Configured On The Page Is Shown So To Everybody
    [Documentation]    When this passes, a title and a number of rows that one person chose for a card on the page were
    ...    shown to another person too, who had the page open already.
    Open Dashboard Page    as_role=qa_lead    view=qa    repository=${REPOSITORY}
    Configure Card On Page    workflow_pipeline    title=What is under way    limit=1
    Page Should Show    What is under way    card=workflow_pipeline
    Open Dashboard Page    as_role=developer    view=qa    repository=${REPOSITORY}
    Page Should Show    What is under way    card=workflow_pipeline
    [Teardown]    Show The Card As Before

Whoever May Not Act Is Not Offered It
    [Documentation]    When this passes, the page showed a developer the alert and no way to acknowledge it or to change
    ...    how cards are shown.
    ${escalation} =    Somebody Is Told Of A Failed Gate
    Open Dashboard Page    as_role=developer    view=qa    repository=${REPOSITORY}
    Page Should Show Alert    active    alert=${escalation}
    Page Should Not Offer    Acknowledge
    Page Should Not Offer    Configure

What Others Have Written Is Shown As They Wrote It
    [Documentation]    When this passes, markup in a pull request's title was text on the page: it was shown, and
    ...    did nothing.
    VAR    ${title} =    feat(shop): <script>document.title="hacked"</script> <b>sell</b> more
    Open Dashboard Page    view=developer    repository=${REPOSITORY}
    Submit A Pull Request    changes=feature_implementation    title=${title}
    Wait For Workflow    state=COMPLETED
    Page Should Show Workflow    COMPLETED
    Page Should Show    ${title}    card=workflow_pipeline

The Page Is Readable In The Dark And On A Phone
    [Documentation]    When this passes, the page fitted windows of 360 and of 1360 pixels while it was live; pictures
    ...    of it are beside the report.
    [Tags]    pictures
    VAR    ${REPOSITORY} =    acme/storefront    scope=TEST    # robocop: off=VAR06
    Open Dashboard Page    as_role=qa_lead    view=qa
    Let Some Work Be Under Way
    Page Should Show    missing tests    card=active_alerts
    Page Should Show    DoR validation failed    card=escalations
    Page Should Show    1 under way    card=summary
    Page Should Fit    1360    height=1500
    Take Dashboard Screenshot    dashboard-light    full_page=False    folder=${PICTURES}
    Page Should Fit    360    height=1600
    Take Dashboard Screenshot    dashboard-360    full_page=False    folder=${PICTURES}
    Open Dashboard Page    as_role=qa_lead    view=operational    colours=dark    width=1360    height=1500
    Take Dashboard Screenshot    dashboard-dark    full_page=False    folder=${PICTURES}


*** Keywords ***
Use A Quiet Environment With A Repository
    [Documentation]    An environment of its own where one can be had, and a repository that no one else uses.
    Use A Quiet Environment
    Use A Repository Of Its Own    page

Somebody Is Told Of A Failed Gate
    [Documentation]    A pull request without tests fails its first gate. Returns the escalation.
    Submit A Pull Request    changes=quick_fix    missing_tests=True
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=DoR validation failed    count=1
    RETURN    ${escalation}

Show The Card As Before
    [Documentation]    With the contract's own title and number of rows.
    Open Dashboard Page    as_role=qa_lead    view=qa    repository=${REPOSITORY}
    Configure Card On Page    workflow_pipeline    title=${EMPTY}    limit=100

Let Some Work Be Under Way
    [Documentation]    A dozen reviews, as a morning may have brought them.
    FOR    ${number}    IN RANGE    6
        Submit A Pull Request    changes=feature_implementation    complexity=medium    seed=${number}
    END
    Submit A Pull Request    changes=feature_implementation    security_issues=sql_injection:high    seed=21
    Submit A Pull Request    changes=quick_fix    missing_tests=True    missing_documentation=True    seed=22
    Submit A Pull Request    changes=bug_fix    complexity=low    seed=23
    Submit A Pull Request That Needs Approval    changes=refactoring    complexity=low    seed=24
