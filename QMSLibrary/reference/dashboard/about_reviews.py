"""What the widgets show of reviews, alerts and escalations: each a function of the board's tables."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, and_, func, select

from QMSLibrary.contract.dashboard import AlertState, WidgetConfig
from QMSLibrary.contract.escalations import EscalationLevel, EscalationState
from QMSLibrary.contract.steps import Severity, Step
from QMSLibrary.contract.workflows import WorkflowState, WorkflowStatus

from .alerts import alert_of
from .happenings import COMPLETED, KINDS
from .sums import count, in_full, in_period, of_repository
from .tables import alerts, awaited, copies, escalations, happenings, scores


def pipeline(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    """Reviews by state and step, and the newest of them."""
    table = copies.table
    of = of_repository(table, repository)
    states = count(connection, table.c.state, *of)
    running = count(connection, table.c.step, table.c.status == WorkflowStatus.IN_PROGRESS.value, *of)
    newest = (
        select(table, scores.c.quality_score)
        .outerjoin(scores, and_(scores.c.workflow_id == table.c.workflow_id, scores.c.revision == table.c.revision))
        .where(*of)
        .order_by(table.c.updated_at.desc(), table.c.workflow_id)
        .limit(config.limit)
    )
    return {
        "total": sum(states.values()),
        "by_state": {state.value: states.get(state, 0) for state in WorkflowState},
        "in_progress_by_step": {step.value: running.get(step, 0) for step in Step},
        "workflows": [dict(row) for row in connection.execute(newest).mappings()],
    }


def quality(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    """What completed reviews came to, and what happened in each hour or day."""
    of = of_repository(scores, repository)
    compliant = func.count().filter(scores.c.compliance_adhered.is_(True))
    sums = select(func.count(), func.avg(scores.c.quality_score), compliant).select_from(scores).where(*of)
    total, mean, adhered = connection.execute(sums).one()
    newest = select(
        scores.c.workflow_id,
        scores.c.repository,
        scores.c.completed_at,
        scores.c.quality_score,
        scores.c.compliance_score,
        scores.c.compliance_adhered,
        scores.c.total_duration,
    )
    newest = newest.where(*of).order_by(scores.c.completed_at.desc(), scores.c.workflow_id).limit(config.limit)
    return {
        "completed": total,
        "points": [dict(row) for row in connection.execute(newest).mappings()][::-1],
        "mean_quality_score": None if mean is None else round(float(mean), 2),
        "share_compliant": adhered / total if total else None,
        "history": _history(connection, config, repository),
    }


def _history(connection: Connection, config: WidgetConfig, repository: str | None) -> list[dict[str, Any]]:
    """What happened in each hour or day in which something happened, the oldest first."""
    begins = in_period(happenings.c.at, config.period)
    query = (
        select(
            begins,
            happenings.c.kind,
            func.count(),
            func.sum(happenings.c.score),
            func.count(happenings.c.score),
            func.count().filter(happenings.c.compliant.is_(True)),
        )
        .where(*of_repository(happenings, repository))
        .group_by(begins, happenings.c.kind)
        .order_by(begins.desc())
        .limit(config.limit * len(KINDS))
    )
    periods: dict[str, dict[str, Any]] = {}
    for at, kind, number, total, known, compliant in connection.execute(query):
        fresh = {**dict.fromkeys(KINDS, 0), "mean_quality_score": None, "compliant": 0}
        one = periods.setdefault(at, {"begins": in_full(at), **fresh})
        one[kind] = number
        if kind == COMPLETED:
            one |= {"mean_quality_score": round(total / known, 2) if known else None, "compliant": compliant}
    return list(periods.values())[: config.limit][::-1]


def queue_depth(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    """Reviews that wait, and for what."""
    table = copies.table
    of = of_repository(table, repository)
    at_its_step = and_(awaited.c.workflow_id == table.c.workflow_id, awaited.c.step == table.c.step)
    running = (table.c.status == WorkflowStatus.IN_PROGRESS.value, *of)
    waiting = (
        select(
            table.c.workflow_id,
            table.c.repository,
            table.c.title,
            table.c.step,
            table.c.updated_at,
            awaited.c.agents,
            awaited.c.person,
        )
        .join(awaited, at_its_step)
        .where(*running)
    )
    rows = connection.execute(waiting.order_by(table.c.updated_at, table.c.workflow_id)).all()
    for_agents = [row for row in rows if row.agents]
    for_people = [row for row in rows if row.person and not row.agents]
    queued = connection.execute(
        select(func.count()).select_from(table).where(table.c.status == WorkflowStatus.QUEUED.value, *of)
    ).scalar_one()
    by_step = count(connection, table.c.step, *running)
    return {
        "queued": queued,
        "waiting_for_agents": len(for_agents),
        "waiting_for_people": len(for_people),
        "in_progress": sum(by_step.values()),
        "in_progress_by_step": {step.value: by_step.get(step, 0) for step in Step},
        "waiting": [
            {
                **{name: getattr(row, name) for name in ("workflow_id", "repository", "title", "step")},
                "since": row.updated_at,
                "waiting_for": "agents" if row.agents else row.person,
            }
            for row in (*for_agents, *for_people)[: config.limit]
        ],
    }


def active_alerts(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    """Alerts that nobody has taken charge of."""
    active = (alerts.c.state == AlertState.ACTIVE.value, *of_repository(alerts, repository))
    severities = count(connection, alerts.c.severity, *active)
    newest = select(alerts).where(*active).order_by(alerts.c.position.desc()).limit(config.limit)
    return {
        "total": sum(severities.values()),
        "by_severity": {severity.value: severities.get(severity, 0) for severity in Severity},
        "alerts": [alert_of(row).model_dump(mode="json") for row in connection.execute(newest)],
    }


def open_escalations(connection: Connection, config: WidgetConfig, repository: str | None) -> dict[str, Any]:
    """Escalations by state, and those that are open."""
    columns = escalations.c
    of = of_repository(escalations, repository)
    is_open = columns.state.in_(_OPEN)
    states = count(connection, columns.state, *of)
    levels = count(connection, columns.level, is_open, *of)
    shown = select(
        columns.id.label("escalation_id"),
        columns.level,
        columns.type,
        columns.reason,
        columns.state,
        columns.tier,
        columns.workflow_id,
        columns.repository,
        columns.triggered_at,
        columns.acknowledged_by,
    )
    # L0 sorts before L3: the most urgent first, and of those the oldest.
    shown = shown.where(is_open, *of).order_by(columns.level, columns.triggered_at, columns.id).limit(config.limit)
    return {
        "open": sum(levels.values()),
        # That one was put away nobody tells; until then it is resolved, and so it stays here.
        "by_state": {state.value: states.get(state, 0) for state in EscalationState if state is not _PUT_AWAY},
        "open_by_level": {level.value: levels.get(level, 0) for level in EscalationLevel},
        "escalations": [dict(row) for row in connection.execute(shown).mappings()],
    }


_PUT_AWAY: Final = EscalationState.CLOSED
_OPEN: Final = (EscalationState.ACTIVE.value, EscalationState.ACKNOWLEDGED.value)
