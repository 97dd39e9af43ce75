*** Settings ***
Documentation       CMP-07 · Who looks at the dashboard misses nothing when the connection breaks.
...
...                 The connection is cut at random moments while reviews go on. Which moments they were follows from
...                 the seed in the log; `--variable SEED:…` repeats them.

Resource            ../../resources/dashboard.resource

Test Setup          Look At A Repository Of Its Own    reconnect
Test Tags           id:CMP-07    component
Test Timeout        1 minute


*** Variables ***
${SEED}     ${None}


*** Test Cases ***
Nothing Is Missed And Nothing Doubled When The Connection Breaks
    [Documentation]    When this passes, a connection that broke again and again at random moments cost its user
    ...    nothing: every update came once, in order.
    Cut Live Connection    times=8    during=800 ms    seed=${SEED}
    A Review Is Completed    complexity=low
    A Review Was Stopped And Mended
    A Review Is Completed    complexity=low
    Live Updates Should Be Complete

Who Was Cut Off Has Seen The Same As Who Was Not
    [Documentation]    When this passes, two people who look at the same reviews have been told the same, update by
    ...    update, although the connection of one of them broke.
    ${steady} =    Open Live Dashboard    repository=${REPOSITORY}
    ${shaky} =    Open Live Dashboard    repository=${REPOSITORY}
    Cut Live Connection    times=5    during=500 ms    seed=${SEED}    live=${shaky}
    A Review Was Stopped And Mended
    FOR    ${live}    IN    ${steady}    ${shaky}
        Live Updates Should Be Complete    live=${live}
        Wait For Live Update    escalation    state=resolved    live=${live}
        Wait For Live Update    alert    state=resolved    live=${live}
    END
    FOR    ${topic}    IN    workflow    routing    escalation    alert
        Wait Until Keyword Succeeds    5 s    100 ms    The Two Should Have Been Told The Same    ${topic}
        ...    ${steady}    ${shaky}
    END

Nothing Is Missed When The Dashboard Itself Crashes
    [Documentation]    When this passes, the numbers of the updates go on after a crash of the dashboard, so that
    ...    who resumes misses nothing of what was told before, and gets what happens afterwards.
    Skip Unless Environment Can    process_control
    Use Environment    own=True
    Look At A Repository Of Its Own    crash
    Submit A Pull Request Step By Step    complexity=low
    Wait For Step    dor_validation
    Wait For Live Update    workflow    state=DOR_PENDING
    Kill Service    dashboard
    Progress Workflow    reason=While nobody can look
    Start Service    dashboard
    Wait For Step    progress_reviews
    Wait For Live Update    workflow    state=PROGRESS_PENDING
    Live Updates Should Be Complete    timeout=10 seconds


*** Keywords ***
The Two Should Have Been Told The Same
    [Documentation]    Update by update. One may have been told a moment before the other, so it is waited for.
    [Arguments]    ${topic}    ${one}    ${other}
    ${told_one} =    Get Live Updates    ${topic}    live=${one}
    ${told_other} =    Get Live Updates    ${topic}    live=${other}
    Should Be Equal    ${told_other}    ${told_one}
    ...    The two were not told the same of ${topic}: the log has what each was told.\nService to blame: dashboard
    ...    values=False
