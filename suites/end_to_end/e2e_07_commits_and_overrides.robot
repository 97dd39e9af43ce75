*** Settings ***
Documentation       E2E-07 · A new commit after the approval, overrides and emergencies, and who may not do what.

Resource            ../../resources/review.resource

Suite Setup         Use A Repository Of Its Own    commits-and-overrides
Test Tags           id:E2E-07    end-to-end    compliance
Test Timeout        2 minutes


*** Test Cases ***
A New Commit After The Approval Is Reviewed From The Start
    [Documentation]    When this passes, an approval is worth nothing for code that came after it: a new commit led
    ...    through all four gates again and waited for an approval of its own.
    ${pull_request} =    Submit A Pull Request That Needs Approval
    Approve Workflow    comment=The first version is fine
    Wait For Workflow    state=COMPLETED
    Get Workflow    run    ==    1

    ${first} =    Get Workflow
    Push Commit    pull_request=${pull_request}
    Get Workflow    run    ==    2
    Wait For Step    final_review
    The Final Review Should Wait For Approval
    Every Gate Before The Final Review Was Passed After    ${first.completed_at}
    Approve Workflow    comment=The second version is fine too
    Wait For Workflow    state=COMPLETED

    Audit Trail Should Contain    commit.pushed    role=developer    count=1
    Audit Trail Should Contain    review.approved    role=manager    count=2

A New Commit That Is Bad Does Not Profit From The Approval Before
    [Documentation]    When this passes, code that is vulnerable is stopped even when the version before it was
    ...    approved.
    ${vulnerable} =    Create Pull Request    security_issues=sql_injection:high    repository=${REPOSITORY}
    ${good} =    Fix Pull Request    ${vulnerable}
    Trigger Workflow    ${good}
    Wait For Workflow    state=COMPLETED
    Push Commit    pull_request=${vulnerable}
    Wait For Workflow    state=PROGRESS_BLOCKED
    Step Should Have Failed    progress_reviews    sql_injection

A Manager Overrides A Failed Gate, And It Is On The Record
    [Documentation]    When this passes, a gate that had failed was passed on a manager's word alone, the record says
    ...    who, why, which checks and for how long, and the result does not claim to be compliant.
    Submit A Pull Request    missing_documentation=True
    Wait For Step    dor_validation
    Step Should Have Failed    dor_validation    missing_documentation
    Override Gate    dor_validation    Documentation follows tomorrow
    ...    checks=documentation_updated    valid_for=1 day
    Get Step    dor_validation    status    ==    overridden

    ${record} =    Audit Trail Should Contain    gate.overridden
    ...    role=manager    reason=Documentation follows tomorrow    count=1
    Should Be Equal    ${record.after}[step]    dor_validation
    Should Be Equal    ${record.after}[checks]    ${{['documentation_updated']}}
    Should Be Equal As Numbers    ${record.after}[valid_for]    86400
    Should Be Equal    ${record.after}[emergency]    ${False}
    Get Workflow    result.compliance_adhered    ==    False
    Wait For Workflow    state=DOD_FAILED

An Emergency Passes A Gate Before It Is Decided
    [Documentation]    When this passes, a gate that is not decided yet is passed only when the manager calls it an
    ...    emergency, and the record says so.
    Submit A Pull Request Step By Step    changes=hotfix    complexity=low    author=hotfix_author
    Wait For Step    dor_validation
    Should Be Refused    gate_not_decided    orchestration
    ...    Override Gate    dor_validation    Production is down
    Get Workflow    state    ==    DOR_PENDING
    Override Gate    dor_validation    Production is down    emergency=True
    Get Workflow    state    ==    PROGRESS_PENDING
    ${record} =    Audit Trail Should Contain    gate.overridden    role=manager    reason=Production is down    count=1
    Should Be Equal    ${record.after}[emergency]    ${True}
    Get Workflow    result.compliance_adhered    ==    False

An Author May Not Override A Gate Of Their Own Change
    [Documentation]    When this passes, not even a manager can pass a gate of a pull request that they wrote, and the
    ...    attempt is on the record.
    ${mine} =    A Pull Request By The Manager    missing_tests=True
    Trigger Workflow    ${mine}
    Wait For Step    dor_validation
    Should Be Refused    duties_not_separated    orchestration
    ...    Override Gate    dor_validation    I know what I am doing
    The Review Should Be At    DOR_FAILED
    Audit Trail Should Contain    access.refused    actor=${mine.author}    reason=override    count=1
    Audit Trail Should Contain    gate.overridden    count=0

An Author May Not Approve Their Own Change
    [Documentation]    When this passes, not even a manager can approve a pull request that they wrote; somebody else
    ...    can.
    ${mine} =    A Pull Request By The Manager
    Trigger Workflow    ${mine}    approval_required=True
    Wait For Step    final_review
    Should Be Refused    duties_not_separated    orchestration    Approve Workflow    comment=Looks good to me
    The Final Review Should Wait For Approval
    Approve Workflow    comment=Somebody else has looked    as_role=admin
    Wait For Workflow    state=COMPLETED
    Audit Trail Should Contain    review.approved    role=admin    count=1

A Developer May Not Override Or Approve
    [Documentation]    When this passes, passing a gate against its verdict and approving take a manager, and the
    ...    attempts of others are refused.
    Submit A Pull Request    missing_tests=True
    Wait For Step    dor_validation
    FOR    ${role}    IN    developer    qa_lead
        Should Be Refused    403    orchestration
        ...    Override Gate    dor_validation    I would rather go on    as_role=${role}
    END
    The Review Should Be At    DOR_FAILED
    Submit A Pull Request That Needs Approval
    FOR    ${role}    IN    developer    qa_lead
        Should Be Refused    403    orchestration    Approve Workflow    comment=Fine    as_role=${role}
    END
    The Final Review Should Wait For Approval


*** Keywords ***
A Pull Request By The Manager
    [Documentation]    A pull request whose author is the person that the tests act as in the role of a manager.
    [Arguments]    &{wishes}
    ${environment} =    Get Environment
    ${pull_request} =    Create Pull Request    repository=${REPOSITORY}    &{wishes}
    ${pull_request.author} =    Set Variable    ${environment.connection.accounts['manager'].username}    # robocop: off=DEPR05
    RETURN    ${pull_request}

Every Gate Before The Final Review Was Passed After
    [Documentation]    None of the first three verdicts is one from before.
    [Arguments]    ${moment}
    FOR    ${step}    IN    dor_validation    progress_reviews    dod_validation
        Step Should Have Passed    ${step}
        Get Step    ${step}    completed_at    >    ${moment}    message=${step} was not done again
    END
