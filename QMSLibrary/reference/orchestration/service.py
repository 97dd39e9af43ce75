"""The orchestration service put together."""

from __future__ import annotations

from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.context import Context

from . import accounts, chain, deadlines, reception, serving, trail, webhook_intake
from .tables import TABLES
from .webhook_work import Deliveries


def build(context: Context) -> Blueprint:
    """The orchestration service."""
    context.audit_sink = chain.append
    blueprint = Blueprint(context)
    blueprint.tables(TABLES)
    accounts.add_to(blueprint)
    serving.add_to(blueprint)
    reception.add_to(blueprint)
    deadlines.add_to(blueprint)
    trail.add_to(blueprint)
    deliveries = Deliveries(context)
    blueprint.background("webhooks")(deliveries.run)
    webhook_intake.add_to(blueprint, deliveries.wake)
    return blueprint
