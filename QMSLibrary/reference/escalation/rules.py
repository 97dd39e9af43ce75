"""When somebody has to be told: one rule, one entry of ``RULES``.

A rule looks at one event and nothing else, and answers with the reason in words, or None. Everything that needs a
memory (whether it was said already, whether it still holds) is the business of ``raising`` and ``lifecycle``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from QMSLibrary.contract.escalations import EscalationLevel
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.routing import SECURITY_AGENT
from QMSLibrary.contract.steps import Severity, Step

SECRET_FINDINGS: Final = frozenset({"hardcoded_secret"})
"""Findings that mean that a secret has left the house; they have a rule and a level of their own."""
_NAMED_PLACES: Final = 5
"""Places that a reason lists; the findings themselves are in the workflow."""
_STEPS: Final = frozenset(Step)
_E = EventType
_L = EscalationLevel


@dataclass(frozen=True, slots=True)
class Limits:
    """Figures under which somebody is told (source: the design's escalation triggers)."""

    compliance_score: float = 85.0
    quality_score: float = 70.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """An escalation that a rule asks for."""

    level: EscalationLevel
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """``judge`` answers with the reason for an escalation of this level and type, or None."""

    type: str
    level: EscalationLevel
    events: frozenset[str]
    judge: Callable[[Event, Limits], str | None]


def wanted_by(event: Event, limits: Limits | None = None) -> list[Wanted]:
    """The escalations that ``event`` calls for, the most urgent first; none for most events."""
    found = []
    for rule in _RULES_BY_EVENT.get(event.type, ()):
        reason = rule.judge(event, limits or Limits())
        if reason is not None:
            found.append(Wanted(rule.level, rule.type, reason))
    return found


def step_of(event: Event) -> Step | None:
    """The step that the event is about, or None when it is about none or one that is not known here."""
    name = event.payload.get("step")
    return Step(name) if name in _STEPS else None


def _failed(step: Step, words: str) -> Callable[[Event, Limits], str | None]:
    def judge(event: Event, limits: Limits) -> str | None:
        if step_of(event) is not step:
            return None
        reasons = ", ".join(event.payload.get("failure_reasons") or ()) or "no reason was given"
        return f"{words} validation failed: {reasons}"

    return judge


def _findings(event: Event) -> Iterable[dict[str, Any]]:
    """What the security scan found; findings of other agents are about quality, whatever their severity."""
    for finding in event.payload.get("findings") or ():
        if finding.get("cwe") or finding.get("agent_id") == SECURITY_AGENT:
            yield finding


def _vulnerable(event: Event, limits: Limits) -> str | None:
    grave = {Severity.HIGH, Severity.CRITICAL}
    found = [one for one in _findings(event) if one.get("severity") in grave and one["type"] not in SECRET_FINDINGS]
    return f"high_severity_security: the scan found {_places(found)}" if found else None


def _leaked(event: Event, limits: Limits) -> str | None:
    found = [one for one in _findings(event) if one["type"] in SECRET_FINDINGS]
    return f"leaked_secret: a secret is in the code, change it now: {_places(found)}" if found else None


def _places(findings: list[dict[str, Any]]) -> str:
    named = [
        f"{one['type']} ({one['severity']})"
        + (f" in {one['path']}" if one.get("path") else "")
        + (f" line {one['line']}" if one.get("line") else "")
        for one in findings[:_NAMED_PLACES]
    ]
    more = len(findings) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _score(event: Event, name: str) -> float | None:
    """A score from the step's measures or, once the review is over, from its result."""
    for place in ("measures", "result"):
        score = _number((event.payload.get(place) or {}).get(name))
        if score is not None:
            return score
    return None


def _not_compliant(event: Event, limits: Limits) -> str | None:
    score = _score(event, "compliance_score")
    if score is None or score >= limits.compliance_score:
        return None
    return f"compliance_violation: the compliance score is {score:g}, under {limits.compliance_score:g}"


def _poor(event: Event, limits: Limits) -> str | None:
    score = _score(event, "quality_score")
    if score is None or score >= limits.quality_score or step_of(event) is not Step.FINAL_REVIEW:
        return None
    return f"quality_below_threshold: the quality score is {score:g}, under {limits.quality_score:g}"


def _awaits_approval(event: Event) -> bool:
    return "approval" in (event.payload.get("waiting_for") or ())


def _stuck(event: Event, limits: Limits) -> str | None:
    if _awaits_approval(event):
        return None
    return f"workflow stuck: {_standing(event)}"


def _approval_overdue(event: Event, limits: Limits) -> str | None:
    if not _awaits_approval(event):
        return None
    return f"final approval overdue: {_standing(event)}"


def _standing(event: Event) -> str:
    workflow = event.payload.get("workflow") or {}
    words = f"it has been {workflow.get('state', 'in an unknown state')}"
    if workflow.get("updated_at"):
        words += f" since {workflow['updated_at']}"
    if waiting := event.payload.get("waiting_for"):
        words += f" and waits for {', '.join(map(str, waiting))}"
    return words


def _nobody_available(event: Event, limits: Limits) -> str | None:
    step = event.payload.get("step", "the next step")
    reason = event.payload.get("reason") or "no agent is available"
    return f"nobody can review {step}: {reason}"


# A step fails when its verdict is known; its gate fails with it, or later when the workflow waits for a person first.
# What is urgent does not wait for the gate.
_KNOWN: Final = frozenset({_E.STEP_FAILED})
_SCORED: Final = frozenset({_E.GATE_FAILED, _E.WORKFLOW_COMPLETED})
RULES: Final[tuple[Rule, ...]] = (
    Rule("leaked_secret", _L.L0_CRITICAL, _KNOWN, _leaked),
    Rule("high_severity_security", _L.L1_IMMEDIATE, _KNOWN, _vulnerable),
    Rule("compliance_below_threshold", _L.L1_IMMEDIATE, _SCORED, _not_compliant),
    Rule("quality_below_threshold", _L.L2_URGENT, frozenset({_E.GATE_FAILED}), _poor),
    # Nobody available is not among the design's triggers by name, but it asks for a person then.
    Rule("routing_failed", _L.L2_URGENT, frozenset({_E.ROUTING_FAILED}), _nobody_available),
    Rule("dor_failed", _L.L3_STANDARD, frozenset({_E.GATE_FAILED}), _failed(Step.DOR_VALIDATION, "DoR")),
    Rule("dod_failed", _L.L3_STANDARD, frozenset({_E.GATE_FAILED}), _failed(Step.DOD_VALIDATION, "DoD")),
    Rule("workflow_stuck", _L.L3_STANDARD, frozenset({_E.WORKFLOW_STUCK}), _stuck),
    Rule("approval_overdue", _L.L3_STANDARD, frozenset({_E.WORKFLOW_STUCK}), _approval_overdue),
)
_RULES_BY_EVENT: Final[dict[str, tuple[Rule, ...]]] = {
    kind: tuple(rule for rule in RULES if kind in rule.events)
    for kind in {one for rule in RULES for one in rule.events}
}
