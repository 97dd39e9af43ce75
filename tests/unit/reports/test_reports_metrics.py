"""metrics.html is safe, needs no network, and its absence is no failure."""

from __future__ import annotations

import re
import subprocess
import sys

from QMSLibrary.reports.metrics import write_metrics

NASTY = '<script>alert("x")</script>'


def robot(tmp_path, text: str, *options: str):
    (tmp_path / "nasty.robot").write_text(text)
    output = tmp_path / "output.xml"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "robot",
            "--log",
            "NONE",
            "--report",
            "NONE",
            "--output",
            str(output),
            *options,
            str(tmp_path),
        ],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return output


def test_names_messages_and_tags_cannot_become_markup(tmp_path):
    output = robot(
        tmp_path,
        f"*** Test Cases ***\n{NASTY}\n    [Tags]    {NASTY}\n    {NASTY}\n"
        f"Ends with backslash \\\\\n    Fail    *HTML*{NASTY}\n"
        f"*** Keywords ***\n{NASTY}\n    Fail    {NASTY}\n",
    )
    page = tmp_path / "metrics.html"
    assert write_metrics(output, page) is None
    html = page.read_text()
    assert NASTY not in html
    assert "&lt;script&gt;alert(" in html
    assert len(re.findall(r"<script", html)) == 1  # ours


def test_the_page_needs_nothing_from_the_network(tmp_path):
    output = robot(tmp_path, "*** Test Cases ***\nOne\n    No Operation\nTwo\n    Skip\n")
    page = tmp_path / "metrics.html"
    assert write_metrics(output, page) is None
    html = page.read_text()
    assert re.findall(r"""(?:src|href)=["']https?://[^"']+""", html) == []
    assert "One" in html


def test_no_tests_and_no_file_are_said_and_not_raised(tmp_path):
    page = tmp_path / "metrics.html"
    output = robot(tmp_path, "*** Keywords ***\nX\n    No Operation\n", "--runemptysuite")
    assert "no tests" in (write_metrics(output, page) or "")
    assert write_metrics(tmp_path / "missing.xml", page)
    assert not page.exists()
