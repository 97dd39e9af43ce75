*** Settings ***
Documentation       CMP-10 · Notifications reach the right people, and nobody else.
...
...                 What the receivers of mail, Slack, SMS, telephone and PagerDuty really got is compared with the
...                 names in each row, and again with the stakeholders' file: who answers for the repository, can be
...                 reached at the level, and belongs to the tier that it has come to.

Resource            ../../resources/review.resource

Suite Setup         Prepare
Test Tags           id:CMP-10    component
Test Timeout        1 minute


*** Variables ***
${EVERYBODYS}       ${EMPTY}    # a repository of each kind is given when the suite begins
${PAYMENTS}         ${EMPTY}
${SEARCH}           ${EMPTY}


*** Test Cases ***
The Right People Are Told By The Right Channel
    [Documentation]    When this passes, for each level of urgency and each kind of repository exactly the people whose
    ...    business it is got one message, each by the first channel of the level that leads to them.
    [Template]    Exactly These Should Be Told
    # repository    severity    who:channel …
    ${EVERYBODYS}    critical    qa-lead:sms    review-channel:slack    on-call:pagerduty
    ${EVERYBODYS}    high    qa-lead:sms    review-channel:slack    on-call:pagerduty
    ${EVERYBODYS}    medium    qa-lead:email    review-channel:slack
    ${EVERYBODYS}    low    qa-lead:email    review-channel:slack
    ${PAYMENTS}    critical    qa-lead:sms    review-channel:slack    on-call:pagerduty    payments-lead:sms
    ...    payments-channel:slack
    ${PAYMENTS}    low    qa-lead:email    review-channel:slack    payments-lead:email    payments-channel:slack
    ${SEARCH}    high    qa-lead:sms    review-channel:slack    on-call:pagerduty    search-lead:email
    ${SEARCH}    medium    qa-lead:email    review-channel:slack    search-lead:email

A Failed Review Tells The Team Whose Repository It Is
    [Documentation]    When this passes, a gate that fails in a team's repository is told to that team and to those who
    ...    answer for all, and not to another team.
    ${pull_request} =    Create Pull Request    complexity=low    missing_tests=True    repository=${PAYMENTS}
    Trigger Workflow    ${pull_request}
    ${escalation} =    Escalation Should Exist    L3_STANDARD    reason=dor_failed    count=1
    Notification Should Have Reached    payments-lead    ${escalation}    channel=email    times=1
    Nobody Else Should Have Been Notified    ${escalation}
    ...    qa-lead    review-channel    payments-lead    payments-channel

A Channel That Fails Is Tried Again And Then The Next One Is Used
    [Documentation]    When this passes, a person whose channel fails is reached by the next one, once; and one whose
    ...    channel fails only once is reached by it, and by no other.
    [Template]    In Spite Of A Broken Channel
    # channel    how it fails    how often    whom it still reaches, and how
    sms    refuse    always    qa-lead:phone_call
    sms    silent    always    qa-lead:phone_call
    sms    refuse    once    qa-lead:sms
    pagerduty    refuse    once    on-call:pagerduty

What Is Nobody's Business Is Not Sent
    [Documentation]    When this passes, e-mail addresses, card numbers and tokens that people wrote were left out of
    ...    every message, and the rest was told.
    ${alert} =    Raise Alert    Paid with 4111 1111 1111 1111 by jane@example.org, password\=hunter2hunter2    medium
    ...    repository=${EVERYBODYS}
    Nobody Else Should Have Been Notified    ${alert.escalation_id}    qa-lead    review-channel
    ${messages} =    Get Received Messages    ${alert.escalation_id}
    FOR    ${message}    IN    @{messages}
        Should Contain    ${message.text}    Paid with    The message says nothing.\nService to blame: escalation
        ...    values=False
        Should Not Contain Any    ${message.text}    4111    jane@example.org    hunter2
        ...    msg=What nobody may see was sent by ${message.channel}.\nService to blame: escalation    values=False
    END

Whoever Does Not Answer Is Reminded And The Next Tier Is Told
    [Documentation]    When this passes, an escalation that nobody acknowledges is told to the next tier when its time
    ...    is up and not before, those who know are reminded, and all is quiet once somebody has taken charge.
    Skip Unless Environment Can    clock    receivers
    Use Environment    own=True
    ${alert} =    Raise Alert    The gate is open    critical    repository=${PAYMENTS}
    ${escalation} =    Escalation Should Be    ${alert.escalation_id}    active    tier=1
    Nobody Else Should Have Been Notified    ${escalation}
    Advance Clock    2 minutes
    Notification Should Have Reached    engineering-manager    ${escalation}    times=0

    Advance Clock    2 minutes
    Escalation Should Be    ${escalation}    active    tier=2
    Notification Should Have Reached    engineering-manager    ${escalation}    channel=sms    times=1
    Notification Should Have Reached    payments-owner    ${escalation}    channel=sms    times=1
    Nobody Else Should Have Been Notified    ${escalation}
    Advance Clock    90 seconds
    Notification Should Have Reached    qa-lead    ${escalation}    channel=sms    times=2
    Notification Should Have Reached    head-of-quality    ${escalation}    times=0

    Acknowledge Escalation    ${escalation}    comment=On it
    ${before} =    Nobody Else Should Have Been Notified    ${escalation}
    Advance Clock    2 days
    ${after} =    Nobody Else Should Have Been Notified    ${escalation}
    Length Should Be    ${after}    ${{len($before)}}
    ...    Somebody was told although it was acknowledged.\nService to blame: escalation


*** Keywords ***
Prepare
    [Documentation]    A repository that is everybody's business, and one of each of two teams.
    Skip Unless Environment Can    receivers
    Use A Repository Of Its Own    everybodys
    VAR    ${EVERYBODYS} =    ${REPOSITORY}    scope=SUITE    # robocop: off=VAR05
    Use A Repository Of Its Own    payments
    VAR    ${PAYMENTS} =    ${REPOSITORY}    scope=SUITE    # robocop: off=VAR05
    Use A Repository Of Its Own    search
    VAR    ${SEARCH} =    ${REPOSITORY}    scope=SUITE    # robocop: off=VAR05

Exactly These Should Be Told
    [Documentation]    Raises an alert and looks at what came to the receivers; a row names people as who:channel.
    [Arguments]    ${repository}    ${severity}    @{told}
    ${unique} =    Generate Random String    8
    ${alert} =    Raise Alert    Something is wrong ${unique}    ${severity}    repository=${repository}
    Escalation Should Be    ${alert.escalation_id}    active
    VAR    @{names} =    @{EMPTY}
    FOR    ${one}    IN    @{told}
        ${who}    ${channel} =    Split String    ${one}    :
        Notification Should Have Reached    ${who}    ${alert.escalation_id}    channel=${channel}    times=1
        VAR    @{names} =    @{names}    ${who}
    END
    Nobody Else Should Have Been Notified    ${alert.escalation_id}    @{names}
    Nobody Else Should Have Been Notified    ${alert.escalation_id}

In Spite Of A Broken Channel
    [Documentation]    Raises a critical alert in a repository for whose messages the channel is broken.
    [Arguments]    ${channel}    ${failure}    ${often}    ${told}
    Use A Repository Of Its Own    broken-${channel}
    ${first} =    Set Variable If    '${often}' == 'once'    ${1}    ${NONE}
    Break Channel    ${channel}    repository=${REPOSITORY}    failure=${failure}    first=${first}
    ${alert} =    Raise Alert    Something is wrong    critical    repository=${REPOSITORY}
    Escalation Should Be    ${alert.escalation_id}    active
    ${who}    ${way} =    Split String    ${told}    :
    Notification Should Have Reached    ${who}    ${alert.escalation_id}    channel=${way}    times=1
    Nobody Else Should Have Been Notified    ${alert.escalation_id}    qa-lead    review-channel    on-call
    Mend Channel    repository=${REPOSITORY}
