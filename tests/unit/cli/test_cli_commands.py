"""The command line without a server."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from QMSLibrary.cli import categories, console, doctor, main, status

COMMANDS = ["run", "up", "down", "status", "doctor", "docs"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "examples:" in out or "exit codes:" in out


def test_the_help_of_run_says_which_runs_latest_leads_to(capsys):
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "results/latest is the one whose report was made last" in out
    assert "unfinished.txt" in out


def test_help_names_every_command_and_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(f"    {command} " in out for command in COMMANDS)
    assert "exit codes:" in out


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["run", "--processes", "0"], ["docs", "poems"], ["status", "--yaml"]]
)
def test_wrong_usage_is_252_as_with_robot(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 252
    assert "--help" in capsys.readouterr().err


def test_nothing_heavy_is_loaded_before_the_command_is_known():
    code = (
        "import sys, contextlib\n"
        "from QMSLibrary.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "print([name for name in ('robot', 'rich', 'httpx', 'pydantic', 'yaml', 'fastapi') if name in sys.modules])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def suites(tmp_path):
    for name in ("end_to_end", "zebra", "chaos"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "one.robot").touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_categories_are_the_folders_with_suites_known_ones_first(suites):
    assert [one.name for one in categories.find_categories(suites, [])] == ["end_to_end", "chaos", "zebra"]


def test_categories_may_be_named_as_a_shell_completes_them(suites):
    (found,) = categories.find_categories(suites, ["suites/chaos/", "chaos"])
    assert found.name == "chaos"
    assert found.limits == categories.LIMITS["chaos"]


def test_a_folder_without_limits_of_its_own_has_the_usual_ones(suites):
    (found,) = categories.find_categories(suites, ["zebra"])
    assert found.limits == categories.DEFAULT


def test_an_unknown_category_lists_what_there_is(suites):
    with pytest.raises(
        categories.NoSuitesError, match=r"'endtoend'.*Did you mean 'end_to_end'\? .*end_to_end, chaos, zebra"
    ):
        categories.find_categories(suites, ["endtoend"])
    with pytest.raises(categories.NoSuitesError, match=r"no \.robot files"):
        categories.find_categories(suites / "empty", [])


@pytest.mark.parametrize(
    ("pattern", "both"),
    [
        ("a", "aANDload"),
        ("aANDb", "aANDbANDload"),
        ("aORb", "aANDloadORbANDload"),
        ("aORbNOTc", "aANDloadORbANDloadNOTc"),
        ("NOTc", "loadNOTc"),
    ],
)
def test_a_pattern_can_be_narrowed(pattern, both):
    from robot.model import TagPatterns

    assert categories.and_tag(pattern, "load") == both
    for tags in (["a"], ["b"], ["a", "b"], ["a", "c"], ["c"], []):
        wanted = TagPatterns([pattern]).match(tags)
        assert TagPatterns([both]).match([*tags, "load"]) == wanted
        assert not TagPatterns([both]).match(tags)


def test_no_category_may_run_for_ever():
    assert all(timedelta(0) < one.time <= timedelta(hours=1) and one.workers > 0 for one in categories.LIMITS.values())


def test_suites_are_found_here_or_beside_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert categories.find_suites(None) == Path(categories.__file__).parents[2] / "suites"
    (tmp_path / "suites").mkdir()
    assert categories.find_suites(None) == tmp_path / "suites"
    with pytest.raises(categories.NoSuitesError, match="is not a folder"):
        categories.find_suites(tmp_path / "nowhere")


def test_no_colour_when_nobody_wants_it(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setattr(console.sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert console.paint("x", "red") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert console.paint("x", "red") == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr(console, "_wanted", True)
    console.use_colors(False)
    assert console.paint("x", "red") == "x"


def test_status_when_nothing_runs(home, capsys):
    assert main(["status"]) == 0
    assert "Nothing runs" in capsys.readouterr().out
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_down_when_nothing_is_up(home, capsys):
    assert main(["down"]) == 0
    assert "Nothing is up" in capsys.readouterr().out
    assert main(["down", "--name", "embedded"]) == 1
    assert "'embedded' is not up" in capsys.readouterr().err


def test_up_of_an_unknown_environment_lists_what_there_is(home, capsys):
    assert main(["up", "--name", "embeded"]) == 1
    assert "Did you mean 'embedded'?" in capsys.readouterr().err


def test_a_process_is_named_by_its_command():
    assert "python" in status.command_of(__import__("os").getpid())
    assert status.command_of(2**22 + 1) == "gone"


def test_doctor_finds_nothing_missing_here(home, capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "Everything that is needed is there." in out
    assert "Python" in out


def test_doctor_says_what_to_do_and_fails_only_for_what_is_needed(home, capsys, monkeypatch):
    wanted = doctor.Finding("chromium", False, "not found", "apt-get install chromium", needed=False)
    monkeypatch.setattr(doctor, "CHECKS", (lambda: wanted,))
    assert main(["doctor"]) == 0
    needed = doctor.Finding("disk", False, "0.1 GiB free", "Make room.")
    monkeypatch.setattr(doctor, "CHECKS", (lambda: wanted, lambda: needed))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "apt-get install chromium" in out
    assert "Make room." in out
    assert "Missing: disk." in out


def test_doctor_sees_a_package_of_a_wrong_version(monkeypatch):
    import importlib.metadata

    monkeypatch.setattr(
        importlib.metadata, "requires", lambda _: ["httpx<0.29,>=0.28", "nowhere>=1", "unwanted; extra == 'test'"]
    )
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: {"httpx": "0.30.1"}.get(name) or doctor_raises(name)
    )
    found = doctor.check_packages()
    assert not found.right
    assert "httpx is 0.30.1, wanted <0.29, >=0.28" in found.seen
    assert "nowhere is missing" in found.seen
    assert "unwanted" not in found.seen


def doctor_raises(name):
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(name)


def test_doctor_names_a_home_that_cannot_be(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("QMS_HOME", str(tmp_path / "file" / "x"))
    assert not doctor.check_home().right


def test_doctor_repeats_what_a_program_that_fails_complains_of(tmp_path, monkeypatch):
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho\necho 'no daemon is running' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    check = next(check for check in doctor.CHECKS if check().what == "docker")
    found = check()
    assert not found.right
    assert found.seen == f"{program}: no daemon is running"


@pytest.mark.parametrize("arguments", [["--no-color", "doctor"], ["doctor", "--no-color"]])
def test_colours_can_be_turned_off_before_and_after_the_command(home, monkeypatch, arguments):
    monkeypatch.setattr(console, "_wanted", True)
    assert main(arguments) == 0
    assert console._wanted is False
