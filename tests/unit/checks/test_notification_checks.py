"""Who was told: what the receivers got, against who ought to be told."""

from datetime import timedelta

import pytest
from checks_made import NOW

from QMSLibrary.checks import alerts, notifications
from QMSLibrary.contract.dashboard import Alert
from QMSLibrary.contract.escalations import Channel, Escalation, EscalationLevel, EscalationState, Stakeholder
from QMSLibrary.contract.receivers import Received
from QMSLibrary.contract.services import Service

ANN = Stakeholder(name="ann", tier=1, addresses={"email": "ann@x.example", "sms": "+1"})
TEAM = Stakeholder(name="team", tier=1, addresses={"slack": "#team"}, repositories=["acme/pay-*"])
PAGER = Stakeholder(name="pager", tier=1, addresses={"pagerduty": "p1"})
BOSS = Stakeholder(name="boss", tier=2, addresses={"email": "boss@x.example"})
PEOPLE = [ANN, TEAM, PAGER, BOSS]


def escalation(level=EscalationLevel.L3_STANDARD, tier=1, repository="acme/pay-api", **more):
    return Escalation(
        id="esc-1", level=level, type="dor_failed", reason="r", component="orchestration", source="wf-1",
        **{"state": EscalationState.ACTIVE, **more}, tier=tier, repository=repository, correlation_id="c",
        triggered_at=NOW, acknowledge_by=NOW + timedelta(hours=4),
    )  # fmt: skip


def message(channel, address, key="k", text="esc-1", taken=True, number=1):
    return Received(
        number=number, channel=channel, address=address, text=text, key=key, taken=taken,
        answer="taken" if taken else "refused", received_at=NOW,
    )  # fmt: skip


TO_ANN, TO_TEAM = message(Channel.EMAIL, "ann@x.example"), message(Channel.SLACK, "#team", "k2")


@pytest.mark.parametrize(
    ("about", "names"),
    [
        (escalation(), ["ann", "team"]),
        (escalation(repository="acme/shop"), ["ann"]),
        (escalation(repository=None), ["ann"]),
        (escalation(EscalationLevel.L1_IMMEDIATE), ["ann", "team", "pager"]),
        (escalation(tier=2), ["ann", "team", "boss"]),
    ],
)
def test_who_ought_to_be_told(about, names):
    assert [one.name for one in notifications.ought(PEOPLE, about)] == names


def test_who_shares_an_address_is_told_once():
    twin = Stakeholder(name="twin", tier=1, addresses={"email": "ann@x.example"})
    assert [one.name for one in notifications.ought([ANN, twin], escalation())] == ["ann"]


@pytest.mark.parametrize(
    ("messages", "channel", "times", "good", "said"),
    [
        ([TO_ANN], Channel.EMAIL, 1, True, "1 message by email"),
        ([TO_ANN, TO_ANN], Channel.EMAIL, 1, True, "1 message by email"),
        ([TO_ANN], None, 0, False, "1 message by email"),
        ([TO_TEAM], None, None, False, "nothing. The receivers got:\n  slack to #team: taken"),
        ([], Channel.EMAIL, None, False, "nothing. The receivers got: nothing"),
        ([TO_ANN, message(Channel.SMS, "+1", "k3")], Channel.EMAIL, 1, False, "2 messages by email, sms"),
        ([TO_ANN, message(Channel.EMAIL, "ann@x.example", "k4")], Channel.EMAIL, 1, False, "2 messages by email"),
        ([message(Channel.EMAIL, "ann@x.example", taken=False)], None, None, False, "1 that the receiver did not take"),
        ([], None, 0, True, "nothing"),
    ],
)
def test_what_one_person_got(messages, channel, times, good, said):
    judged = notifications.reached(messages, ANN, channel, escalation(), times)
    assert judged.passed is good
    assert said in judged.actual
    assert judged.blame is (None if good else Service.ESCALATION)
    assert good or "tier (1; ann is of tier 1)" in judged.look_at


def test_a_channel_that_the_person_has_no_address_for_is_the_files_fault():
    judged = notifications.reached([], ANN, Channel.SLACK, escalation(), None)
    assert judged.look_at == "the stakeholders' file: ann has no address for slack"


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([TO_ANN], "team was not told at all"),
        ([TO_ANN, TO_TEAM, message(Channel.EMAIL, "boss@x.example", "b")], "boss was told by email (boss@x.example)"),
        ([TO_ANN, TO_TEAM, message(Channel.SMS, "+9", "b")], "a stranger was told by sms (+9)"),
        ([TO_ANN, TO_TEAM, message(Channel.SMS, "+1", "b")], "ann was told the same thing twice"),
        ([TO_TEAM, message(Channel.EMAIL, "ann@x.example", taken=False)], "ann was not told at all"),
    ],
)
def test_somebody_is_missing_or_one_too_many(messages, said):
    judged = notifications.nobody_else(messages, PEOPLE, ["ann", "team"], escalation(), "as the test says")
    assert not judged.passed
    assert judged.expected.startswith("ann, team (as the test says), each once")
    assert said in judged.actual
    assert judged.blame is Service.ESCALATION


def test_everybody_once_for_each_telling_and_nobody_else():
    told = [TO_ANN, TO_TEAM, message(Channel.EMAIL, "ann@x.example", "k5", "Reminder 1: esc-1")]
    assert notifications.nobody_else(told, PEOPLE, ["ann", "team"], escalation(), "x").passed
    assert notifications.nobody_else([], PEOPLE, [], escalation(), "x").actual == "nobody"
    twice = [*told, message(Channel.EMAIL, "ann@x.example", "k6", "Reminder 1: esc-1")]
    assert not notifications.nobody_else(twice, PEOPLE, ["ann", "team"], escalation(), "x").passed


def test_where_an_escalation_stands():
    active = escalation()
    assert alerts.stands(active, EscalationState.ACTIVE, 1).passed
    assert not alerts.stands(active, EscalationState.ACTIVE, 2).passed
    judged = alerts.stands(active, EscalationState.ACKNOWLEDGED, by="lea")
    assert judged.expected == "acknowledged, acknowledged by lea"
    assert "active, tier 1 told, acknowledged by nobody" in judged.actual
    assert judged.blame is Service.ESCALATION


def test_which_alerts_there_are():
    alert = Alert(id="a", severity="low", title="DoR Failed", state="active", correlation_id="c", raised_at=NOW)
    assert alerts.matching([alert], severity=alert.severity, title="dor failed") == [alert]
    assert alerts.matching([alert], escalation="esc-1") == []
    assert alerts.exists([alert], [alert], "", None, "wf").passed
    judged = alerts.exists([alert], [], "severity high", 1, "workflow wf-1")
    assert "0 such, 1 in all:\n  a low active: DoR Failed" in judged.actual
    assert judged.blame is Service.DASHBOARD
