"""A suite that gives pull requests to real tools, and takes them from there."""

from __future__ import annotations

import os
import subprocess
import sys

from robot.api import ExecutionResult

SUITE = """\
*** Settings ***
Library    QMSLibrary
Library    Process
Library    OperatingSystem

*** Test Cases ***
A Repository And Back
    ${pr} =    Create Pull Request    files=15    lines_changed=847
    ${made} =    Create Git Repository    ${pr}    ${TEMPDIR}/shop
    ${back} =    Create Pull Request From Git    ${TEMPDIR}/shop    main...${pr.head_branch}
    Should Be Equal    ${back.head_sha}    ${made.head_sha}
    Should Be Equal    ${back.title}    ${pr.title}
    Should Be Equal As Integers    ${back.lines_changed}    847

A Diff And Back
    ${pr} =    Create Pull Request    complexity=low    language=python
    Create Git Repository    ${pr}    ${TEMPDIR}/base
    Run Process    git    checkout    --quiet    main    cwd=${TEMPDIR}/base
    ${diff} =    Get Unified Diff    ${pr}
    Create File    ${TEMPDIR}/change.diff    ${diff}
    ${checked} =    Run Process    git    apply    --check    ${TEMPDIR}/change.diff    cwd=${TEMPDIR}/base
    Should Be Equal As Integers    ${checked.rc}    0    ${checked.stderr}
    ${back} =    Create Pull Request From Patch    ${TEMPDIR}/change.diff    base=${TEMPDIR}/base    title=${pr.title}
    Should Be Equal As Integers    ${back.lines_changed}    ${pr.lines_changed}
    Get Unified Diff    ${back}    ==    ${diff}
    Run Keyword And Expect Error    The patch changes *, which is not in the base folder*
    ...    Create Pull Request From Patch    ${diff}    base=${TEMPDIR}

A Payload And Back
    ${pr} =    Create Pull Request    complexity=low
    ${pr} =    Create Git Repository    ${pr}    ${TEMPDIR}/clone
    ${payload} =    Get GitHub Webhook Payload    ${pr}    action=closed    merged=True
    Should Be Equal    ${payload.pull_request.head.sha}    ${pr.head_sha}
    Get GitHub Webhook Payload    ${pr}    pull_request.merged    ==    False
    ${back} =    Create Pull Request From Webhook    ${payload}    clone=${TEMPDIR}/clone
    Should Be Equal    ${back.title}    ${pr.title}
    Should Be Equal As Integers    ${back.lines_changed}    ${pr.lines_changed}
    Run Keyword And Expect Error    A payload of GitHub names no files.*
    ...    Create Pull Request From Webhook    ${payload}
"""


def test_every_form_is_made_and_read_in_a_suite(tmp_path):
    (tmp_path / "forms.robot").write_text(SUITE)
    (tmp_path / "temporary").mkdir()
    # No QMS is needed for this, and no git identity.
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "temporary")}
    command = [sys.executable, "-m", "robot", "--outputdir", str(tmp_path), "--log", "NONE", "--report", "NONE"]
    done = subprocess.run(
        [*command, str(tmp_path / "forms.robot")], env=environment, capture_output=True, text=True, timeout=120
    )
    tests = {test.name: test.message for test in ExecutionResult(tmp_path / "output.xml").suite.tests}
    assert done.returncode == 0, (tests, done.stdout)
    assert len(tests) == 3
