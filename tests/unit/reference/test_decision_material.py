"""A pull request is fetched once as long as its files are the same, and read once whoever asks."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from agents_made import DOR, REVIEWER, change, pull_request

from QMSLibrary.contract.steps import Step
from QMSLibrary.reference.agents.base import ReviewContext
from QMSLibrary.reference.decision.analysis import Readings, answer_for
from QMSLibrary.reference.decision.material import Material


def row(step: Step = Step.DOR_VALIDATION, run: int = 1, attempt: int = 1, workflow: str = "wf-1") -> Any:
    return SimpleNamespace(workflow_id=workflow, step=step.value, run=run, attempt=attempt)


class Orchestration:
    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.answer: bytes | None = b"{}"

    async def fetch(self, row: Any) -> bytes | None:
        self.asked.append((row.step, row.run, row.attempt))
        await asyncio.sleep(0)
        if self.answer == b"broken":
            raise ValueError("broken")
        return self.answer


@pytest.mark.parametrize(
    ("second", "fetches"),
    [
        (row(), 1),
        (row(Step.PROGRESS_REVIEWS), 1),
        (row(Step.FINAL_REVIEW), 1),
        (row(attempt=2), 2),
        (row(Step.PROGRESS_REVIEWS, attempt=2), 2),
        (row(run=2), 2),
        (row(workflow="wf-2"), 2),
    ],
)
def test_files_change_with_a_run_and_with_an_attempt(second: Any, fetches: int) -> None:
    there = Orchestration()

    async def work() -> None:
        material = Material(there.fetch)
        assert await material.of(row()) == b"{}"
        assert await material.of(second) == b"{}"

    asyncio.run(work())
    assert len(there.asked) == fetches


def test_the_agents_of_a_step_share_one_request() -> None:
    there = Orchestration()

    async def work() -> None:
        material = Material(there.fetch)
        assert await asyncio.gather(*(material.of(row()) for _ in range(3))) == [b"{}"] * 3

    asyncio.run(work())
    assert len(there.asked) == 1


@pytest.mark.parametrize("answer", [None, b"broken"])
def test_what_failed_is_asked_again(answer: bytes | None) -> None:
    there = Orchestration()

    async def work() -> None:
        material = Material(there.fetch)
        there.answer = answer
        if answer is None:
            assert await material.of(row()) is None
        else:
            with pytest.raises(ValueError, match="broken"):
                await material.of(row())
        there.answer = b"{}"
        assert await material.of(row()) == b"{}"
        material.forget("wf-1")
        assert await material.of(row()) == b"{}"

    asyncio.run(work())
    assert len(there.asked) == 3


def test_readings_are_kept_by_content_and_within_their_limit() -> None:
    first = pull_request(change("src/a.py", "def a():\n    return 1\n")).model_dump_json().encode()
    second = pull_request(change("src/b.py", "def b():\n    return 1\n")).model_dump_json().encode()
    readings = Readings(remembered=len(first) + len(second) + 1)
    assert readings.of(first) is readings.of(bytes(first))
    kept = readings.of(second)
    readings.of(first + b" ")  # one more than there is room for: the oldest goes
    assert readings.of(second) is kept


def test_an_agent_answers_under_the_name_it_was_registered_with() -> None:
    raw = pull_request(change("src/a.py", "def getName(a):\n    return a\n")).model_dump_json().encode()
    found = answer_for(REVIEWER, "second-reviewer", raw, ReviewContext(Step.PROGRESS_REVIEWS, "q.lead"))
    assert found.agent_id == "second-reviewer"
    assert [one.agent_id for one in found.findings] == ["second-reviewer"]
    assert answer_for(DOR, DOR, raw, ReviewContext(Step.DOR_VALIDATION, "q.lead")).failure_reasons
