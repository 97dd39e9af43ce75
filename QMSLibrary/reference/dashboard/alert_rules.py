"""Alert rules: kept, and judged by what the verdicts and results of reviews tell."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.dashboard import AlertRule, AlertRulePage, AlertRuleRequest, AlertState, Figure
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.steps import Severity, Step
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import field_refused, not_found

from .alerts import raise_alert, settle
from .expressions import ExpressionError, parse
from .tables import alert_rules, alerts, copies

_ALL: Final = select(alert_rules)
_FOR: Final = _ALL.where(
    or_(alert_rules.c.repository.is_(None), alert_rules.c.repository == bindparam("of_repository"))
).order_by(alert_rules.c.name)
_OPEN: Final = select(alerts).where(
    alerts.c.workflow_id == bindparam("workflow"),
    alerts.c.rule == bindparam("by_rule"),
    alerts.c.state != AlertState.RESOLVED.value,
)
_F = Figure
_OF_A_STEP: Final[dict[str, tuple[Figure, ...]]] = {
    Step.DOR_VALIDATION: (_F.LINES_CHANGED, _F.UNTESTED_FILES),
    Step.PROGRESS_REVIEWS: (_F.VULNERABILITIES, _F.STYLE_FINDINGS, _F.HIGHEST_COMPLEXITY),
    Step.DOD_VALIDATION: (_F.COVERAGE,),
    Step.FINAL_REVIEW: (_F.QUALITY_SCORE,),
}
_OF_A_RESULT: Final = (_F.QUALITY_SCORE, _F.COMPLIANCE_SCORE, _F.TOTAL_DURATION)
_NAME: Final = re.compile(r"(?! )[\w .-]{1,64}(?<! )")


def judge(connection: Connection, event: Event, context: Context) -> None:
    """A verdict or a result has come: raise what the rules ask for, settle what no longer holds."""
    workflow = event.payload.get("workflow")
    if event.workflow_id is None or workflow is None:
        return
    rules = connection.execute(_FOR, {"of_repository": workflow.get("repository")}).all()
    # Late news is no news: nobody is alarmed about what a later run has made good.
    if not rules or workflow["revision"] < copies.revision(connection, event.workflow_id):
        return
    figures = _figures(event)
    for rule in rules:
        expression = parse(rule.expression)
        holds = expression.holds(figures)
        if holds is None:
            continue
        known = connection.execute(_OPEN, {"workflow": event.workflow_id, "by_rule": rule.name}).first()
        if holds and known is None:
            raise_alert(
                connection, context, context.identity, event.correlation_id,
                title=f"{rule.name}: {expression.why(figures)} ({rule.expression})",
                severity=Severity(rule.severity), repository=workflow.get("repository"),
                workflow_id=event.workflow_id, rule=rule.name,
            )  # fmt: skip
        elif not holds and known is not None:
            reason = f"{expression.why(figures)} now"
            settle(connection, context, known, context.identity, event.correlation_id, reason)


def _figures(event: Event) -> dict[str, float]:
    """The figures that this event tells. The same name may mean something else in another step's measures."""
    names: tuple[Figure, ...]
    if event.type == EventType.WORKFLOW_COMPLETED:
        told, names = event.payload.get("result") or {}, _OF_A_RESULT
    else:
        told, names = event.payload.get("measures") or {}, _OF_A_STEP.get(event.payload.get("step", ""), ())
    return {
        name.value: float(told[name])
        for name in names
        if isinstance(told.get(name), int | float) and not isinstance(told[name], bool)
    }


def set_rule(
    connection: Connection, context: Context, name: str, wanted: AlertRuleRequest, actor: Identity, correlation_id: str
) -> AlertRule:
    """Put a rule in force. Raises Refusal (422) that names the place where its expression is wrong."""
    if not _NAME.fullmatch(name):
        raise field_refused("name", "must have 1 to 64 letters, digits, blanks, dots, dashes, underscores.")
    try:
        expression = parse(wanted.expression)
    except ExpressionError as error:
        raise field_refused("expression", str(error)) from None
    for conditions in expression.alternatives:
        joined = {one.figure for one in conditions}
        if not any(joined <= set(told) for told in (*_OF_A_STEP.values(), _OF_A_RESULT)):
            raise field_refused(
                "expression",
                f"{' and '.join(sorted(joined))} are never told together, so this would never hold; `and` joins "
                "figures of one step, or of the result.",
            )
    before = _find(connection, name)
    values = {
        **wanted.model_dump(mode="json"),
        "set_by": actor.name,
        "set_at": wire_time(context.now()),
    }
    if before is None:
        connection.execute(insert(alert_rules), {"name": name, **values})
    else:
        connection.execute(update(alert_rules).where(alert_rules.c.name == name), values)
    after = rule(connection, name)
    _audit(connection, context, actor, correlation_id, name, None if before is None else _rule(before), after)
    return after


def remove_rule(connection: Connection, context: Context, name: str, actor: Identity, correlation_id: str) -> AlertRule:
    """Take a rule back; alerts that it raised stay. Raises Refusal (404)."""
    before = rule(connection, name)
    connection.execute(delete(alert_rules).where(alert_rules.c.name == name))
    _audit(connection, context, actor, correlation_id, name, before, None)
    return before


def rule(connection: Connection, name: str) -> AlertRule:
    """A rule as everybody sees it. Raises Refusal (404)."""
    row = _find(connection, name)
    if row is None:
        raise not_found("alert rule", name)
    return _rule(row)


def rule_page(connection: Connection, limit: int, cursor: int | None) -> AlertRulePage:
    """The rules by name; the cursor counts them."""
    begin = cursor or 0
    total = connection.execute(select(func.count()).select_from(alert_rules)).scalar_one()
    rows = connection.execute(_ALL.order_by(alert_rules.c.name).offset(begin).limit(limit)).all()
    more = str(begin + limit) if begin + limit < total else None
    return AlertRulePage(total=total, next_cursor=more, items=[_rule(row) for row in rows])


def _find(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(_ALL.where(alert_rules.c.name == name)).one_or_none()


def _rule(row: Row[Any]) -> AlertRule:
    return AlertRule.model_validate(dict(row._mapping))


def _audit(
    connection: Connection,
    context: Context,
    actor: Identity,
    correlation_id: str,
    name: str,
    before: AlertRule | None,
    after: AlertRule | None,
) -> None:
    context.audit(
        connection,
        AuditAction.CONFIGURATION_CHANGED,
        f"alert_rule:{name}",
        correlation_id=correlation_id,
        actor=actor,
        before=None if before is None else before.model_dump(mode="json"),
        after=None if after is None else after.model_dump(mode="json"),
    )
