"""The dashboard's page in a real browser: accessible, live again after an outage, and skipped where there is none."""

import json
import os
import signal
import tempfile
from pathlib import Path

import pytest
from robot_runs import run, start

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


@pytest.fixture
def temporary(monkeypatch):
    """Where the browser puts its files. The path must be short, because it has a socket there."""
    with tempfile.TemporaryDirectory(prefix="qms-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


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


MISTAKES = """
*** Keywords ***
Is Refused
    [Arguments]    ${words}    @{row}    &{options}
    ${message} =    Run Keyword And Expect Error    *    @{row}    &{options}
    Should Contain    ${message}    ${words}
    Should Not Contain Any    ${message}    Traceback    Errno    Call log    page.    Error:
*** Test Cases ***
No Page Is Open
    FOR    ${keyword}    IN    Page Should Fit    Page Should Show    Page Should Not Show    Take Dashboard Screenshot
        Is Refused    Expected `Open Dashboard Page` before this keyword    ${keyword}    360
    END
    Is Refused    Expected `Open Dashboard Page`    Configure Card On Page    active_alerts    limit=5

Windows
    Is Refused    a window has 100 to 10000 pixels, and 0 was asked for    Open Dashboard Page    width=0
    Open Dashboard Page    as_role=manager    view=qa
    Is Refused    a window has 100 to 10000 pixels, and -10 was asked for    Page Should Fit    -10
    Is Refused    a window has 100 to 10000 pixels    Page Should Fit    360    height=99999999
    Page Should Fit    360

Cards
    Open Dashboard Page    as_role=manager    view=qa
    Is Refused    limit must be at least 1 (got 0)    Configure Card On Page    active_alerts    limit=0
    Is Refused    limit must be at most 1000 (got 5000)    Configure Card On Page    active_alerts    limit=5000
    Configure Card On Page    active_alerts    title=Alarms    limit=5
    Configure Card On Page    active_alerts    title=${EMPTY}    limit=100
    Click    css=[data-card=active_alerts] .settings summary
    Configure Card On Page    active_alerts    limit=99

What Could Not Be Seen Is Not Gone
    Open Dashboard Page    as_role=manager    view=developer
    Is Refused    `Page Should Show`: text is empty    Page Should Show    ${EMPTY}
    Is Refused    `Page Should Not Show`: text is empty    Page Should Not Show    ${EMPTY}
    Is Refused    has no card agent_status    Page Should Not Show    x    card=agent_status
    Is Refused    no active alert is shown    Page Should Not Offer    Acknowledge    timeout=100 ms
    Is Refused    has no card escalations    Page Should Show Escalation    closed    escalation=esc-nowhere
    Page Should Not Show    something that nobody wrote
    Click    text=Log out
    Wait For Elements State    css=#username
    Is Refused    shows no view of the dashboard    Page Should Not Show    something that nobody wrote
    Is Refused    shows no view of the dashboard    Page Should Not Offer    Configure

A Page Of Another Repository Does Not Say What Is Resolved
    ${escalation} =    Let Something Be Shown
    Open Dashboard Page    as_role=qa_lead    view=qa    repository=acme/other
    Is Refused    404    Page Should Show Escalation    closed    escalation=esc-nowhere
    Is Refused    the escalation service says that it is active
    ...    Page Should Show Escalation    resolved    escalation=${escalation}
    Is Refused    the dashboard service says that it is active
    ...    Page Should Show Alert    resolved    alert=${escalation}

Pictures
    Open Dashboard Page
    FOR    ${name}    IN    ../x    ../../x    /tmp/x    a/../../x
        Is Refused    leads out of    Take Dashboard Screenshot    ${name}
        Is Refused    leads out of    Take Dashboard Screenshot    x    folder=${{$name.replace('/tmp', '..')}}
    END
    Is Refused    name is empty    Take Dashboard Screenshot    ${EMPTY}
    Is Refused    no such file or directory    Take Dashboard Screenshot    x    folder=/proc/nono
    Is Refused    file name too long    Take Dashboard Screenshot    ${{'x' * 300}}
    FOR    ${name}    IN    overview    overview.png    v1.2    deep/overview
        ${place} =    Take Dashboard Screenshot    ${name}    full_page=False
        Should Be Equal As Strings    ${place}    ${OUTPUT_DIR}/${{$name.removesuffix('.png')}}.png
        Should Be True    $place.stat().st_size > 1000
    END
    ${place} =    Take Dashboard Screenshot    overview    folder=pictures/small/
    Should Be Equal As Strings    ${place}    ${OUTPUT_DIR}/pictures/small/overview.png
"""


def test_a_mistake_on_the_page_is_told_in_words_and_nothing_passes_unseen(home, tmp_path, chromium):
    tests, output = run(tmp_path, SETUP + MISTAKES)
    assert {test.name: test.message for test in tests.values() if not test.passed} == {}, output
    assert len(tests) == 6


LIFETIME = """
Suite Setup    Open Dashboard Page    as_role=manager    view=executive
*** Test Cases ***
First
    ${address} =    Open Dashboard Page    as_role=developer    view=developer
    Should End With    ${address}    /dashboard/developer
    Page Should Show    Where your pull requests are, and why
Second
    ${message} =    Run Keyword And Expect Error    *
    ...    Page Should Show    Where your pull requests are, and why    timeout=100 ms
    Should Contain    ${message}    at /dashboard/executive
"""
AFTERWARDS = """
*** Test Cases ***
First
    Open Dashboard Page
    Open Dashboard Page    as_role=manager
Second
    Run Keyword And Expect Error    No page is open in the browser.*    Page Should Show    QMS
"""


@pytest.mark.parametrize("suite", [LIFETIME, AFTERWARDS])
def test_a_page_ends_with_the_test_or_the_suite_that_opened_it(home, tmp_path, chromium, suite):
    tests, output = run(tmp_path, suite)
    assert {test.name: test.message for test in tests.values() if not test.passed} == {}, output
    assert len(tests) == 2


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


OPENED = """
*** Test Cases ***
E1
    Open Dashboard Page    as_role=qa_lead    view=qa
    Page Should Show    Quality assurance
E2
    Page Should Show    Quality assurance
"""
LATER = """\
*** Settings ***
Library    QMSLibrary    environment=embedded
Suite Setup    Open Dashboard Page    as_role=manager    view=executive
*** Test Cases ***
The Suite's
    Page Should Show    Executive
    Open Dashboard Page    as_role=qa_lead    view=qa
    Page Should Show    Quality assurance
Still The Suite's
    Page Should Show    Executive
    Page Should Not Show    Quality assurance
    Close Browser    ALL
"""
NOBODYS = """\
*** Settings ***
Library    QMSLibrary    environment=embedded
*** Test Cases ***
Nobody's
    Page Should Show    Executive
"""


def test_a_page_is_closed_with_the_test_or_the_suite_that_opened_it(home, tmp_path, chromium, temporary):
    others = [tmp_path / "later.robot", tmp_path / "nobodys.robot"]
    for file, text in zip(others, (LATER, NOBODYS), strict=True):
        file.write_text(text)
    tests, output = run(tmp_path, OPENED, *map(str, others))
    assert {test.name for test in tests.values() if test.passed} == {"The Suite's", "Still The Suite's", "E1"}, output
    for name in ("Nobody's", "E2"):
        assert tests[name].message.startswith("No page is open in the browser. Expected `Open Dashboard Page`")
    assert not list(temporary.iterdir())


def below(process):
    """All processes below ``process``, each by its number and the moment at which it began."""
    found = {process: None}
    while True:
        more = {
            int(stat[0]): stat[21]
            for stat in map(stat_of, Path("/proc").glob("[0-9]*/stat"))
            if stat and int(stat[3]) in found and int(stat[0]) not in found
        }
        if not more:
            del found[process]
            return found
        found |= more


def stat_of(file):
    try:
        number, _, rest = file.read_text().partition(" ")
    except OSError:
        return []
    return [number, "", *rest.rpartition(") ")[2].split()]


def living(processes):
    """Those that have not ended; one that waits to be collected has."""
    stats = {number: stat_of(Path(f"/proc/{number}/stat")) for number in processes}
    return [number for number, stat in stats.items() if stat and stat[21] == processes[number] and stat[2] != "Z"]


KILLED = """
*** Test Cases ***
Look
    Open Dashboard Page
    Create File    ${MARK}
    Sleep    2 minutes
"""


def test_nothing_is_left_of_the_browser_when_robot_is_killed(home, tmp_path, chromium, temporary, wait_until):
    mark = tmp_path / "mark"
    robot = start(tmp_path, "Library    OperatingSystem\n" + KILLED, "--variable", f"MARK:{mark}")
    browser = {}
    try:
        assert wait_until(mark.exists, 60)
        browser = below(robot.pid)
        names = {number: Path(f"/proc/{number}/cmdline").read_bytes().decode() for number in browser}
        assert any("node" in name for name in names.values())
        assert sum("chrom" in name for name in names.values()) > 3
        robot.kill()
        assert wait_until(lambda: not living(browser), 5), [names[one] for one in living(browser)]
        assert wait_until(lambda: not list(temporary.iterdir()), 1)
    finally:
        robot.kill()
        for number in living(browser):
            os.kill(number, signal.SIGKILL)
        robot.communicate(timeout=10)
