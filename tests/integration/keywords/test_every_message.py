"""Every keyword, called with every mistake that testers make, answers in words that they can read."""

import inspect
import re
import typing
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from types import UnionType

import pytest
from robot_runs import run

from QMSLibrary import QMSLibrary
from QMSLibrary.checks.steps import ExpectedFinding
from QMSLibrary.client.live import LiveWatch
from QMSLibrary.contract.model import Model
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.keywords.types import Count, EventName, Share

LONGEST = 600
LONGEST_OF_A_WAIT = 1200
"""What is no mistake may be asked for in vain; how long that message is depends on what the QMS had said by then."""
PYTHONISMS = [
    r"Traceback", r"\b\w+(Error|Exception)\b", r"<class", r"<\w+\.\w+", r"<\w+ object", r"\bNone\b", r"NoneType",
    r"\bbool\b", r"\bstr\b", r"\bint\b", r"\bfloat\b", r"\bdict\b", r"timedelta", r"datetime\.", r"\blist\[",
    r"\bUnion\[", r"Input should be", r"\[type=", r"input_value", r"pydantic", r"\bself\b", r"\bkwargs?\b", r"__\w+__",
    r"unexpected keyword argument", r"non-named", r"\b[A-Z][a-z]+(State|Status|Level|Request|Type|Result|Role)\b",
    r"\b(DOR_VALIDATION|PROGRESS_REVIEWS|DOD_VALIDATION|FINAL_REVIEW|QA_LEAD|DEVELOPER)\b", r"\bobject has no\b",
    r"[{,] ?'\w+': ", r"PullRequest\(|Workflow\(|Event\(",
]  # fmt: skip
GOOD = {
    "step": "dor_validation", "pull_request": "${PR}", "pull_requests": "${{[$PR]}}", "workflows": "${{[$WORKFLOW]}}",
    "workflows_to_judge": "${{[$WORKFLOW]}}", "to": "COMPLETED", "level": "L3_STANDARD", "escalation": "${ESCALATION}",
    "service": "dashboard", "event": "${EVENT}", "reason": "because it is so", "rating": "4", "count": "1", "by": "1 s",
    "agent": "${AGENT.agent_id}", "agents": "${{[$AGENT]}}", "role": "qms-dor-validator",
    "topic": "workflow", "widget": "workflow_pipeline", "field": "total", "repository": "acme/shop",
    "action": "gate.failed", "path": "${EXECDIR}", "range": "HEAD~1..HEAD", "severity": "low", "alert": "${ALERT}",
    "title": "something is slow", "name": "a rule", "expression": "coverage < 80", "rule": "a rule",
    "person": "qa-lead", "channel": "email", "state": "active",
}  # fmt: skip
BY_TYPE = {int: "1", float: "1", timedelta: "1 s", Path: "${EXECDIR}"}
HURRY = {"timeout": "200 ms", "within": "200 ms"}
TESTS = """
Suite Setup    Prepare

*** Keywords ***
Prepare
    Use Environment    own=True
    Start Recording Events
    Open Live Dashboard    repository=acme/shop
    ${pr} =    Create Pull Request    complexity=low    missing_tests=True
    ${workflow} =    Trigger Workflow    ${pr}
    Wait For Workflow
    ${escalation} =    Escalation Should Exist    L3_STANDARD
    ${events} =    Get Recorded Events
    VAR    ${PR} =    ${pr}    scope=SUITE
    VAR    ${WORKFLOW} =    ${workflow}    scope=SUITE
    VAR    ${ESCALATION} =    ${escalation}    scope=SUITE
    ${alert} =    Alert Should Exist    low
    VAR    ${EVENT} =    ${events}[0]    scope=SUITE
    ${agents} =    Start Agents    1    qms-dor-validator    repository=nobody/nothing
    VAR    ${AGENT} =    ${agents}[0]    scope=SUITE
    VAR    ${ALERT} =    ${alert}    scope=SUITE

*** Test Cases ***
"""


def wrong(hint):
    """Cells that are a mistake where ``hint`` is wanted, each with whether it can never be right."""
    if isinstance(hint, UnionType) or typing.get_origin(hint) is typing.Union:
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        sure = [{cell for cell, never in wrong(kind) if never} for kind in kinds]
        every = dict.fromkeys(cell for kind in kinds for cell, _ in wrong(kind))
        return [(cell, all(cell in one for one in sure)) for cell in every]
    if typing.get_origin(hint) is list:
        return [("nonsense", True), ("${PR}", True), ("${5}", True), ("${EMPTY}", True), ("${{[]}}", False),
                ("${{['a']}}", typing.get_args(hint)[0] not in (str, typing.Any))]  # fmt: skip
    if typing.get_origin(hint) is typing.Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return [("nonsense", True), ("${EMPTY}", True), ("${PR}", True), ("${{[]}}", True)]
    if hint is typing.Any:
        return [("${PR}", False), ("${EMPTY}", False), ("nonsense", False)]
    if hint is LiveWatch:
        return [("nonsense", True), ("${EMPTY}", True), ("${5}", True), ("${{[]}}", True), ("${PR}", True)]
    if issubclass(hint, Model):
        other = "${ESCALATION}" if hint is PullRequest else "${PR}"
        return [("nonsense", True), ("${EMPTY}", True), ("${5}", True), ("${{[]}}", True), (other, True)]
    return {
        int: [("many", True), ("${EMPTY}", True), ("1.5", True), ("-3", False), ("0", False), ("${PR}", True)],
        float: [("many", True), ("${EMPTY}", True), ("nan", True), ("-3", False), ("1e99", False), ("${PR}", True)],
        bool: [("perhaps", True), ("${EMPTY}", True), ("${PR}", True)],
        str: [("${EMPTY}", False), ("nonsense", False), ("${5}", False), ("${PR}", True), ("${{['a']}}", True)],
        timedelta: [("soon", True), ("${EMPTY}", True), ("-1 s", True), ("9999999999999 days", True), ("${PR}", True)],
        datetime: [("soon", True), ("${EMPTY}", True), ("-1 s", True), ("${PR}", True)],
        bytes: [("${5}", True), ("${PR}", True)],
        Path: [("/nowhere/at/all", False), ("${EMPTY}", True), ("${PR}", True)],
        EventName: [("workflow.start", True), ("${EMPTY}", True), ("${PR}", True)],
        Share: [("95", True), ("many", True), ("nan", True), ("-3 %", True), ("${PR}", True)],
        Count: [("many", True), ("-3", True), ("1.5", True), ("${EMPTY}", True), ("${PR}", True)],
        ExpectedFinding: [("xss:bad", True), (":high", True), ("${PR}", True)],
    }[hint]


def mistakes():
    """Rows of a table, each with whether it must fail."""
    library = QMSLibrary()
    for name, function in sorted(library.keywords.items()):
        title = name.replace("_", " ").title()
        hints = typing.get_type_hints(function)
        parameters = inspect.signature(function).parameters
        kinds = inspect.Parameter
        required = [
            one.name
            for one in parameters.values()
            if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        ]
        hurry = {option: value for option, value in HURRY.items() if option in parameters}
        right = [GOOD[one] if one in GOOD else BY_TYPE.get(hints[one], "something") for one in required]

        def row(*cells, title_=title, **options):
            return "    ".join([title_, *cells, *(f"{option}={value}" for option, value in options.items())])

        for number in range(len(required)):
            yield row(*right[:number], **hurry), True
        if not any(one.kind is kinds.VAR_KEYWORD for one in parameters.values()):
            yield row(*right, nonsense="1", **hurry), True
            some = next((one.name for one in parameters.values() if one.kind is kinds.KEYWORD_ONLY), None)
            if some:
                yield row(*right, **{some[:-1] + "x": "1"}), True
        if not any(one.kind is kinds.VAR_POSITIONAL for one in parameters.values()):
            yield row(*right, *["nonsense"] * 7), True
        for parameter in parameters.values():
            if parameter.kind is kinds.VAR_KEYWORD:
                continue
            for cell, never in wrong(hints[parameter.name]):
                others = {option: value for option, value in hurry.items() if option != parameter.name}
                if parameter.kind is kinds.VAR_POSITIONAL:
                    yield row(*right, cell, **others), never
                elif parameter.name in required:
                    place = required.index(parameter.name)
                    yield row(*right[:place], cell, *right[place + 1 :], **others), never
                else:
                    yield row(*right, **{parameter.name: cell, **others}), never
    yield from (
        (row, True)
        for row in (
            "Get Workflow    ste",
            "Get Workflow    state.deep",
            "Get Workflow    stat=COMPLETED",
            "Get Workflow    state==COMPLETED",
            "Get Workflow    state    =>    COMPLETED",
            "Get Workflow    state    ==    COMPLETED",
            "Get Workflow    state    ==    COMPLETED    mesage=x",
            "Get Workflow    state    ==",
            "Get Workflow    progress    >    much",
            "Get Workflow    progress    *=    7",
            "Get Workflow    steps    ==    passed",
            "Get Workflow    pull_request    ==    x",
            "Get Workflow    result.total_duration    <    soon",
            "Get Workflow    result.total_duration    >    4 hours",
            "Get Workflow    created_at    <    soon",
            "Get Workflow    completed_at    >    2026-01-01",
            "Get Workflow    state    matches    [",
            "Get Workflow    state    validate    value = (",
            "Get Workflow    state    validate    nonsense",
            "Get Workflow    state    then    1 / 0",
            "Get Workflow    steps.9.status",
            "Get Step    dor_validation    checks    ==    x",
            "Get Component State    dashboard    details    ==    x",
            "Get Response Times    mean    ==    fast    since=1 hour",
            "Get Throughput    >    fast    since=1 hour",
            "Step Should Have Passed    dor_validation    nonsense",
            "Change Event    ${EVENT}    sauce=1",
            "Change Event    ${EVENT}    timestamp=soon",
            "Change Event    ${EVENT}    payload=nonsense",
            "Use Environment    embeded",
            "Use Environment    nowhere/at/all.yaml",
            "Completion Rate Should Be    ${{[$WORKFLOW]}}    at_least=95",
            "Wait For Workflows    ${{[]}}",
            "Set Alert Rule    a rule    quality < 70",
            "Set Alert Rule    a/rule    coverage < 70",
            "Set Alert Rule    a rule    coverage < seventy",
            "Raise Alert    slow    terrible",
            "Raise Alert    slow    low    repository=nonsense",
            "Notification Should Have Reached    qa-laed    ${ESCALATION}",
            "Notification Should Have Reached    qa-lead    ${ESCALATION}    channel=fax",
            "Notification Should Have Reached    qa-lead    ${ESCALATION}    channel=sms    within=200 ms",
            "Break Channel    slack    person=qa-lead",
            "Break Channel    slack    first=0",
            "Escalation Should Be    ${ESCALATION}    closed    timeout=200 ms",
            "Log    ${WORKFLOW.sate}",
            "Log    ${WORKFLOW}[sate]",
        )
    )


@pytest.mark.slow
def test_no_message_names_what_only_python_knows(tmp_path):
    rows = list(dict.fromkeys(mistakes()))
    assert len(rows) > 500
    cases = "".join(f"{number}\n    {row}\n" for number, (row, _) in enumerate(rows))
    tests, output = run(tmp_path, TESTS + cases, "--log", "NONE", "--report", "NONE")
    assert len(tests) == len(rows), output[-2000:]
    bad = []
    for number, (row, must_fail) in enumerate(rows):
        message = tests[str(number)].message
        found = [name for name in PYTHONISMS if re.search(name, message)]
        longest = LONGEST if must_fail else LONGEST_OF_A_WAIT
        if must_fail and not tests[str(number)].failed:
            bad.append(f"{row}\n  was taken without a word")
        elif found or len(message) > longest or (tests[str(number)].failed and not message.strip()):
            bad.append(f"{row}\n  {found or len(message)}: {message}")
    assert not bad, f"{len(bad)} of {len(rows)}:\n" + "\n".join(bad)
