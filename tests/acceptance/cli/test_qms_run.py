"""``qms run`` as a user runs it: on real services, with small suites of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from robot.api import ExecutionResult

from QMSLibrary.environments import use

QMS = [sys.executable, "-m", "QMSLibrary.cli"]
CHECKOUT = Path(__file__).parents[3]

GOOD = """\
*** Test Cases ***
First Of {name}
    [Tags]    smoke    id:X-1
    Log    %{{QMS_ENVIRONMENT}} %{{QMS_SEED}} %{{QMS_HISTORY_DIR}} ${{EXECDIR}}    console=True
Second Of {name}
    [Tags]    slow
    No Operation
"""
# It tells that it runs by a file, so that nobody has to guess when it may be killed.
LONG = """\
*** Settings ***
Library    OperatingSystem
Suite Teardown    Create File    %{MARKS}/${SUITE NAME}.teardown
*** Test Cases ***
Before
    No Operation
Long
    Create File    %{MARKS}/${SUITE NAME}.running
    Sleep    60s
After
    No Operation
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with suites: `alpha` with two good ones, `beta` with one. Its own name is one that people give."""
    place = tmp_path / "my tests, für später"
    for category, names in {"alpha": ("one", "two"), "beta": ("three",)}.items():
        (place / "suites" / category).mkdir(parents=True)
        for name in names:
            (place / "suites" / category / f"{name}.robot").write_text(GOOD.format(name=name))
    (place / "marks").mkdir()
    monkeypatch.setenv("MARKS", str(place / "marks"))
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.chdir(place)
    return place


def qms(*arguments: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*QMS, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


def statuses(place: Path) -> dict[str, str]:
    result = ExecutionResult(str(place / "results" / "latest" / "output.xml"))
    return {test.full_name: test.status for test in result.suite.all_tests}


def test_everything_runs_and_is_in_one_report(home, place):
    ran = qms("run", "--seed", "7")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert statuses(place) == {
        f"Suites.{suite}.{number} Of {suite.rpartition('.')[2].lower()}": "PASS"
        for suite in ("Alpha.One", "Alpha.Two", "Beta.Three")
        for number in ("First", "Second")
    }
    latest = place / "results" / "latest"
    assert latest.is_symlink()
    assert {file.name for file in latest.iterdir()} >= {
        "output.xml",
        "log.html",
        "report.html",
        "metrics.html",
        "services",
    }
    assert f"embedded 7 {latest.resolve()}/history {place}" in (latest / "output.xml").read_text()
    assert "6 tests: 6 passed, 0 failed" in ran.stdout
    assert "PASS  alpha  First Of one" in ran.stdout
    assert "\x1b[" not in ran.stdout
    assert sorted(file.name for file in place.iterdir()) == ["marks", "results", "suites"]


def test_categories_and_tags_are_chosen_and_the_exit_code_is_robots(home, place):
    (place / "suites" / "beta" / "bad.robot").write_text(
        "*** Test Cases ***\nBad\n    [Tags]    smoke    broken\n    Fail    on purpose\n"
    )
    ran = qms("run", "beta", "--include", "smoke", "--exclude", "slow", "--processes", "1", "--results", "elsewhere")
    assert ran.returncode == 1
    result = ExecutionResult(str(place / "elsewhere" / "latest" / "output.xml"))
    assert [test.name for test in result.suite.all_tests] == ["Bad", "First Of three"]
    assert "on purpose" in ran.stdout
    one = qms("run", "beta", "--include", "broken", "--results", "one")
    assert "1 test in beta on " in one.stdout
    assert "1 test: 0 passed, 1 failed" in one.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["alfa"], "no category 'alfa'"),
        (["alfa"], "There are: alpha, beta"),
        (["--include", "smok"], "There are: id:X-1, slow, smoke"),
        (["--exclude", "nothing"], "No test has the tag 'nothing'"),
        (["--include", "smokeANDslow"], "No test has the tag"),
        (["--environment", "mars"], "There are: embedded"),
        (["--suites", "nowhere"], "nowhere is not a folder."),
        (["--suites", "my.robot"], "A file of your own runs with `robot my.robot`."),
        (["own suites/my.robot"], "A file of your own runs with `robot 'own suites/my.robot'`."),
    ],
)
def test_what_cannot_be_done_lists_the_choices(home, place, arguments, said):
    ran = qms("run", *arguments)
    assert ran.returncode == 252
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list(place.glob("results/*"))


def test_the_environment_is_the_one_that_is_up(home, place):
    with use("embedded") as environment:
        (place / "suites" / "beta" / "three.robot").write_text(
            "*** Settings ***\nLibrary    QMSLibrary\n*** Test Cases ***\nWhere\n"
            "    ${environment} =    Get Environment\n    Log    ${environment.keeper_pid}    console=True\n"
        )
        ran = qms("run", "beta")
        assert ran.returncode == 0, ran.stdout
        assert f">{environment.keeper_pid}</msg>" in (place / "results" / "latest" / "output.xml").read_text()


def test_an_environment_that_dies_in_the_run_is_named(home, place):
    (place / "suites" / "alpha" / "one.robot").write_text(
        "*** Settings ***\nLibrary    QMSLibrary\nLibrary    Process\n*** Test Cases ***\nKill It\n"
        "    ${environment} =    Get Environment\n"
        "    Run Process    kill    -9    ${environment.keeper_pid}\n"
        "After It\n    ${pr} =    Create Pull Request\n    Trigger Workflow    ${pr}\n"
    )
    # The next category has Robot processes of its own, which find nothing and begin anew.
    (place / "suites" / "beta" / "three.robot").write_text(
        "*** Settings ***\nLibrary    QMSLibrary\n*** Test Cases ***\nGoes On\n"
        "    ${pr} =    Create Pull Request\n    Trigger Workflow    ${pr}\n"
    )
    ran = qms("run")
    assert "The environment 'embedded' itself has ended: its keeper (process " in ran.stderr
    assert "results/" in ran.stderr
    assert "Traceback" not in ran.stderr
    latest = place / "results" / "latest"
    assert {file.name for file in (latest / "services").iterdir()} >= {"orchestration.log", "keeper.log", "ended.txt"}
    result = ExecutionResult(str(latest / "output.xml"))
    assert "Suites of this run that started after that" in result.suite.metadata["Environment ended"]
    found = {test.name: test for test in result.suite.all_tests}
    assert found["Kill It"].passed
    assert found["After It"].message.startswith("The environment 'embedded' itself has ended")
    assert found["Goes On"].passed


def test_a_category_out_of_time_is_stopped_and_the_others_go_on(home, place, tmp_path):
    (place / "suites" / "alpha" / "two.robot").write_text(LONG)
    # The limits are a table in the code; a test sets one of its own and runs the command in a process of its own.
    code = (
        "import sys; from datetime import timedelta; from QMSLibrary.cli import categories, main; "
        "categories.LIMITS['alpha'] = categories.Limits(timedelta(seconds=4), 2); sys.exit(main(sys.argv[1:]))"
    )
    ran = subprocess.run([sys.executable, "-c", code, "run"], capture_output=True, text=True, timeout=90, check=False)
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert statuses(place) == {
        "Suites.Alpha.One.First Of one": "PASS",
        "Suites.Alpha.One.Second Of one": "PASS",
        "Suites.Alpha.Two.Before": "PASS",
        "Suites.Alpha.Two.Long": "FAIL",
        "Suites.Alpha.Two.After": "FAIL",
        "Suites.Beta.Three.First Of three": "PASS",
        "Suites.Beta.Three.Second Of three": "PASS",
    }
    assert "used up its time limit of 0:00:04" in ran.stdout
    assert (place / "marks" / "Alpha.Two.teardown").exists()


def test_what_measures_runs_after_the_others_and_alone(home, place):
    (place / "suites" / "alpha" / "a_first.robot").write_text(
        "*** Test Cases ***\nMeasures\n    [Tags]    load    smoke\n    No Operation\n"
        "Does Not\n    [Tags]    smoke\n    No Operation\n"
    )
    ran = qms("run", "alpha", "--include", "smoke")
    assert ran.returncode == 0, ran.stdout
    ended = [line.split("  ")[2] for line in ran.stdout.splitlines() if line.startswith("PASS")]
    assert ended[-1] == "Measures"
    assert sorted(ended[:-1]) == ["Does Not", "First Of one", "First Of two"]
    assert list(statuses(place))[:2] == ["Suites.Alpha.A First.Measures", "Suites.Alpha.A First.Does Not"]


def start_long(place: Path, wait_until) -> subprocess.Popen[str]:
    (place / "suites" / "beta" / "three.robot").write_text(LONG)
    process = subprocess.Popen([*QMS, "run"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    mark = place / "marks" / "Beta.Three.running"
    wait_until(lambda: mark.exists() or process.poll() is not None, 60)
    if not mark.exists():
        process.terminate()
        pytest.fail(process.communicate()[0])
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_ends_gracefully_and_its_results_are_readable(home, place, wait_until, number):
    process = start_long(place, wait_until)
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 253, said
    found = statuses(place)
    assert found["Suites.Alpha.Two.Second Of two"] == "PASS"
    assert found["Suites.Beta.Three.Before"] == "PASS"
    assert found["Suites.Beta.Three.Long"] == found["Suites.Beta.Three.After"] == "FAIL"
    assert "The run was stopped by" in said
    assert (place / "marks" / "Beta.Three.teardown").exists()
    assert (place / "results" / "latest" / "report.html").exists()


def test_kill_9_of_the_run_leaves_nothing_alive_and_a_whole_report(home, place, wait_until, ours):
    process = start_long(place, wait_until)
    urls = [url for file in home.glob("*/environment.json") for url in json.loads(file.read_text())["urls"].values()]
    assert len(urls) == 4
    process.kill()
    killed = time.monotonic()
    process.communicate()
    assert wait_until(lambda: not ours(place.parent), 5), ours(place.parent)
    assert time.monotonic() - killed < 5
    assert listening(urls) == []
    check_report_of_killed(place, process.pid)
    assert {file.name for file in (place / "results" / "latest" / "services").iterdir()} >= {"decision.log"}
    assert not list(place.glob("results/.*"))


def check_report_of_killed(place: Path, runner: int) -> None:
    """All that was planned is in it, what had finished with its verdict."""
    latest = place / "results" / "latest"
    assert {file.name for file in latest.iterdir()} >= {"log.html", "report.html"}
    assert not {"parts", "unfinished.txt"} & {file.name for file in latest.iterdir()}
    result = ExecutionResult(str(latest / "output.xml"))
    found = {test.full_name: test for test in result.suite.all_tests}
    assert list(found) == [
        *(
            f"Suites.Alpha.{name}.{number} Of {name.lower()}"
            for name in ("One", "Two")
            for number in ("First", "Second")
        ),
        *(f"Suites.Beta.Three.{name}" for name in ("Before", "Long", "After")),
    ]
    assert all(test.passed for name, test in found.items() if "Alpha" in name or "Before" in name)
    killed = f"The runner was killed: `qms run` (process {runner}) ended before the run did."
    # Its Robot wrote its end in time, or had to be killed as well.
    cut = f"It was running when {killed[0].lower()}{killed[1:]}"
    assert found["Suites.Beta.Three.Long"].message.startswith((killed, cut))
    assert found["Suites.Beta.Three.After"].message.startswith((killed, f"Not run. {killed}"))
    assert result.suite.start_time
    assert "Repeat" in result.suite.metadata


def test_what_nobody_could_finish_is_finished_by_hand(home, place, wait_until, ours):
    process = start_long(place, wait_until)
    (folder,) = (one.parent for one in place.glob("results/*/unfinished.txt"))
    refused = qms("report", str(folder))
    assert refused.returncode == 252
    assert f"still going on (process {process.pid})" in refused.stderr
    (heir,) = [line for line in ours(place.parent) if "heir.py" in line]
    os.kill(int(heir.split()[0]), signal.SIGKILL)
    process.kill()
    process.communicate()
    assert wait_until(lambda: not ours(place.parent), 5), ours(place.parent)
    assert f"qms report {folder}" in (folder / "unfinished.txt").read_text()
    # And one whose time is up before it is ready leaves everything as it was.
    slow = [sys.executable, "-c", f"from QMSLibrary.cli.heir import *; main(Path({str(folder)!r}), 0, limit=0.02)"]
    assert subprocess.run(slow, stdin=subprocess.DEVNULL, check=False).returncode == -signal.SIGALRM
    assert not (folder / "output.xml").exists()
    ran = qms("report", str(folder))
    assert ran.returncode == 2, ran.stderr
    assert "7 tests: 5 passed, 2 failed" in ran.stdout
    check_report_of_killed(place, process.pid)
    again = qms("report", str(folder))
    assert again.returncode == 252
    assert "it has its report already" in again.stderr


@pytest.mark.parametrize(("given", "fault"), [("notes.txt", "is no folder"), ("nowhere", "does not exist")])
def test_a_report_of_no_folder_is_refused(place, given, fault):
    (place / "notes.txt").write_text("")
    refused = qms("report", given)
    assert refused.returncode == 252
    assert refused.stderr.startswith(f"qms: {given} {fault}. Expected")


def listening(urls: list[str]) -> list[str]:
    wanted = {f"{int(url.rpartition(':')[2]):04X}" for url in urls}
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [fields[1] for fields in lines if fields[3] == "0A" and fields[1].rpartition(":")[2] in wanted]


def test_a_robot_that_cannot_start_is_told_with_its_last_words(home, place, monkeypatch):
    (place / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if any('.worker' in word for word in sys.orig_argv[:4]):\n"
        "    os.write(2, b'no robots today')\n"
        "    os._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{place}{os.pathsep}{CHECKOUT}")
    ran = qms("run", "beta")
    assert ran.returncode == 2
    assert "no robots today" in ran.stdout
