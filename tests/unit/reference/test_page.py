"""The dashboard's page over HTTP: what is on it, for whom, and what its forms do; no browser and no script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard_escalation_bench import Bench, event
from page_bench import HOST, Text, Visitor, dashboard, message
from sqlalchemy import select

from QMSLibrary.contract.dashboard import View, Widget
from QMSLibrary.contract.live import SESSION_COOKIE
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import WorkflowState
from QMSLibrary.reference.dashboard.tables import alerts
from QMSLibrary.reference.dashboard.widgets import stored_config

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)> {{ 7 * 7 }} &amp;'


@pytest.fixture
def qms(tmp_path: Path) -> Iterator[Bench]:
    with dashboard(tmp_path) as made:
        yield made


def escalated(reason: str = "DoR validation failed: missing_tests", **changes: str) -> None:
    snapshot = {
        "id": "esc-1", "level": "L1_IMMEDIATE", "type": "dor_failed", "reason": reason, "state": "active", "tier": 1,
        "workflow_id": "wf-1", "repository": "acme/shop", "correlation_id": "c-wf-1",
        "triggered_at": "2026-01-01T00:00:00.000000Z", "acknowledged_by": None, "resolved_at": None, **changes,
    }  # fmt: skip
    return event("escalation.triggered", source="escalation", escalation=snapshot)


def review(title: str = "feat: pay", **more: str):
    one = event("workflow.started", WorkflowState.DOR_PENDING, 1, **more)
    one.payload["workflow"] |= {"title": title}
    return one


def state_of_alert(qms: Bench) -> str:
    return qms.write(lambda connection: connection.execute(select(alerts.c.state)).scalar_one())


# --- looking


def test_who_is_not_logged_in_is_led_to_the_log_in_and_back(qms):
    nobody = Visitor(qms, role=None)
    assert nobody.get("/").headers["Location"] == "/log-in"
    answer = nobody.get("/dashboard/qa?repository=acme/shop")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/log-in?back=%2Fdashboard%2Fqa%3Frepository%3Dacme%252Fshop"
    assert 'value="/dashboard/qa?repository=acme%2Fshop"' in nobody.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("role", "view"),
    [(Role.DEVELOPER, "developer"), (Role.QA_LEAD, "qa"), (Role.MANAGER, "executive"), (Role.ADMIN, "operational")],
)
def test_the_home_of_each_role_is_the_view_made_for_it(qms, role, view):
    assert Visitor(qms, role).get("/").headers["Location"] == f"/dashboard/{view}"


@pytest.mark.parametrize("view", View)
def test_every_view_shows_its_widgets_and_says_what_to_do_when_there_is_nothing(qms, view):
    from QMSLibrary.reference.dashboard.widgets import VIEWS

    answer = Visitor(qms).get(f"/dashboard/{view}")
    assert answer.status_code == 200
    cards = [one["data-card"] for one in Text(answer.text).having("data-card")]
    assert sorted(cards) == sorted(["summary", *VIEWS[view]])
    assert "There is no review yet. Connect GitHub’s webhook" in str(Text(answer.text))


@pytest.mark.parametrize(
    "path", ["/dashboard/qa", "/log-in", "/dashboard/nowhere", "/dashboard/qa/cards/summary", "/static/page.js"]
)
def test_every_answer_has_the_headers_that_keep_others_out(qms, path):
    headers = Visitor(qms, role=None if path == "/log-in" else Role.QA_LEAD).get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_is_not_kept_and_a_static_file_is(qms):
    visitor = Visitor(qms)
    page = visitor.get("/dashboard/qa")
    assert page.headers["Cache-Control"] == "no-store"
    asset = re.search(r'src="(/static/page\.js\?[0-9a-f]+)"', page.text)[1]
    assert "immutable" in visitor.get(asset).headers["Cache-Control"]
    assert visitor.get("/static/../serving.py").status_code == 404
    assert visitor.get("/static/inter.LICENSE.txt").status_code == 404


def test_nothing_comes_from_elsewhere_and_no_script_or_style_is_in_the_page(qms):
    qms.deliver(review(), escalated())
    html = Visitor(qms).get("/dashboard/operational").text
    tags = Text(html).tags
    assert [attributes for tag, attributes in tags if tag == "script"] == [
        {"src": Text(html).having("src")[0]["src"], "defer": None}
    ]
    assert not [tag for tag, _ in tags if tag == "style"]
    assert not [name for _, attributes in tags for name in attributes if name == "style" or name.startswith("on")]
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', html)


def test_what_others_have_written_is_text(qms):
    qms.deliver(
        review(HOSTILE, repository=HOSTILE[:60]), escalated(HOSTILE, repository=HOSTILE[:60]),
        event("workflow.started", WorkflowState.DOR_PENDING, 1, workflow='wf"><script>x</script>'),
    )  # fmt: skip
    for view in View:
        page = Text(Visitor(qms).get(f"/dashboard/{view}").text)
        assert HOSTILE.replace("&amp;", "&amp;") in str(page).replace("  ", " ")
        assert len([tag for tag, _ in page.tags if tag == "script"]) == 1
        assert not [tag for tag, _ in page.tags if tag == "img"]
    filtered = Visitor(qms).get("/dashboard/qa", params={"repository": HOSTILE})
    assert len([tag for tag, _ in Text(filtered.text).tags if tag == "script"]) == 1


def test_only_one_repository_is_shown_when_one_is_asked_for(qms):
    qms.deliver(review("feat: ours"), review("feat: theirs", workflow="wf-2", repository="acme/other"))
    text = str(Text(Visitor(qms).get("/dashboard/qa?repository=acme/shop").text))
    assert "feat: ours" in text
    assert "feat: theirs" not in text


def test_times_are_words_with_the_exact_time_beside_them(qms):
    qms.deliver(escalated())
    times = Text(Visitor(qms).get("/dashboard/qa").text).having("datetime")
    assert {"datetime": "2026-01-01T00:00:00Z", "title": "1 January 2026, 00:00:00 UTC"} in times


def test_a_card_alone_is_the_card_on_the_page(qms):
    qms.deliver(review(), escalated())
    visitor = Visitor(qms)
    for key in ("summary", *Widget):
        answer = visitor.get(f"/dashboard/operational/cards/{key}")
        if answer.status_code == 200:
            assert [one["data-card"] for one in Text(answer.text).having("data-card")] == [key]
    assert visitor.get("/dashboard/qa/cards/nonsense").status_code == 404
    assert Visitor(qms, role=None).get("/dashboard/qa/cards/summary").status_code == 401


# --- acting


@pytest.mark.parametrize(("act", "state"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_a_form_acts_on_an_alert_without_a_script(qms, act, state):
    qms.deliver(review(), escalated())
    lead = Visitor(qms)
    fields = {"csrf": lead.csrf(), "back": "/dashboard/qa?repository=acme%2Fshop"}
    answer = lead.post(f"/dashboard/alerts/alert-esc-1/{act}", fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/dashboard/qa?repository=acme%2Fshop&done={act}")
    assert state_of_alert(qms) == state
    assert "alert" in message(lead.get(answer.headers["Location"]).text)
    (audited,) = [one for one in qms.log(f"alert.{state}") if "action" in one]
    assert (audited["actor"], audited["role"]) == ("qa_lead", "qa_lead")


def test_doing_it_twice_is_refused_in_words(qms):
    qms.deliver(escalated())
    lead = Visitor(qms)
    fields = {"csrf": lead.csrf()}
    lead.post("/dashboard/alerts/alert-esc-1/acknowledge", fields)
    answer = lead.post("/dashboard/alerts/alert-esc-1/acknowledge", fields)
    assert answer.status_code == 409
    assert "is acknowledged by qa_lead" in message(answer.text)


def test_who_may_not_act_has_no_button_and_is_refused_in_words(qms):
    qms.deliver(escalated())
    developer = Visitor(qms, Role.DEVELOPER)
    html = developer.get("/dashboard/qa").text
    assert "Acknowledge" not in str(Text(html))
    assert "/config" not in html
    for path in ("/dashboard/alerts/alert-esc-1/acknowledge", "/dashboard/widgets/active_alerts/config"):
        answer = developer.post(path, {"csrf": developer.csrf()})
        assert answer.status_code == 403
        assert "needs the role QA lead or a higher one" in message(answer.text)
    assert state_of_alert(qms) == "active"
    assert [one["reason"] for one in qms.log("access.refused")] == ["forbidden", "forbidden"]


@pytest.mark.parametrize(
    ("fields", "origin"),
    [
        ({"back": "/"}, HOST), ({"csrf": "0" * 64}, HOST), ({"csrf": "REAL"}, "http://evil.example"),
        ({"csrf": "REAL"}, "null"), ({"csrf": "REAL"}, None), ({"csrf": "OTHERS"}, HOST), ({"csrf": "ünicode"}, HOST),
    ],
)  # fmt: skip
def test_a_forged_form_does_nothing_and_hears_why(qms, fields, origin):
    qms.deliver(escalated())
    lead = Visitor(qms)
    real, others = lead.csrf(), Visitor(qms, Role.ADMIN).csrf()
    sent = {name: {"REAL": real, "OTHERS": others}.get(value, value) for name, value in fields.items()}
    answer = lead.post("/dashboard/alerts/alert-esc-1/acknowledge", sent, origin=origin)
    assert answer.status_code == 403
    assert "Nothing was done" in message(answer.text)
    assert state_of_alert(qms) == "active"
    assert [one["reason"] for one in qms.log("access.refused")] == ["forged_form"]


def test_a_card_is_configured_for_everybody_and_nonsense_changes_nothing(qms):
    lead = Visitor(qms)
    path, csrf = "/dashboard/widgets/active_alerts/config", lead.csrf()
    good = {"csrf": csrf, "title": "<b>Alarms</b>", "limit": "7", "refresh_seconds": "3", "back": "/dashboard/qa"}
    assert lead.post(path, good).status_code == 303
    assert qms.write(lambda connection: stored_config(connection, Widget.ACTIVE_ALERTS)).limit == 7
    assert "<b>Alarms</b>" in str(Text(Visitor(qms, Role.DEVELOPER).get("/dashboard/qa").text))
    for wrong in ({"limit": "0"}, {"limit": "many"}, {"title": "x" * 121}, {"surprise": "1"}, {"limit": "\x00"}):
        answer = lead.post(path, {"csrf": csrf, **wrong})
        assert answer.status_code == 422, wrong
    assert qms.write(lambda connection: stored_config(connection, Widget.ACTIVE_ALERTS)).limit == 7
    assert lead.post("/dashboard/widgets/nonsense/config", {"csrf": csrf}).status_code == 404


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/dashboard/qa\r\nX: y", "/log-out", "javascript:x"]
)
def test_nobody_is_led_elsewhere(qms, back):
    qms.deliver(escalated())
    lead = Visitor(qms)
    answer = lead.post("/dashboard/alerts/alert-esc-1/acknowledge", {"csrf": lead.csrf(), "back": back})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413), (b"{}", "application/json", 415),
        ("csrf=ü".encode("latin-1"), "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % number for number in range(50)), "application/x-www-form-urlencoded", 400),
        (b"csrf=%ff", "application/x-www-form-urlencoded", 400),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(qms, content, kind, status):
    headers = {"Origin": HOST, "Content-Type": kind}
    answer = Visitor(qms).ask("POST", "/dashboard/alerts/a/acknowledge", content=content, headers=headers)
    assert answer.status_code == status
    assert message(answer.text)


def test_a_service_and_a_broken_session_are_nobody(qms):
    for token in (qms.context.tokens.for_service(Service.DASHBOARD), "rubbish", ""):
        visitor = Visitor(qms, role=None)
        visitor.cookies[SESSION_COOKIE] = token
        assert visitor.get("/").headers["Location"] == "/log-in"


def test_who_cannot_be_checked_is_told_so(qms):
    answer = Visitor(qms, role=None).post("/log-in", {"username": "ann", "password": "secret word"})
    assert answer.status_code == 503
    assert "the orchestration service, which knows the accounts, gives no answer" in message(answer.text)
    assert 'value="ann"' in answer.text
    assert "secret word" not in answer.text
    assert Visitor(qms, role=None).post("/log-in", {"username": "ann"}).status_code == 422
    assert (
        Visitor(qms, role=None).post("/log-in", {"username": "a", "password": "b"}, origin="http://x").status_code
        == 403
    )


def test_the_colours_are_chosen_without_a_script(qms):
    visitor = Visitor(qms)
    answer = visitor.post("/theme", {"theme": "dark", "back": "/dashboard/qa"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard/qa")
    visitor.cookies["qms_theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in visitor.get("/dashboard/qa").text
    visitor.cookies["qms_theme"] = '"><script>'
    assert '<html lang="en" data-theme="auto">' in visitor.get("/dashboard/qa").text
    assert visitor.post("/theme", {"theme": "pink"}).status_code == 422
