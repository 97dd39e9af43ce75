"""What is said about routing, worked out from what was announced."""

from datetime import timedelta

import pytest
from checks_made import NOW

from QMSLibrary.checks import routing
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.routing import Agent, RoutingDecision

DOR = "qms-dor-validator"


def agents(*names, capacity=2):
    return [
        Agent(agent_id=name, capabilities=[DOR], load_capacity=capacity, load=0, health="healthy", registered_at=NOW)
        for name in names
    ]


class Account:
    """Events one after the other."""

    def __init__(self):
        self.events = []

    def say(self, type, workflow="wf-1", **payload):
        number = len(self.events)
        payload = {"step": "dor_validation", "run": 1, "attempt": 1, **payload}
        event = Event(
            event_id=f"e{number}", type=type, timestamp=NOW + timedelta(milliseconds=number), source="orchestration",
            workflow_id=workflow, correlation_id="c", payload=payload,
        )  # fmt: skip
        self.events.append(event)

    def assigned(self, workflow, *who, decision="d1", **more):
        one = [{"agent_id": agent, "role": DOR} for agent in more.pop("all", who)]
        self.say(
            "orchestration.step_assigned", workflow, agents=list(who), assignments=one, decision_id=decision, **more
        )

    def answered(self, workflow, who, **more):
        self.say("agent.task_completed", workflow, agent_id=who, **more)


@pytest.fixture
def account():
    return Account()


def decision(*who, id="d1", **more):
    assignments = [
        {"agent_id": one, "role": DOR, "estimated_duration": 1, "confidence_score": 0.9, "reason": "best"}
        for one in who
    ]
    values = {"step": "dor_validation", "run": 1, "attempt": 1, **more}
    return RoutingDecision(
        decision_id=id, workflow_id="wf-1", assignments=assignments, decided_at=NOW, correlation_id="c", **values
    )


def test_equal_shares_are_balanced_and_unequal_ones_are_told_with_who_had_what(account):
    for number in range(4):
        account.assigned(f"wf-{number}", "ab"[number % 2])
        account.answered(f"wf-{number}", "ab"[number % 2])
    verdict = routing.balanced(routing.given(account.events, agents("a", "b")), 0.1)
    assert verdict.passed
    assert "a 2 (at most 1 of 2 at once), b 2 (at most 1 of 2 at once)" in verdict.message
    account.assigned("wf-9", "a")
    verdict = routing.balanced(routing.given(account.events, agents("a", "b")), 0.1)
    assert not verdict.passed
    assert "5 assignments, 40% apart" in verdict.message
    assert "Service to blame: decision" in verdict.message
    assert routing.balanced(routing.given(account.events, agents("a", "b")), 0.4).passed


def test_shares_are_by_capacity():
    big, small = routing.Given("a", 4, count=8), routing.Given("b", 2, count=4)
    assert routing.balanced([big, small], 0.0).passed


def test_one_task_too_many_is_over_capacity_however_even_it_is(account):
    for number in range(3):
        for who in "ab":
            account.assigned(f"wf-{number}-{who}", who)
    verdict = routing.balanced(routing.given(account.events, agents("a", "b")), 0.1)
    assert not verdict.passed
    assert "a had more than its 2 tasks at 03:04:05.004" in verdict.message


@pytest.mark.parametrize("ending", ["step.completed", "step.failed", "gate.failed", "pr.updated", "workflow.completed"])
def test_a_task_is_over_when_its_step_is(account, ending):
    for number in range(5):
        account.assigned(f"wf-{number}", "a")
        account.say(ending, f"wf-{number}")
    assert routing.given(account.events, agents("a"))[0].peak == 1


def test_a_step_that_is_given_to_others_is_no_longer_the_first_ones(account):
    for number in range(5):
        account.assigned(f"wf-{number}", "a")
        account.assigned(f"wf-{number}", "b", decision="d2")
    first, second = routing.given(account.events, agents("a", "b", capacity=5))
    assert (first.count, first.peak, second.count, second.peak) == (5, 1, 5, 5)


def carried_out(account, *decisions):
    return routing.carried_out(decisions, account.events, "wf-1")


def whole(account, **more):
    account.assigned("wf-1", "a", "b")
    account.answered("wf-1", "b")
    account.answered("wf-1", "a")
    account.say("step.completed", **more)


def test_decided_assigned_and_answered_is_carried_out(account):
    whole(account)
    assert carried_out(account, decision("a", "b")).passed


@pytest.mark.parametrize(
    ("decided", "words", "blame"),
    [
        ([decision("a")], "dor_validation (run 1, attempt 1) to a as qms-dor-validator", "orchestration"),
        ([decision("b", "a")], "to b as qms-dor-validator, a as qms-dor-validator", "orchestration"),
        ([decision("a", "b", id="other")], "which is none of them", "orchestration"),
        ([decision("a", "b", attempt=2)], "(run 1, attempt 2)", "orchestration"),
        ([], "which is none of them", "orchestration"),
        ([decision("a", "b"), decision("a", "b", id="d2")], "never assigned", "orchestration"),
    ],
)
def test_what_was_assigned_otherwise_is_told(account, decided, words, blame):
    whole(account)
    verdict = carried_out(account, *decided)
    assert not verdict.passed
    assert words in verdict.message
    assert f"Service to blame: {blame}" in verdict.message


def test_a_missing_answer_and_a_strangers_are_told(account):
    account.assigned("wf-1", "a", "b")
    account.answered("wf-1", "a")
    account.say("step.completed")
    verdict = carried_out(account, decision("a", "b"))
    assert "answered by a, b" in verdict.message
    assert "Seen: by a\n" in verdict.message
    assert "blame: decision" in verdict.message
    account.answered("wf-1", "b")
    account.answered("wf-1", "x")
    verdict = carried_out(account, decision("a", "b"))
    assert "Seen: by a, b, x\n" in verdict.message
    assert "blame: orchestration" in verdict.message


def test_who_had_answered_is_not_asked_again(account):
    account.assigned("wf-1", "a", "b")
    account.answered("wf-1", "a")
    account.assigned("wf-1", "c", all=("a", "c"), decision="d2")
    account.answered("wf-1", "c")
    account.say("step.completed")
    assert carried_out(account, decision("a", "b"), decision("a", "c", id="d2")).passed


def test_nothing_judged_yet_is_not_carried_out(account):
    account.assigned("wf-1", "a")
    verdict = carried_out(account, decision("a"))
    assert not verdict.passed
    assert "none yet" in verdict.message
