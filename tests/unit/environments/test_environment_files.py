"""Environments described by files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.environments import Capability, EnvironmentUseError, names, use
from QMSLibrary.environments.files import Description, describe, read

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "staging.yaml"
        path.write_text(text)
        return path

    return write


def test_the_example_is_right_when_its_passwords_are_there(monkeypatch):
    for role in Role:
        monkeypatch.setenv(f"QMS_{role.upper()}_PASSWORD", f"secret of {role}")
    found = read(CHECKOUT / "variables" / "existing.example.yaml")
    assert set(found.urls) == set(Service)
    assert found.accounts[Role.ADMIN].password == "secret of admin"
    assert found.timeout == timedelta(seconds=10)


def test_what_the_embedded_file_says_is_the_default():
    assert read(CHECKOUT / "variables" / "embedded.yaml") == Description("embedded")


def test_passwords_are_not_shown(written, monkeypatch):
    path = written(
        "kind: existing\nurls: {orchestration: http://x}\naccounts: {admin: {username: a, password: hush}}\n"
    )
    assert "hush" not in repr(read(path))


def test_the_code_host_and_its_token_which_is_not_shown(written, monkeypatch):
    monkeypatch.setenv("QMS_TEST_TOKEN", "hush")
    path = written("kind: embedded\ncode_host_url: https://api.example.com/\ncode_host_token: ${ENV:QMS_TEST_TOKEN}\n")
    found = read(path)
    assert (found.code_host_url, found.code_host_token) == ("https://api.example.com", "hush")
    assert "hush" not in repr(found)


def test_everything_that_can_be_said(written):
    found = read(
        written(
            "kind: existing\nurls:\n  orchestration: https://qms:8443/\nadapter: a.b:make\ntimeout: 500 ms\n"
            "capabilities: [clock]\nexclusive: true\ntargets: {quality_score: 90, workflow_duration: 2 hours}\n"
        )
    )
    assert found.urls == {Service.ORCHESTRATION: "https://qms:8443"}
    assert found.adapter == "a.b:make"
    assert found.capabilities == {Capability.CLOCK}
    assert found.targets == {"quality_score": "90", "workflow_duration": timedelta(hours=2)}


def test_targets_are_the_contracts_with_the_files_own(written):
    path = written("kind: existing\nurls: {decision: http://x}\ntargets: {quality_score: 91.5, mean_response: 1 s}\n")
    targets = use(str(path)).targets
    assert targets.quality_score == 91.5
    assert targets.mean_response == timedelta(seconds=1)
    assert targets.coverage_percent == 80


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "got nothing; expected a mapping"),
        ("- a\n", 1, "got a list; expected a mapping"),
        ("kind: [\n", 2, "this is not YAML: a bracket is not closed"),
        ('kind: existing\nurls:\n  decision: "http://x\naccounts:\n', 3, "the text that begins with a quotation mark"),
        ("kind: existing\nurls:\n\tdecision: http://x\n", 3, "there is a tab at the beginning; indent with blanks"),
        ("kind: existing\nadapter: a: b\n", 2, "a colon is not expected here"),
        ("kind: existing\nurls\naccounts: {}\n", 3, "this is not YAML: a colon is "),
        ("kind: existing\nurls:\n  decision: http://x\n dashboard: http://x\n", 4, "the blanks before this line"),
        ("a: b\n", 1, "kind: got nothing; expected one of embedded, existing"),
        ("kind: docker\n", 1, "kind: got 'docker'; expected one of embedded, existing"),
        ("kind: embedded\nurl: x\n", 2, "url: got an unknown key; expected one of kind, movable_clock"),
        ("kind: embedded\nmovable_clock: maybe\n", 2, "movable_clock: got 'maybe'; expected true or false"),
        ("kind: embedded\ncode_host_url: github\n", 2, "code_host_url: got 'github'; expected an address"),
        ("kind: embedded\n\ngrace: soon\n", 3, "grace: got 'soon'; expected a time such as"),
        ("kind: embedded\ngrace: 1\ngrace: 2\n", 3, "grace: got the same key twice"),
        ("kind: existing\n", 1, "urls: got nothing; expected an address"),
        ("kind: existing\nurls:\n  orchestra: http://x\n", 3, "urls.orchestra: got an unknown service"),
        ("kind: existing\nurls:\n  decision: qms.example.com\n", 3, "urls.decision: got 'qms.example.com'"),
        ("kind: existing\nurls:\n  decision: http://x:99999\n", 3, "expected an address"),
        ("kind: existing\nurls: {decision: http://x}\naccounts:\n  boss: {}\n", 4, "accounts.boss: got an unknown"),
        (
            "kind: existing\nurls: {decision: http://x}\naccounts:\n  admin: {username: a}\n",
            4,
            "accounts.admin.password",
        ),
        (
            "kind: existing\nurls: {decision: http://x}\naccounts:\n  admin:\n    username: a\n"
            "    password: ${ENV:QMS_NEVER_SET}\n", 6, "the environment variable QMS_NEVER_SET is set",
        ),
        ("kind: existing\nurls: {decision: http://x}\nadapter: mine\n", 3, "expected `module:factory`"),
        ("kind: existing\nurls: {decision: http://x}\ncapabilities: [fly]\n", 3, "got 'fly'; expected some of clock"),
        ("kind: existing\nurls: {decision: http://x}\ntargets:\n  speed: 1\n", 4, "targets.speed: got an unknown"),
        ("kind: existing\nurls: {decision: http://x}\ntargets:\n  error_rate: 7\n", 4, "got '7'; expected at most 1."),
    ],
)  # fmt: skip
def test_an_error_names_file_line_and_key(written, text, line, said):
    path = written(text)
    with pytest.raises(EnvironmentUseError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} line {line}: "), error.value
    assert said in str(error.value)


def test_everything_that_is_wrong_is_told_at_once(written):
    path = written(
        "kind: existing\nurls:\n  orchestra: http://x\n  decision: nowhere\naccounts:\n  boss: {}\n"
        "  admin: {username: a}\ntimeout: soon\ncapabilities: [fly, clock]\ntargets:\n  speed: 1\n"
        "  error_rate: 7\nspeed: 1\n"
    )
    with pytest.raises(EnvironmentUseError) as error:
        read(path)
    title, *faults = str(error.value).splitlines()
    assert title == f"{path}: 9 faults."
    assert [line.split(";")[0] for line in faults] == [
        "  line 3: urls.orchestra: got an unknown service",
        "  line 4: urls.decision: got 'nowhere'",
        "  line 6: accounts.boss: got an unknown role",
        "  line 7: accounts.admin.password: got nothing",
        "  line 8: timeout: got 'soon'",
        "  line 9: capabilities: got 'fly'",
        "  line 11: targets.speed: got an unknown target",
        "  line 12: targets.error_rate: got '7'",
        "  line 13: speed: got an unknown key",
    ]


def test_addresses_that_are_all_wrong_are_not_also_missing(written):
    with pytest.raises(EnvironmentUseError) as error:
        read(written("kind: existing\nurls: {decision: nowhere}\n"))
    assert "urls.decision" in str(error.value)
    assert "at least one of" not in str(error.value)


def test_a_database_password_is_not_repeated_in_an_error(written):
    with pytest.raises(EnvironmentUseError) as error:
        read(written("kind: embedded\ndatabase_url: mysql://me:hush@host/db\n"))
    assert "hush" not in str(error.value)
    assert "line 2" in str(error.value)


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(EnvironmentUseError, match=r"no environment 'embeded'\. Did you mean 'embedded'\? There are: "):
        use("embeded")
    with pytest.raises(EnvironmentUseError, match=r"no file 'nowhere/x\.yaml'"):
        use("nowhere/x.yaml")


def test_a_file_in_variables_is_found_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "staging.yaml").write_text("kind: existing\nurls: {dashboard: http://x:1}\n")
    monkeypatch.chdir(tmp_path)
    assert "staging" in names()
    assert describe("staging").name == "staging"


def test_a_running_qms_cannot_be_had_for_oneself_unless_its_file_says_so(written):
    path = written("kind: existing\nurls: {dashboard: http://x:1}\n")
    with pytest.raises(EnvironmentUseError, match="exclusive: true"):
        use(str(path), own=True)
    path.write_text(path.read_text() + "exclusive: true\n")
    assert use(str(path), own=True).own


def test_a_running_qms_says_what_it_cannot_do(written):
    environment = use(str(written("kind: existing\nurls: {dashboard: http://x:1}\n")))
    with pytest.raises(EnvironmentUseError, match="lacks clock"):
        environment.require(Capability.CLOCK)
    with pytest.raises(EnvironmentUseError, match="not ours"):
        environment.kill_service(Service.DASHBOARD)
