"""Agents' answers: each is taken once, from the agent that is awaited; all others are refused and go on record."""

from __future__ import annotations

from typing import Any

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.steps import STEP_CHECKS, Step, StepStatus
from QMSLibrary.contract.workflows import ResultRequest
from QMSLibrary.reference.kernel.call import Call
from QMSLibrary.reference.kernel.refusals import Refusal, RefusalRecord, field_refused, not_found

from .act import Act
from .gates import take_result


def check_answer(call: Call[ResultRequest]) -> None:
    """Raises Refusal for an answer that no review could take: of no step, with no such check, in another's name."""
    wanted, body = call.parts["step"], call.body
    if wanted not in set(Step):
        raise not_found("step", wanted)
    workflow_id = call.parts["workflow_id"]
    if call.identity.is_agent and call.identity.name != body.result.agent_id:
        raise Refusal(
            403,
            "not_its_own_name",
            f"{call.identity.name} may answer in its own name only, not in that of {body.result.agent_id}.",
            record=_record("not_its_own_name", workflow_id, wanted, body),
        )
    unknown = [check for check in body.result.checks if check not in STEP_CHECKS[Step(wanted)]]
    if unknown:
        refusal = field_refused(
            "result.checks", f"{wanted} has no {unknown[0]!r}; it has: {', '.join(STEP_CHECKS[Step(wanted)])}."
        )
        refusal.record = _record("unknown_check", workflow_id, wanted, body)
        raise refusal


def take_answer(act: Act, step: Step, body: ResultRequest) -> None:
    """An agent's answer, once. Raises Refusal (409) for a second, different one, and when it is not awaited (any more).

    The same answer again changes nothing: an agent that has crashed repeats what it does not know to be taken.
    """
    review, record = act.review, act.review.record_of(step)
    who = body.result.agent_id
    same_attempt = (body.run, body.attempt) == (review.run, record.attempt)
    known = next((one for one in record.results if one.agent_id == who), None) if same_attempt else None
    if known == body.result:
        return
    now: dict[str, Any] = {"step": review.step, "run": review.run, "attempt": review.current.attempt}
    now["waiting_for"] = review.current.waiting_for
    if known is not None:
        raise Refusal(
            409,
            "already_answered",
            f"{who} has answered {step}, run {body.run}, attempt {body.attempt}, of workflow {review.id} already, and "
            "otherwise. Its first answer counts.",
            record=_record("already_answered", review.id, step, body, now),
        )
    open_now = step is review.step and record.status is StepStatus.IN_PROGRESS
    if not (same_attempt and open_now and who in record.waiting_for):
        raise Refusal(
            409,
            "superseded",
            f"{who} is not awaited for {step}, run {body.run}, attempt {body.attempt}: workflow {review.id} is at "
            f"{review.step}, run {review.run}, attempt {review.current.attempt}, and waits for "
            f"{', '.join(review.current.waiting_for) or 'nobody'}.",
            record=_record("superseded", review.id, step, body, now),
        )
    take_result(act, body.result)


def _record(reason: str, workflow_id: str, step: str, body: ResultRequest, before: Any = None) -> RefusalRecord:
    answer = {"agent": body.result.agent_id, "step": step, "run": body.run, "attempt": body.attempt}
    return RefusalRecord(AuditAction.RESULT_REFUSED, f"workflow:{workflow_id}", before, answer, reason)
