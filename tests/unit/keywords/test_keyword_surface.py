"""Rules that every keyword keeps, so that a tester can rely on them."""

import inspect
import re
import typing

import pytest
from robot.libdocpkg import LibraryDocumentation

from QMSLibrary import QMSLibrary
from QMSLibrary.contract.roles import Role
from QMSLibrary.keywords import pull_request_forms, pull_requests

LIBRARY = QMSLibrary()
KEYWORDS = sorted(LIBRARY.keywords.items())
POSITIONAL_OPTIONALS = {
    # A getter's field and its assertion are written in a row: Get Workflow    state    ==    COMPLETED.
    "field", "statistic", "assertion_operator", "assertion_expected", "message",
    # Get Live Updates    workflow
    "topic",
    # Use Environment    embedded
    "name",
}  # fmt: skip
PROMISED = """
    Use Environment; Get Environment; Skip Unless Environment Can; Advance Clock; Create Pull Request; Create
    Pull Requests; Create Pull Request From Git; Create Pull Request From Patch;
    Create Pull Request From Webhook; Create Git Repository; Get Unified Diff; Get Github Webhook Payload;
    Fix Pull Request; Trigger Workflow; Trigger Workflows; Wait
    For Step; Wait For Workflow; Wait For Workflows; Progress Workflow; Retry Step; Push Commit; Override
    Gate; Approve Workflow; Give Feedback; Change Workflow State; State Change Should Be Refused; Get
    Workflow; Get Step; Get Workflows; Step Should Have Passed; Step Should Have Failed; Security Scan Should
    Have Found; Workflow Should Meet; Completion Rate Should Be; Start Recording Events; Get Recorded Events;
    Wait For Event Sequence; Events Should Be Consistent; Get Component State; Components Should Agree;
    Deliver Event; Change Event; Get Dead Letters; Replay Dead Letter; Get Escalations; Escalation Should
    Exist; Acknowledge Escalation; Resolve Escalation; Get Notifications; Audit Trail Should Contain; Get
    Audit Records; Verify Audit Trail; Get Response Times; Get Throughput; Get Acts; Get Agents; Register Agent; Start
    Agents; Slow Down Agent; Break Agent; Mend Agent; Kill Agent; Answer As Agent; Get Routing Decision; Get
    Routing History; Load Should Be Balanced; Routing Should Have Been Carried Out; Kill
    Service; Stop Service; Start Service; Run Scenario; Get Scenarios; Scenario Should Be Sound;
    Open Dashboard Page; Page Should Show; Page Should Not Show;
    Page Should Show Workflow; Page Should Show Alert; Page Should Show Escalation; Acknowledge Alert On Page;
    Resolve Alert On Page; Configure Card On Page; Page Should Offer; Page Should Not Offer; Page Should Have
    Shown In Time; Page Should Fit; Take Dashboard Screenshot;
    Open Live Dashboard; Close Live Dashboard; Get Live Updates; Wait For Live Update; Cut Live Connection;
    Live Updates Should Be Complete; Get Widget; Widget Should Show; Configure Widget;
    Dashboard Should Agree With Events; Raise Alert; Get
    Alerts; Alert Should Exist; Acknowledge Alert; Resolve Alert; Set Alert Rule; Remove Alert Rule; Close Escalation;
    Escalation Should Be; Notification Should Have Reached; Nobody Else Should Have Been Notified; Get Received
    Messages; Break Channel; Mend Channel
"""


def title(name):
    return name.replace("_", " ").title()


def test_every_promised_keyword_is_there():
    promised = {re.sub(r"\s+", " ", name).strip() for name in PROMISED.split(";")}
    assert {title(name) for name in LIBRARY.keywords} == promised


@pytest.mark.parametrize(("name", "function"), KEYWORDS)
def test_it_is_documented_with_an_example_that_uses_it(name, function):
    documentation = inspect.getdoc(function) or ""
    text, _, example = documentation.partition("Example:\n")
    assert len(text.strip()) > 30, "say what it does"
    rows = [line for line in example.splitlines() if line.startswith("| ")]
    assert rows, "show an example"
    assert any(title(name).lower() in row.lower() for row in rows), "the example uses the keyword"


@pytest.mark.parametrize(("name", "function"), KEYWORDS)
def test_its_arguments_are_typed_and_its_options_are_named_only(name, function):
    hints = typing.get_type_hints(function)
    assert "return" in hints
    for argument in inspect.signature(function).parameters.values():
        assert argument.name in hints, f"{argument.name} has no type"
        if argument.kind is argument.POSITIONAL_OR_KEYWORD and argument.default is not argument.empty:
            assert argument.name in POSITIONAL_OPTIONALS, f"{argument.name} must be named-only"
        if argument.name == "as_role":
            assert isinstance(argument.default, Role)
            assert hints["as_role"] is Role


def test_robot_can_document_it_and_knows_every_type():
    documented = LibraryDocumentation("QMSLibrary")
    assert {one.name for one in documented.keywords} == {title(name) for name in LIBRARY.keywords}
    assert documented.scope == "GLOBAL"
    assert len(documented.inits) == 1


def test_the_choices_of_pull_requests_are_those_of_the_data_room():
    from QMSLibrary.data.forms.webhooks import ACTIONS
    from QMSLibrary.data.operations import LANGUAGES, OTHER_LANGUAGES
    from QMSLibrary.data.wishes import COMPLEXITIES

    assert set(typing.get_args(pull_requests.Complexity)) == set(COMPLEXITIES)
    assert set(typing.get_args(pull_requests.Language)) == {*LANGUAGES, *OTHER_LANGUAGES}
    assert typing.get_args(pull_request_forms.Action) == ACTIONS


def test_a_scenario_may_say_of_a_pull_request_what_the_keyword_may():
    from QMSLibrary.scenarios.wishes import PullRequestWishes

    options = inspect.signature(LIBRARY.keywords["create_pull_request"]).parameters
    assert set(PullRequestWishes.model_fields) == set(options)


def test_the_roles_of_agents_are_those_of_the_steps():
    from QMSLibrary.contract.steps import STEP_AGENTS
    from QMSLibrary.keywords.agents import AgentRole

    assert list(typing.get_args(AgentRole)) == [role for roles in STEP_AGENTS.values() for role in roles]
