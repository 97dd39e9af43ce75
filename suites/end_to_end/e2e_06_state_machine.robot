*** Settings ***
Documentation       E2E-06 · Every legal change of state works, and every other one is refused.
...
...                 Each row is one state and the states that may follow it. The review is brought into that state
...                 once for each legal change, and asked once for every state that is not in the row: 11 × 11 pairs
...                 in all, with those of `e2e_06_waiting_in_line.robot`, which is about the state that only a queue
...                 can show.

Resource            ../../resources/states.resource

Suite Setup         Use A Repository Of Its Own    state-machine
Test Template       Only These States May Follow
Test Tags           id:E2E-06    end-to-end
Test Timeout        3 minutes


*** Test Cases ***    STATE    STATES THAT MAY FOLLOW
From DOR_PENDING
    [Documentation]    When this passes, a review at the definition of ready can pass, fail or break down, and nothing
    ...    else.
    DOR_PENDING    PROGRESS_PENDING    DOR_FAILED    ERROR

From DOR_FAILED
    [Documentation]    When this passes, a review that is not ready can be tried again or be let through, and nothing
    ...    else.
    DOR_FAILED    DOR_PENDING    PROGRESS_PENDING

From PROGRESS_PENDING
    [Documentation]    When this passes, a review in progress can pass, be blocked, start over or break down, and
    ...    nothing else.
    PROGRESS_PENDING    DOD_PENDING    PROGRESS_BLOCKED    DOR_PENDING    ERROR

From PROGRESS_BLOCKED
    [Documentation]    When this passes, a blocked review can be tried again, be let through or start over, and nothing
    ...    else.
    PROGRESS_BLOCKED    PROGRESS_PENDING    DOD_PENDING    DOR_PENDING

From DOD_PENDING
    [Documentation]    When this passes, a review at the definition of done can pass, fail, start over or break down,
    ...    and nothing else.
    DOD_PENDING    FINAL_PENDING    DOD_FAILED    DOR_PENDING    ERROR

From DOD_FAILED
    [Documentation]    When this passes, a review that is not done can be tried again, be let through or start over,
    ...    and nothing else.
    DOD_FAILED    DOD_PENDING    FINAL_PENDING    DOR_PENDING

From FINAL_PENDING
    [Documentation]    When this passes, a review at its end can be completed, be rejected, start over or break down,
    ...    and nothing else.
    FINAL_PENDING    COMPLETED    FINAL_REJECTED    DOR_PENDING    ERROR

From FINAL_REJECTED
    [Documentation]    When this passes, a rejected review can be tried again, be let through or start over, and
    ...    nothing else.
    FINAL_REJECTED    FINAL_PENDING    COMPLETED    DOR_PENDING

From COMPLETED
    [Documentation]    When this passes, a completed review can only be started over, because its branch has moved.
    COMPLETED    DOR_PENDING

From ERROR
    [Documentation]    When this passes, a review that broke down can only be started over.
    ERROR    DOR_PENDING
