"""Agents' answers: one of each that is awaited, in its own name; the rest is refused and recorded."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from kernel_context import make_context
from orchestration_bench import Bench

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routes import AGENTS, PULL_REQUEST, REGISTER_AGENT, START_WORKFLOW, SUBMIT_RESULT
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import STEP_CHECKS, AgentResult, Step
from QMSLibrary.contract.workflows import ResultRequest
from QMSLibrary.reference.kernel.call import Call, _allowed
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import Refusal
from QMSLibrary.reference.kernel.tokens import Tokens, for_agent
from QMSLibrary.reference.orchestration import answers

FAR = Identity("far", "agent")


@pytest.fixture
def bench(tmp_path):
    context = make_context(tmp_path)
    yield Bench(context)
    context.store.close()


def answer(bench, review, agent, *, passed=True, actor=FAR, **changes):
    now = bench.look(review)
    body = ResultRequest(
        run=changes.get("run", now.run),
        attempt=changes.get("attempt", now.current.attempt),
        result=AgentResult(agent_id=agent, checks=dict.fromkeys(STEP_CHECKS[Step.DOR_VALIDATION], passed)),
    )
    return bench.do(review, lambda act: answers.take_answer(act, Step.DOR_VALIDATION, body), actor)


def refusal(work, *arguments, **options):
    with pytest.raises(Refusal) as refused:
        work(*arguments, **options)
    return refused.value


def test_the_same_answer_twice_is_taken_once_and_another_one_is_refused(bench):
    review = bench.start(step_by_step=True)
    bench.routed(review, ["far"])
    answer(bench, review, "far")
    answer(bench, review, "far")
    refused = refusal(answer, bench, review, "far", passed=False)
    assert (refused.status, refused.code) == (409, "already_answered")
    assert "Its first answer counts." in refused.detail
    assert bench.types(review).count("agent.task_completed") == 1
    assert all(bench.look(review).current.checks.values())


def test_a_refused_answer_is_recorded_with_what_was_awaited(bench):
    review = bench.start()
    bench.routed(review, ["far"])
    record = refusal(answer, bench, review, "stranger").record
    assert (record.action, record.object, record.reason) == ("result.refused", f"workflow:{review.id}", "superseded")
    assert record.before["waiting_for"] == ["far"]
    assert record.after["agent"] == "stranger"


def test_a_late_answer_is_refused_and_others_come_first(bench):
    review = bench.start()
    bench.routed(review, ["far"])
    asyncio.run(bench.advance(timedelta(minutes=5)))
    assert bench.look(review).current.overdue == ["far"]
    assert refusal(answer, bench, review, "far", attempt=1).code == "superseded"
    asyncio.run(bench.advance(timedelta(seconds=5)))
    wish = [one["payload"]["routing"] for one in bench.events(review) if one["payload"].get("routing")][-1]
    assert (wish["attempt"], wish["instead_of"]) == (2, ["far"])


def test_an_agent_elsewhere_has_its_task_announced_without_a_new_revision(bench):
    review = bench.start()
    before = bench.routed(review, ["far", "near"]).revision
    now = answer(bench, review, "far")
    assert now.revision == before
    told = [one["payload"] for one in bench.events(review) if one["type"] == "agent.task_completed"]
    assert [(one["agent_id"], one["role"], one["passed"]) for one in told] == [("far", "far", True)]
    assert told[0]["seconds"] >= 0
    # Of those that live in its own process decision tells it itself.
    bench.answer_as(review, "near")
    assert bench.types(review).count("agent.task_completed") == 1


@pytest.mark.parametrize(
    ("identity", "agent", "checks", "status", "reason"),
    [
        (FAR, "near", {"tests_covered": True}, 403, "not_its_own_name"),
        (FAR, "far", {"no_such_check": True}, 422, "unknown_check"),
    ],
)
def test_what_no_review_could_take_is_refused_and_recorded(bench, identity, agent, checks, status, reason):
    body = ResultRequest(run=1, attempt=1, result=AgentResult(agent_id=agent, checks=checks))
    parts = {"workflow_id": "wf-1", "step": "dor_validation"}
    call = Call(bench.context, SUBMIT_RESULT, identity, "c", parts, {}, None, body)
    refused = refusal(answers.check_answer, call)
    assert (refused.status, refused.record.reason) == (status, reason)


def test_an_agents_token_proves_who_it_is_and_lets_it_do_nothing_else(bench):
    token, good_for = for_agent(bench.context.secrets, "far")
    assert good_for > 0
    for service in (Service.ORCHESTRATION, Service.DECISION):
        assert Tokens(service, bench.context.secrets).verify(token) == FAR
    assert _allowed(FAR, SUBMIT_RESULT)
    assert _allowed(FAR, PULL_REQUEST)
    assert _allowed(FAR, AGENTS)
    assert not _allowed(FAR, REGISTER_AGENT)
    assert not _allowed(FAR, START_WORKFLOW)
    assert not any(FAR.may_act_as(role) for role in Role)
