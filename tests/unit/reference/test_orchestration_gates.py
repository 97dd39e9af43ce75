import asyncio
from datetime import timedelta

import pytest
from kernel_context import make_context
from orchestration_bench import LEAD, MANAGER, Bench

from QMSLibrary.contract.steps import Step, StepStatus
from QMSLibrary.contract.workflows import (
    CommitRequest,
    FeedbackRequest,
    OverrideRequest,
    RetryRequest,
    TransitionRequest,
    WorkflowState,
    WorkflowStatus,
    transition_allowed,
)
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import Refusal
from QMSLibrary.reference.orchestration import line, people
from QMSLibrary.reference.orchestration.review import Slot, workflow_of

S = WorkflowState


@pytest.fixture
def bench(tmp_path):
    context = make_context(tmp_path)
    yield Bench(context)
    context.store.close()


def override(step, **options):
    return lambda act: people.override(act, OverrideRequest(step=step, reason="because", **options))


def to_state(wanted):
    return lambda act: people.change_state(act, TransitionRequest(to=wanted, reason="by hand"))


def refused(code, call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    assert caught.value.code == code
    return caught.value


def test_the_happy_path(bench):
    review = bench.start()
    assert (review.state, review.slot) == (S.DOR_PENDING, Slot.WORKING)
    for number, step in enumerate(Step):
        assert bench.look(review).step is step
        assert bench.look(review).progress == 25 * number
        review = bench.answer(review, quality_score=91.0)
    assert (review.state, review.progress, review.slot) == (S.COMPLETED, 100, None)
    workflow = workflow_of(review, review.completed_at)
    assert (workflow.result.quality_score, workflow.result.compliance_score) == (91.0, 100.0)
    assert workflow.result.compliance_adhered
    assert bench.types(review) == [
        "pr.created", "workflow.started",
        *(["orchestration.step_assigned", "step.completed", "gate.passed"] * 4),
        "workflow.completed",
    ]  # fmt: skip
    events = bench.events(review)
    revisions = [event["payload"]["workflow"]["revision"] for event in events]
    assert revisions == sorted(revisions)
    assert revisions[-1] == review.revision
    assert len({event["correlation_id"] for event in events}) == 1
    wishes = [event["payload"]["routing"]["step"] for event in events if "routing" in event["payload"]]
    assert wishes == list(Step)


def test_a_failed_gate_is_retried_at_that_gate(bench):
    review = bench.to_step(bench.start(), Step.PROGRESS_REVIEWS)
    review = bench.answer(review, "security_scan_passed")
    assert (review.state, review.slot, review.progress) == (S.PROGRESS_BLOCKED, None, 25)
    assert review.current.failure_reasons == ["no_security_scan_passed"]
    mended = RetryRequest.model_validate({"files": [{"path": "a.py", "content": "b = 2\n"}, {"path": "t.py"}]})
    refused("wrong_step", bench.do, review, lambda act: people.retry(act, RetryRequest(step=Step.DOR_VALIDATION)))
    review = bench.do(review, lambda act: people.retry(act, mended), LEAD)
    assert (review.state, review.current.attempt, review.run) == (S.PROGRESS_PENDING, 2, 1)
    assert review.pull_request.files == 2
    assert review.current.checks == {}
    review = bench.answer(review)
    assert review.state is S.DOD_PENDING
    refused("illegal_transition", bench.do, review, lambda act: people.retry(act, RetryRequest()))


def test_late_and_doubled_answers_change_nothing(bench):
    review = bench.routed(bench.start())
    agent = review.current.agents[0]
    passed = bench.answer_as(review, agent)
    assert passed.step is Step.PROGRESS_REVIEWS
    again = bench.answer_as(review, agent, step=Step.DOR_VALIDATION)
    assert again.revision == passed.revision
    review = bench.routed(review)
    refused("superseded", bench.answer_as, review, "somebody-else")
    blocked = bench.answer(review, "code_quality_passed")
    retried = bench.routed(bench.do(blocked, lambda act: people.retry(act, RetryRequest())))
    late = lambda: bench.answer_as(retried, retried.current.agents[0], attempt=1)  # noqa: E731
    refused("superseded", late)
    assert len(retried.current.waiting_for) == 3


def test_a_check_that_nobody_performed_fails(bench):
    review = bench.routed(bench.start(), agents=["one"])
    result = {"agent_id": "one", "checks": {"tests_covered": True}}
    from QMSLibrary.contract.workflows import ResultRequest
    from QMSLibrary.reference.orchestration.answers import take_answer

    body = ResultRequest.model_validate({"run": 1, "attempt": 1, "result": result})
    review = bench.do(review, lambda act: take_answer(act, Step.DOR_VALIDATION, body))
    assert review.state is S.DOR_FAILED
    assert review.current.failure_reasons == ["check_not_performed"]


def test_work_moves_on_when_agents_are_replaced(bench):
    review = bench.to_step(bench.start(), Step.PROGRESS_REVIEWS)
    review = bench.routed(review, ["a", "b", "c"])
    bench.answer_as(review, "a")
    review = bench.routed(review, ["a", "d", "c"])
    assert review.current.waiting_for == ["d", "c"]
    refused("superseded", bench.answer_as, review, "b")
    bench.answer_as(review, "c")
    assert bench.answer_as(review, "d").step is Step.DOD_VALIDATION


def test_a_held_workflow_stops_at_each_gate_and_holds_no_place(bench):
    review = bench.answer(bench.start(step_by_step=True))
    assert (review.state, review.current.status, review.current.waiting_for) == (
        S.DOR_PENDING, StepStatus.WAITING, ["progress"],
    )  # fmt: skip
    assert review.slot is None
    assert bench.types(review)[-1] == "step.completed"
    review = bench.do(review, lambda act: people.progress(act, "go on"))
    assert (review.state, review.slot, review.current.status) == (
        S.PROGRESS_PENDING, Slot.WORKING, StepStatus.IN_PROGRESS,
    )  # fmt: skip
    refused("not_waiting", bench.do, review, lambda act: people.progress(act, "go on"))
    review = bench.answer(review, "code_quality_passed")
    assert review.state is S.PROGRESS_PENDING
    assert bench.do(review, lambda act: people.progress(act, "go on")).state is S.PROGRESS_BLOCKED


def test_the_final_approval(bench):
    review = bench.to_step(bench.start(approval_required=True), Step.FINAL_REVIEW)
    refused("not_waiting", bench.do, review, lambda act: people.approve(act, ""))
    review = bench.answer(review, quality_score=80.0)
    assert (review.state, review.current.waiting_for) == (S.FINAL_PENDING, ["approval"])
    assert review.current.checks["merge_approved"] is False
    author = Identity("ann", "manager")
    refusal = refused("duties_not_separated", bench.do, review, lambda act: people.approve(act, ""), author)
    assert refusal.status == 403
    review = bench.do(review, lambda act: people.approve(act, "fine"))
    assert review.state is S.COMPLETED
    assert review.record_of(Step.FINAL_REVIEW).checks["merge_approved"] is True


def test_held_and_approved_in_either_order(bench):
    for first, second in ((people.approve, people.progress), (people.progress, people.approve)):
        review = bench.start(approval_required=True, step_by_step=True)
        for _ in range(3):
            bench.answer(review)
            bench.do(review, lambda act: people.progress(act, "go on"))
        review = bench.answer(review)
        assert review.current.waiting_for == ["progress", "approval"]
        assert bench.do(review, lambda act, do=first: do(act, "yes")).state is S.FINAL_PENDING
        assert bench.do(review, lambda act, do=second: do(act, "yes")).state is S.COMPLETED


def test_overrides(bench):
    review = bench.start()
    dor = Step.DOR_VALIDATION
    refused("gate_not_decided", bench.do, review, override(dor))
    refused("wrong_step", bench.do, review, override(Step.FINAL_REVIEW))
    review = bench.answer(review, "tests_covered", "documentation_updated")
    refused("duties_not_separated", bench.do, review, override(dor), Identity("ann", "admin"))
    refused("checks_still_failed", bench.do, review, override(dor, checks=["tests_covered"]))
    refused("invalid_body", bench.do, review, override(dor, checks=["nonsense"]))
    review = bench.do(review, override(dor, valid_for=timedelta(days=2)))
    assert (review.state, review.record_of(dor).status) == (S.PROGRESS_PENDING, StepStatus.OVERRIDDEN)
    assert review.overrides[0].checks == ["tests_covered", "documentation_updated"]
    review = bench.do(review, override(Step.PROGRESS_REVIEWS, emergency=True))
    assert review.state is S.DOD_PENDING
    while review.state is not S.COMPLETED:
        review = bench.answer(review)
    result = workflow_of(review, review.completed_at).result
    assert (result.compliance_score, result.compliance_adhered) == (75.0, False)
    refused("illegal_transition", bench.do, review, override(Step.FINAL_REVIEW))
    actions = [record["action"] for record in bench.trail()]
    assert actions.count("gate.overridden") == 2


def test_a_new_commit_starts_from_the_first_gate_even_after_completion(bench):
    review = bench.start()
    while review.state is not S.COMPLETED:
        review = bench.answer(review)
    same = CommitRequest(head_sha=review.pull_request.head_sha)
    refused("commit_known", bench.do, review, lambda act: people.push_commit(act, same))
    review = bench.do(review, lambda act: people.push_commit(act, CommitRequest(head_sha="f" * 40)))
    assert (review.state, review.run, review.progress, review.completed_at) == (S.DOR_PENDING, 2, 0, None)
    review = bench.routed(review)
    review = bench.do(review, lambda act: people.push_commit(act, CommitRequest(head_sha="e" * 40)))
    assert (review.state, review.run, review.current.agents) == (S.DOR_PENDING, 3, [])
    while review.state is not S.COMPLETED:
        review = bench.answer(review)


def in_state(bench, state):
    """A review that stands in ``state``."""
    if state is S.INITIALIZED:
        while True:
            review = bench.start()
            if review.state is S.INITIALIZED:
                return review
    from QMSLibrary.contract.workflows import FAILED_STATE, STEP_OF_STATE

    review = bench.start()
    if state is S.ERROR:
        return bench.do(review, to_state(S.ERROR))
    if state is S.COMPLETED:
        while review.state is not S.COMPLETED:
            review = bench.answer(review)
        return review
    review = bench.to_step(review, STEP_OF_STATE[state])
    failing = {"tests_covered", "code_quality_passed", "all_tests_passing", "overall_quality_approved"}
    return bench.answer(review, *failing) if state in FAILED_STATE.values() else review


@pytest.mark.parametrize("state", list(S))
def test_every_transition_by_hand_is_done_or_refused_as_the_table_says(bench, state, monkeypatch):
    for wanted in S:
        monkeypatch.setattr(line, "PLACES", 1 if state is S.INITIALIZED else 50)
        review = in_state(bench, state)
        assert review.state is state
        if (state, wanted) == (S.INITIALIZED, S.DOR_PENDING):
            refused("no_free_slot", bench.do, review, to_state(wanted))
        elif transition_allowed(state, wanted):
            moved = bench.do(review, to_state(wanted))
            assert moved.state is wanted, f"{state} -> {wanted}"
            assert moved.revision > review.revision
            continue
        else:
            assert refused("illegal_transition", bench.do, review, to_state(wanted)).status == 409
        assert bench.look(review) == review


def test_at_most_so_many_work_at_once_and_the_rest_wait_their_turn(bench, monkeypatch):
    monkeypatch.setattr(line, "PLACES", 2)
    first, second, third, fourth = (bench.start() for _ in range(4))
    assert (third.status, fourth.status) == (WorkflowStatus.QUEUED, WorkflowStatus.QUEUED)
    assert bench.types(third) == ["pr.created"]
    bench.answer(first, "tests_covered")
    assert bench.look(third).state is S.DOR_PENDING
    assert bench.look(fourth).state is S.INITIALIZED
    waiting = bench.do(first, lambda act: people.retry(act, RetryRequest()))
    assert (waiting.state, waiting.slot, waiting.current.status) == (S.DOR_PENDING, Slot.QUEUED, StepStatus.PENDING)
    bench.do(second, to_state(S.ERROR))
    assert bench.look(fourth).state is S.DOR_PENDING
    assert bench.look(first).slot is Slot.QUEUED
    bench.do(third, to_state(S.ERROR))
    assert bench.look(first).slot is Slot.WORKING
    assert bench.events(first)[-1]["payload"]["cause"] == "slot_granted"
    assert bench.answer(first).step is Step.PROGRESS_REVIEWS


def test_feedback(bench):
    review = bench.start()
    for rating in (4.0, 5.0, 4.0):
        review = bench.do(review, lambda act, r=rating: people.give_feedback(act, FeedbackRequest(rating=r)))
    assert workflow_of(review, review.updated_at).result.stakeholder_satisfaction == 4.33


def test_one_open_review_per_pull_request(bench):
    review = bench.start()
    bench.count -= 1
    refused("already_in_review", bench.start)
    bench.do(review, to_state(S.ERROR))
    bench.count -= 1
    bench.start()


def test_agents_that_do_not_answer_are_asked_again_with_growing_pauses_and_then_given_up(bench):
    async def scenario():
        review = bench.routed(bench.start())
        for attempt, pause in ((1, 5), (2, 10), (3, 20)):
            await bench.advance(timedelta(seconds=300))
            now = bench.look(review)
            assert (now.current.attempt, now.current.agents, now.state) == (attempt + 1, [], S.DOR_PENDING)
            assert bench.types(review)[-1] == "error.occurred"
            await bench.advance(timedelta(seconds=pause - 1))
            assert bench.types(review)[-1] == "error.occurred"
            await bench.advance(timedelta(seconds=1))
            told = bench.events(review)[-1]["payload"]
            assert (told["cause"], told["routing"]["attempt"]) == ("time_limit", attempt + 1)
            bench.routed(review)
        await bench.advance(timedelta(seconds=300))
        now = bench.look(review)
        assert (now.state, now.slot) == (S.ERROR, None)
        assert bench.events(review)[-1]["payload"]["error"] == "step_gave_up"

    asyncio.run(scenario())


def test_stuck_once_after_two_hours_without_a_change_of_state(bench):
    async def scenario():
        review = bench.start()
        await bench.advance(timedelta(hours=1))
        review = bench.answer(review)
        await bench.advance(timedelta(hours=1, minutes=59))
        assert "workflow.stuck" not in bench.types(review)
        await bench.advance(timedelta(minutes=1))
        await bench.advance(timedelta(hours=9))
        assert bench.types(review).count("workflow.stuck") == 1
        told = bench.events(review)[-1]["payload"]
        assert (told["cause"], told["waiting_for"]) == ("no_progress", ["routing"])
        failed = bench.answer(bench.start(), "tests_covered")
        held = bench.answer(bench.start(step_by_step=True))
        await bench.advance(timedelta(hours=3))
        assert "workflow.stuck" not in bench.types(failed)
        assert bench.types(held).count("workflow.stuck") == 1

    asyncio.run(scenario())


def test_an_overdue_approval_is_told_once(bench):
    async def scenario():
        review = bench.to_step(bench.start(approval_required=True), Step.FINAL_REVIEW)
        review = bench.answer(review)
        await bench.advance(timedelta(minutes=59))
        assert "workflow.stuck" not in bench.types(review)
        await bench.advance(timedelta(minutes=1))
        told = bench.events(review)[-1]
        assert (told["type"], told["payload"]["cause"]) == ("workflow.stuck", "approval_overdue")
        assert told["payload"]["waiting_for"] == ["approval"]
        await bench.advance(timedelta(hours=5))
        assert bench.types(review).count("workflow.stuck") == 1
        assert bench.do(review, lambda act: people.approve(act, "late"), MANAGER).state is S.COMPLETED

    asyncio.run(scenario())


def test_the_first_assignment_waits_for_the_dashboard_but_not_for_ever(bench):
    from datetime import UTC, datetime

    from QMSLibrary.contract.routing import RoutingDecision
    from QMSLibrary.reference.orchestration import gates

    async def scenario():
        review = bench.start()
        assignment = {"agent_id": "a", "role": "a", "estimated_duration": 1, "confidence_score": 1, "reason": "r"}
        decision = RoutingDecision(
            decision_id="d", workflow_id=review.id, step=review.step, run=1, attempt=1, assignments=[assignment],
            decided_at=datetime.now(UTC), correlation_id="c",
        )  # fmt: skip
        bench.do(review, lambda act: gates.take_decision(act, decision))
        assert bench.look(review).current.agents == []
        await bench.advance(timedelta(seconds=1))
        assert bench.look(review).current.agents == ["a"]

    asyncio.run(scenario())
