"""Keywords that would change something for everybody, or that look for somebody who is nobody: both are refused."""

import pytest
from robot_runs import run

pytestmark = pytest.mark.timeout(180)

SHARED = """
*** Test Cases ***
A Shared Environment Is Not Changed For Everybody
    ${agents} =    Get Agents
    ${refused} =    Run Keyword And Expect Error    The environment embedded is shared, *
    ...    Register Agent    second    qms-code-reviewer
    Should Contain    ${refused}    would take everybody's work
    Should Contain    ${refused}    repositories=owner/name, or an environment of its own: `Use Environment
    Run Keyword And Expect Error    The environment embedded is shared, *everybody's work*
    ...    Register Agent    second    qms-code-reviewer    repositories=${{[]}}
    Run Keyword And Expect Error    The environment embedded is shared, and qms-code-reviewer works for everybody*
    ...    Register Agent    qms-code-reviewer    qms-code-reviewer    repositories=acme/shop
    ${after} =    Get Agents
    Should Be Equal    ${after}    ${agents}
    Run Keyword And Expect Error    The environment embedded is shared, and quality_trend*`Use Environment*own=True`*
    ...    Configure Widget    quality_trend    title=Hallo
    ${mine} =    Register Agent    second    qms-code-reviewer    repositories=everybodys/shop
    Should Be Equal    ${mine.repositories}    ${{['everybodys/shop']}}
    Register Agent    second    qms-code-reviewer    repositories=everybodys/shop    load_capacity=3

One's Own May Be
    Use Environment    own=True
    Register Agent    second    qms-code-reviewer
    Register Agent    qms-code-reviewer    qms-code-reviewer    repositories=acme/shop
    ${config} =    Configure Widget    quality_trend    title=Hallo
    Should Be Equal    ${config.title}    Hallo
"""


def test_what_stays_for_everybody_needs_an_environment_of_its_own(home, tmp_path):
    tests, output = run(tmp_path, SHARED)
    assert {test.name: test.message for test in tests.values() if not test.passed} == {}, output
    assert len(tests) == 2


TRAIL = """
*** Variables ***
${THERE}    There are: developer, qa_lead, manager, admin, service, agent, code_host.
*** Settings ***
Suite Setup    A Review
*** Keywords ***
A Review
    ${pr} =    Create Pull Request    complexity=low
    Set Suite Variable    ${AUTHOR}    ${pr.author}
    Trigger Workflow    ${pr}
    Wait For Workflow    state=COMPLETED
*** Test Cases ***
A Role That Is None
    ${refused} =    Run Keyword And Expect Error    *
    ...    Audit Trail Should Contain    gate.overridden    role=manger    count=0
    Should Be Equal    ${refused}    role: there is no audit role 'manger'. Did you mean 'manager'? ${THERE}

Every Role
    FOR    ${role}    IN    developer    qa_lead    manager    admin    service    agent    code_host
        Audit Trail Should Contain    gate.overridden    role=${role}    count=0
    END
    Audit Trail Should Contain    state.changed    role=service
    Run Keyword And Expect Error    *(role agent)*0 such*
    ...    Audit Trail Should Contain    state.changed    role=agent    timeout=0

An Actor Who Is Nobody
    ${refused} =    Run Keyword And Expect Error    *
    ...    Audit Trail Should Contain    gate.overridden    actor=qa_leda    count=0
    Should Contain    ${refused}    actor: there is no 'qa_leda' anywhere on the audit trail
    Should Contain    ${refused}    Did you mean 'qa_lead'?

An Actor Who Has Done Nothing
    FOR    ${actor}    IN    admin    qa_lead    escalation    ${AUTHOR}
        Audit Trail Should Contain    gate.overridden    actor=${actor}    count=0
    END
"""


def test_nothing_is_found_of_nobody_and_that_is_no_proof(home, tmp_path):
    tests, output = run(tmp_path, TRAIL)
    assert {test.name: test.message for test in tests.values() if not test.passed} == {}, output
    assert len(tests) == 4
