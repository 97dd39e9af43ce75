"""The states of a workflow and the ways between them."""

from __future__ import annotations

import itertools

import pytest

from QMSLibrary.contract.steps import STEP_AGENTS, STEP_CHECKS, STEP_TIME_LIMITS, Step
from QMSLibrary.contract.workflows import (
    FAILED_STATE,
    PENDING_STATE,
    STATUS_OF_STATE,
    STEP_OF_STATE,
    TRANSITIONS,
    WorkflowState,
    WorkflowStatus,
    transition_allowed,
)

S = WorkflowState
PENDING = set(PENDING_STATE.values())
FAILED = set(FAILED_STATE.values())


def reachable(start: WorkflowState) -> set[WorkflowState]:
    found, edge = {start}, [start]
    while edge:
        new = TRANSITIONS[edge.pop()] - found
        found |= new
        edge += new
    return found


def test_the_steps_are_those_of_the_design_in_their_order() -> None:
    assert [step.value for step in Step] == ["dor_validation", "progress_reviews", "dod_validation", "final_review"]
    assert [step.number for step in Step] == [1, 2, 3, 4]
    assert [step.next for step in Step] == [*list(Step)[1:], None]


@pytest.mark.parametrize("table", [STEP_AGENTS, STEP_CHECKS, STEP_TIME_LIMITS, PENDING_STATE, FAILED_STATE])
def test_every_step_has_its_entry(table: dict[Step, object]) -> None:
    assert list(table) == list(Step)


def test_no_check_and_no_agent_belongs_to_two_steps() -> None:
    for table in (STEP_CHECKS, STEP_AGENTS):
        names = list(itertools.chain.from_iterable(table.values()))
        assert len(set(names)) == len(names)


def test_every_state_has_exactly_one_status() -> None:
    assert set(STATUS_OF_STATE) == set(S)
    assert set(STATUS_OF_STATE.values()) == set(WorkflowStatus)


def test_the_states_are_divided_among_the_steps() -> None:
    assert set(STEP_OF_STATE) == PENDING | FAILED
    assert set(S) - PENDING - FAILED == {S.INITIALIZED, S.COMPLETED, S.ERROR}
    assert len(STEP_OF_STATE) == 2 * len(Step)


def test_every_state_has_its_row_of_transitions() -> None:
    assert set(TRANSITIONS) == set(S)


def test_every_state_is_reachable_from_the_first() -> None:
    assert reachable(S.INITIALIZED) == set(S)


@pytest.mark.parametrize("state", list(S))
def test_from_every_state_the_review_can_still_be_completed(state: WorkflowState) -> None:
    assert S.COMPLETED in reachable(state)


@pytest.mark.parametrize("state", list(S))
def test_staying_where_one_is_is_no_transition(state: WorkflowState) -> None:
    assert not transition_allowed(state, state)


def test_nothing_leads_back_to_the_queue() -> None:
    assert all(S.INITIALIZED not in targets for targets in TRANSITIONS.values())


@pytest.mark.parametrize("step", list(Step))
def test_a_pending_gate_passes_fails_breaks_down_or_starts_over(step: Step) -> None:
    after = PENDING_STATE[step.next] if step.next else S.COMPLETED
    expected = {after, FAILED_STATE[step], S.ERROR, S.DOR_PENDING} - {PENDING_STATE[step]}
    assert TRANSITIONS[PENDING_STATE[step]] == expected


@pytest.mark.parametrize("step", list(Step))
def test_a_failed_gate_is_retried_overridden_or_starts_over(step: Step) -> None:
    after = PENDING_STATE[step.next] if step.next else S.COMPLETED
    assert TRANSITIONS[FAILED_STATE[step]] == {PENDING_STATE[step], after, S.DOR_PENDING}


@pytest.mark.parametrize("state", [S.COMPLETED, S.ERROR])
def test_what_is_over_can_only_start_over(state: WorkflowState) -> None:
    assert TRANSITIONS[state] == {S.DOR_PENDING}
