"""The dashboard's page in a real browser: accessible, live again after an outage, and skipped where there is none."""

import json

import pytest
from robot_runs import run

from QMSLibrary.keywords import browser
from tests.npm_tools import package

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]


@pytest.fixture
def chromium():
    """Without one there is nothing to try here; .ci/run installs it."""
    from robot.api import SkipExecution

    try:
        return browser.chromium()
    except SkipExecution as missing:
        pytest.skip(str(missing))


SETUP = """
Library    Browser    timeout=10s    run_on_failure=${NONE}
Suite Setup    Use Environment    own=True
*** Keywords ***
Let Something Be Shown
    ${pr} =    Create Pull Request    changes=quick_fix    missing_tests=True    repository=acme/shop
    Trigger Workflow    ${pr}
    ${escalation} =    Escalation Should Exist    L3_STANDARD    count=1
    ${pr} =    Create Pull Request    changes=feature_implementation    repository=acme/shop
    Trigger Workflow    ${pr}
    Wait For Workflow    state=COMPLETED
    RETURN    ${escalation}
"""
AXE = """
Nothing Should Be In Anybody's Way
    [Arguments]    ${where}
    ${found} =    Evaluate JavaScript    ${NONE}    ${AXE}
    Should Be Empty    ${found}    msg=${where}: ${found}
*** Test Cases ***
Everybody Can Use It
    Let Something Be Shown
    FOR    ${colours}    IN    light    dark
        FOR    ${view}    IN    executive    operational    developer    qa
            ${address} =    Open Dashboard Page    as_role=manager    view=${view}    colours=${colours}
            Nothing Should Be In Anybody's Way    ${view} in the ${colours}
        END
        Click    css=[data-card=workflow_pipeline] .settings summary
        Nothing Should Be In Anybody's Way    settings in the ${colours}
        Page Should Fit    360
        Nothing Should Be In Anybody's Way    360 pixels in the ${colours}
        Go To    ${address}nonsense
        Nothing Should Be In Anybody's Way    a refusal in the ${colours}
        Click    text=Log out
        Wait For Elements State    css=#username
        Nothing Should Be In Anybody's Way    the log-in in the ${colours}
    END
"""


def test_a_checker_that_others_keep_finds_nothing_in_anybodys_way(home, tmp_path, chromium):
    source = (package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    script = (
        f"async () => {{ {source}\n const found = await axe.run(document, {{runOnly: {json.dumps(rules)}}});"
        " return found.violations.map((one) => `${one.id}: ${one.help}; ${one.nodes.map((each) => each.html + ' '"
        " + each.failureSummary).slice(0, 3).join('; ')}`); }"
    )
    (tmp_path / "axe_script.py").write_text(f"AXE = {script!r}\n")
    tests, output = run(tmp_path, SETUP.replace("*** Keywords", "Variables    axe_script.py\n*** Keywords") + AXE)
    assert tests["Everybody Can Use It"].status == "PASS", tests["Everybody Can Use It"].message + output


LIVE = """
*** Test Cases ***
It Comes Back
    Open Dashboard Page    as_role=qa_lead    view=qa
    ${escalation} =    Let Something Be Shown
    Page Should Show Escalation    active    escalation=${escalation}
    Stop Service    dashboard
    Wait For Elements State    css=body[data-connection=lost]    attached
    Get Text    css=#connection    *=    Connection lost
    Acknowledge Escalation    ${escalation}
    Start Service    dashboard
    Wait For Elements State    css=body[data-connection=live]    attached    timeout=15s
    Page Should Show Escalation    acknowledged    escalation=${escalation}
    Page Should Show    Acknowledged by qa_lead    card=escalations    timeout=1s
    ${numbers} =    Evaluate JavaScript    ${NONE}
    ...    () => [...document.querySelectorAll('#changes li')].map((one) => Number(one.dataset.sequence))
    ${expected} =    Evaluate    sorted(set($numbers), reverse=True)
    Should Be Equal    ${numbers}    ${expected}
    Length Should Be    ${{ [one for one in $numbers if one] }}    ${{ len($numbers) }}

The Keyboard Is Enough
    ${escalation} =    Let Something Be Shown
    Open Dashboard Page    as_role=qa_lead    view=qa    repository=acme/shop
    Keyboard Key    press    Tab
    Get Text    css=:focus    ==    Skip to the content
    Keyboard Key    press    Enter
    Get Property    css=:focus    id    ==    main
    Focus    css=[data-alert="alert-${escalation.id}"] form[action$="/acknowledge"] button
    Keyboard Key    press    Enter
    Page Should Show Alert    acknowledged    alert=${escalation}
"""


def test_it_is_live_again_after_the_service_was_away_and_a_keyboard_is_enough(home, tmp_path, chromium):
    tests, output = run(tmp_path, SETUP + LIVE)
    assert {test.name: (test.status, test.message) for test in tests.values()} == {
        "It Comes Back": ("PASS", ""),
        "The Keyboard Is Enough": ("PASS", ""),
    }, output


PLAIN = """
*** Test Cases ***
Look
    Open Dashboard Page
"""


def test_without_chromium_it_is_skipped_and_says_how_to_get_it(home, tmp_path, monkeypatch):
    monkeypatch.setenv("QMS_CHROMIUM", str(tmp_path / "nothing"))
    tests, _ = run(tmp_path, PLAIN)
    assert tests["Look"].status == "SKIP"
    assert "there is no Chromium on this machine" in tests["Look"].message
    assert "apt install chromium" in tests["Look"].message


def test_without_the_browser_library_it_is_skipped_and_says_how_to_get_it(home, tmp_path):
    (tmp_path / "away.py").write_text("import sys\nsys.modules['Browser'] = None\nclass away: pass\n")
    tests, _ = run(tmp_path, "Library    away.py\n" + PLAIN)
    assert tests["Look"].status == "SKIP"
    assert "robotframework-browser is not installed" in tests["Look"].message
    assert "pip install 'robotframework-qms[browser]'" in tests["Look"].message
