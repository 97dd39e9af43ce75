"""Finishing an act: saving it, and giving the places that are free then to those who wait."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.reference.kernel.context import Context

from .act import Act
from .gates import begin_step
from .line import free_places
from .review import Review, Slot
from .tables import workflows

_LINE = (
    select(workflows.c.number, workflows.c.review)
    .where(workflows.c.slot == Slot.QUEUED.value)
    .order_by(workflows.c.queue_number)
    .limit(bindparam("count"))
)


def finish(act: Act) -> Review:
    """Save the act and hand out the places that are free after it. Returns the review as it then stands."""
    review = act.save()
    if review.slot is not Slot.WORKING:
        for begun in _hand_out(act.context, act.connection):
            if begun.id == review.id:
                review = begun
    return review


def _hand_out(context: Context, connection: Connection) -> list[Review]:
    free = free_places(connection)
    if not free:
        return []
    begun = []
    for number, text in connection.execute(_LINE, {"count": free}).all():
        review = Review.model_validate_json(text)
        act = Act(context, connection, review, context.identity, review.correlation_id, number)
        review.slot = Slot.WORKING
        review.queue_number = None
        begin_step(act, "started" if review.state is WorkflowState.INITIALIZED else "slot_granted")
        begun.append(act.save())
    return begun
