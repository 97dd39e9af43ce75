"""An escalation of the wrong level is blamed on who got it wrong: who asked, or who made another one of it."""

import pytest
from checks_made import NOW

from QMSLibrary.checks import escalations
from QMSLibrary.contract.dashboard import Alert
from QMSLibrary.contract.escalations import Escalation, EscalationLevel
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity

L0, L3 = EscalationLevel.L0_CRITICAL, EscalationLevel.L3_STANDARD


def escalation(level=L3, component="dashboard", reason="alert on the dashboard: Payments are slow"):
    return Escalation(
        id="esc-1", level=level, type="alert_raised", reason=reason, component=component, source="alert-esc-1",
        state="active", tier=1, workflow_id="wf-1", correlation_id="c-1", triggered_at=NOW, acknowledge_by=NOW,
    )  # fmt: skip


def alert(severity):
    return Alert(id="alert-esc-1", severity=severity, title="Payments are slow", state="active", escalation_id="esc-1",
                 correlation_id="c-1", raised_at=NOW)  # fmt: skip


@pytest.mark.parametrize(
    ("severity", "asked", "said", "blame"),
    [
        ("critical", L3, "the alert as critical, which calls for L0_CRITICAL, and asked for L3_STANDARD", "dashboard"),
        ("critical", L0, "the alert as critical, which calls for L0_CRITICAL, and asked for L0_CRITICAL", "escalation"),
        ("low", L3, "the alert as low, which calls for L3_STANDARD, and asked for L3_STANDARD", "dashboard"),
        ("low", None, "the alert as low, which calls for L3_STANDARD", "dashboard"),
        ("critical", None, "the alert as critical, which calls for L0_CRITICAL", "escalation"),
    ],
)  # fmt: skip
def test_who_is_wrong_about_the_level(severity, asked, said, blame):
    judged = escalations.of_alert(escalation(), L0, alert(Severity(severity)), asked)
    assert judged.message.startswith(
        "The escalation esc-1 of the alert 'Payments are slow': not as expected.\nExpected: L0_CRITICAL\n"
    )
    assert judged.actual == f"L3_STANDARD; the dashboard shows {said}"
    assert judged.blame == blame
    assert judged.look_at.endswith("; correlation id c-1")
    assert ("`Start Recording Events    dashboard`" in judged.look_at) == (asked is None and blame == "escalation")


def test_an_escalation_whose_alert_is_gone():
    judged = escalations.of_alert(escalation(), L0, None, None)
    assert judged.blame is Service.DASHBOARD
    assert "the alert 'alert-esc-1'" in judged.title
    assert "shows no alert for it" in judged.actual


def test_it_must_be_the_dashboards_and_right_but_for_its_level():
    one = escalation()
    assert escalations.of_another_level([one], L0, "payments are slow") is one
    assert escalations.of_another_level([one], L0, "something else") is None
    assert escalations.of_another_level([escalation(component="orchestration")], L0, None) is None
    assert escalations.of_another_level([one, escalation(L0)], L0, None) is None
