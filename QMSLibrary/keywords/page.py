"""Chapter page: the dashboard's web page, as somebody sees it in a browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from robot.api.deco import keyword

from QMSLibrary.checks.page import fits, gone, in_time, lacks, page_message, shows, state_shown
from QMSLibrary.contract import pages
from QMSLibrary.contract.dashboard import Alert, AlertState, View, Widget, WidgetConfig
from QMSLibrary.contract.escalations import Escalation, EscalationState
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow, WorkflowState
from QMSLibrary.formats.names import place_for

from .browser import Page
from .chapter import Chapter
from .errors import KeywordError
from .session import robot_variable

Colours = Literal["light", "dark"]
Act = Literal["Acknowledge", "Resolve", "Configure"]
TIMEOUT: Final = timedelta(seconds=5)
_GONE: Final = (AlertState.RESOLVED, EscalationState.RESOLVED, EscalationState.CLOSED)
"""What is in such a state is not on the page any more."""
_CARDS: Final = {pages.ALERT_MARK: Widget.ACTIVE_ALERTS, pages.ESCALATION_MARK: Widget.ESCALATIONS}
"""Where such a thing would be."""
_BUTTONS: Final = {"Acknowledge": "/acknowledge", "Resolve": "/resolve", "Configure": "/config"}


class PageKeywords(Chapter):
    """Keywords about the dashboard's page. Without the Browser library and Chromium the test is skipped."""

    @keyword
    def open_dashboard_page(
        self,
        *,
        as_role: Role = Role.DEVELOPER,
        view: View | None = None,
        repository: str | None = None,
        colours: Colours = "light",
        width: int = 1280,
        height: int = 900,
    ) -> str:
        """Opens the dashboard's page in a browser of its own and logs in. Returns the address.

        Without ``view`` it is the one that the role is led to; with ``repository`` only what belongs to it is shown.
        The keyword ends when the page is live. It is closed with the test (or the suite) that opened it. Where there is
        no Browser library or no Chromium the test is skipped with the reason.

        Example:
        | Open Dashboard Page    as_role=qa_lead    repository=acme/shop
        | Open Dashboard Page    as_role=manager    view=executive    colours=dark    width=360

        """
        connection = self.qms.connection
        account = connection.accounts.get(as_role)
        if account is None:
            raise KeywordError(f"The environment {connection.name} has no account for the role {as_role}.")
        root = connection.url(Service.DASHBOARD)
        page = Page()
        self.session.when_left(page.open(root + pages.LOG_IN, width=width, height=height, colours=colours))
        page.log_in(account.username, account.password)
        self.require(shows(page.look(selector="[data-view]", timeout=_ms(TIMEOUT)), "the page after the log-in"))
        path = pages.VIEW.format(view=view or pages.VIEW_OF_ROLE[as_role])
        address = root + path + (f"?repository={repository}" if repository else "")
        page.run("Go To", address)
        live = page.look(selector=f"[{pages.CONNECTION_MARK}=live]", timeout=_ms(TIMEOUT))
        self.require(shows(live, "the page's live connection"))
        page.watch()
        return address

    @keyword
    def page_should_show(self, text: str, *, card: str | None = None, timeout: timedelta = TIMEOUT) -> None:
        """Waits until the page shows the text, without a reload. ``card`` is ``summary`` or a widget.

        Example:
        | Page Should Show    missing tests    card=active_alerts

        """
        self._text(text, card, timeout, absent=False)

    @keyword
    def page_should_not_show(self, text: str, *, card: str | None = None, timeout: timedelta = TIMEOUT) -> None:
        """Waits until the text is gone from the page, if it was there. The card must be on the page.

        Example:
        | Page Should Not Show    missing tests    card=active_alerts

        """
        self._text(text, card, timeout, absent=True)

    def _text(self, text: str, card: str | None, timeout: timedelta, *, absent: bool) -> None:
        known = (pages.SUMMARY, *Widget)
        if card is not None and card not in known:
            raise KeywordError(f"There is no card {card!r}. There are: {', '.join(known)}.")
        selector = "main" if card is None else f"[{pages.CARD_MARK}={card}]"
        seen = Page().look(selector=selector, text=text, absent=absent, timeout=_ms(timeout))
        where = "the page" if card is None else f"the card {card}"
        if absent:
            self.require(lacks(seen, f"{where} without {text!r}", card))
        else:
            self.require(shows(seen, f"{where} with {text!r}"))

    @keyword
    def page_should_show_workflow(
        self, state: WorkflowState, *, workflow: Workflow | str | None = None, timeout: timedelta = TIMEOUT
    ) -> None:
        """Waits until the page shows the review in this state.

        Example:
        | Page Should Show Workflow    COMPLETED

        """
        self._state(pages.WORKFLOW_MARK, self.session.workflow_id(workflow), state, "review", timeout)

    @keyword
    def page_should_show_alert(
        self, state: AlertState, *, alert: Alert | Escalation | str, timeout: timedelta = TIMEOUT
    ) -> None:
        """Waits until the page shows the alert in this state. A resolved one is not shown any more.

        ``alert`` is an alert, its id, or the escalation behind it.

        Example:
        | ${escalation} =    Escalation Should Exist    L3_STANDARD
        | Page Should Show Alert    active    alert=${escalation}

        """
        found = self._alert(alert)
        self._state(pages.ALERT_MARK, found.id, state, "alert", timeout)
        if state is AlertState.RESOLVED:
            self.require(gone(f"alert {found.id}", state, self._alert(found.id, found).state, Service.DASHBOARD))

    @keyword
    def page_should_show_escalation(
        self, state: EscalationState, *, escalation: Escalation | str, timeout: timedelta = TIMEOUT
    ) -> None:
        """Waits until the page shows the escalation in this state. A resolved one is not shown any more.

        Example:
        | Page Should Show Escalation    acknowledged    escalation=${escalation}

        """
        wanted = escalation if isinstance(escalation, str) else escalation.id
        self._escalation_state(wanted, state, timeout)

    def _escalation_state(self, key: str, state: EscalationState, timeout: timedelta) -> Escalation:
        """Waits until the page shows it so. Returns what the service says of it."""
        self._state(pages.ESCALATION_MARK, key, state, "escalation", timeout)
        now = self.qms.escalation.escalation(key, role=Role.DEVELOPER)
        if state in _GONE:
            self.require(gone(f"escalation {key}", state, now.state, Service.ESCALATION))
        return now

    def _state(self, mark: str, key: str, state: str, what: str, timeout: timedelta) -> None:
        absent = state in _GONE
        one = f"[{mark}={_quoted(key)}]"
        selector = one if absent else f"{one}[{pages.STATE_MARK}={_quoted(state)}]"
        seen = Page().look(selector=selector, absent=absent, timeout=_ms(timeout))
        if absent and seen["holds"]:
            self.require(lacks(seen, f"the page without the {what} {key}", _CARDS[mark]))
        now = seen if seen["holds"] else Page().look(selector=one)
        self.require(state_shown(f"{what} {key}", state, bool(seen["holds"]), now))

    @keyword
    def acknowledge_alert_on_page(self, alert: Alert | Escalation | str, *, timeout: timedelta = TIMEOUT) -> None:
        """Presses *Acknowledge* at the alert, and waits until the page says that it is done.

        Example:
        | Acknowledge Alert On Page    ${escalation}

        """
        self._press(self._alert(alert), "Acknowledge", timeout)

    @keyword
    def resolve_alert_on_page(self, alert: Alert | Escalation | str, *, timeout: timedelta = TIMEOUT) -> None:
        """Presses *Resolve* at the alert, and waits until the page says that it is done.

        Example:
        | Resolve Alert On Page    ${escalation}

        """
        self._press(self._alert(alert), "Resolve", timeout)

    def _press(self, alert: Alert, act: str, timeout: timedelta) -> None:
        page, button = Page(), f"[{pages.ALERT_MARK}={_quoted(alert.id)}] form[action$='{_BUTTONS[act]}'] button"
        what = f"the button {act} at the alert {alert.title!r}"
        self.require(shows(page.look(selector=button, timeout=_ms(timeout)), what))
        page.forget_messages()
        page.click(button)
        self._said(page, what, timeout)

    @keyword
    def configure_card_on_page(
        self, card: Widget, *, title: str | None = None, limit: int | None = None, timeout: timedelta = TIMEOUT
    ) -> None:
        """Changes how a card is shown, for everybody: its title, up to 120 characters, and how many rows it has at
        most, 1 to 1000.

        Example:
        | Configure Card On Page    active_alerts    title=Alarms    limit=20

        """
        given = {"title": title, "limit": limit}
        # The form on the page takes nothing else, and the browser does not send it then.
        WidgetConfig.model_validate({name: value for name, value in given.items() if value is not None})
        page, settings = Page(), f"[{pages.CARD_MARK}={card}] .settings"
        form = f"{settings} form[action$='{_BUTTONS['Configure']}']"
        there = page.look(selector=settings, timeout=_ms(timeout))
        if card not in there["cards"]:
            self.require(lacks(there, f"the card {card} with its settings", card))
        self.require(shows(there, f"the card {card} with its settings, for whoever may change them"))
        if page.look(selector=f"{settings}:not([open])")["holds"]:
            page.click(f"{settings} summary")
        if title is not None:
            page.fill(f"{form} [name=title]", title)
        if limit is not None:
            page.fill(f"{form} [name=limit]", str(limit))
        page.forget_messages()
        page.click(f"{form} button")
        self._said(page, f"the settings of the card {card}", timeout)

    def _said(self, page: Page, what: str, timeout: timedelta) -> None:
        self.require(page_message(what, page.look(selector=f"[{pages.MESSAGE_MARK}]", timeout=_ms(timeout))))

    @keyword
    def page_should_offer(self, act: Act, *, timeout: timedelta = TIMEOUT) -> None:
        """There is something on the page with which whoever is logged in can do this.

        Example:
        | Page Should Offer    Acknowledge

        """
        self._offer(act, timeout, absent=False)

    @keyword
    def page_should_not_offer(self, act: Act, *, timeout: timedelta = TIMEOUT) -> None:
        """There is nothing on the page with which whoever is logged in could do this, though there is something to do
        it to: for ``Acknowledge`` an active alert is shown, for ``Resolve`` any.

        Example:
        | Page Should Not Offer    Acknowledge

        """
        self._offer(act, timeout, absent=True)

    def _offer(self, act: Act, timeout: timedelta, *, absent: bool) -> None:
        selector = f"form[action$='{_BUTTONS[act]}']"
        if act == "Configure":
            selector = f".settings:has({selector})"
        seen = Page().look(selector=selector, absent=absent, timeout=_ms(timeout))
        if not absent:
            self.require(shows(seen, f"the page with a way to {act.lower()}"))
            return
        missing = {
            "Acknowledge": "no active alert is shown, so nobody could be offered to acknowledge one",
            "Resolve": "no alert is shown, so nobody could be offered to resolve one",
        }.get(act, "")
        enough = AlertState.ACTIVE in seen["alerts"] if act == "Acknowledge" else bool(seen["alerts"])
        self.require(lacks(seen, f"the page without a way to {act.lower()}", needs="" if enough else missing))

    @keyword
    def page_should_have_shown_in_time(
        self,
        state: EscalationState,
        *,
        escalation: Escalation | str,
        within: timedelta = timedelta(milliseconds=200),
        timeout: timedelta = TIMEOUT,
    ) -> timedelta:
        """Waits until the page shows the escalation in this state, and checks how long after the change that was.

        Measured from the time that the escalation service gives for the change to the frame of the browser that shows
        it, without a reload. Returns how long it took.

        Example:
        | Acknowledge Escalation    ${escalation}
        | Page Should Have Shown In Time    acknowledged    escalation=${escalation}    within=200 ms

        """
        key = escalation if isinstance(escalation, str) else escalation.id
        now = self._escalation_state(key, state, timeout)
        changed = {
            EscalationState.ACTIVE: now.triggered_at,
            EscalationState.ACKNOWLEDGED: now.acknowledged_at,
        }.get(state, now.resolved_at)
        name = f"{pages.ESCALATION_MARK}|{key}|{'' if state in _GONE else state}"
        ahead = self.qms.escalation.clock(role=Role.DEVELOPER).offset_seconds
        verdict, took = in_time(f"escalation {key} as {state}", changed, Page().seen().get(name), ahead, within)
        self.require(verdict)
        return took

    @keyword
    def page_should_fit(self, width: int, *, height: int = 800) -> None:
        """The page needs no scrolling to the side in a window of this width, 100 to 10000 pixels. The window keeps the
        size.

        Example:
        | Page Should Fit    360

        """
        page = Page()
        page.resize(width, height)
        self.require(fits(page.look(selector="main"), width, page.overflow()))

    @keyword
    def take_dashboard_screenshot(
        self,
        name: str,
        *,
        colours: Colours | None = None,
        width: int | None = None,
        height: int = 900,
        full_page: bool = True,
        folder: str | None = None,
    ) -> Path:
        """Takes a picture of the page as it is. Returns where it is: ``name``.png in the folder of the results,
        or in ``folder``, which is inside it unless it is a full path. A name that leads out of it is refused.

        Example:
        | Take Dashboard Screenshot    executive-dark    colours=dark
        | Take Dashboard Screenshot    executive-narrow    width=360    height=800

        """
        results = Path(robot_variable("OUTPUT_DIR") or ".")
        # A folder that is a full path is the tester's own choice.
        own = folder is not None and Path(folder).is_absolute()
        inside = results if folder is None else place_for(folder.rstrip("/"), "", results) if not own else Path(folder)
        place = place_for(name, ".png", inside)
        page = Page()
        if colours is not None:
            page.colours(colours)
        if width is not None:
            page.resize(width, height)
        page.screenshot(place, full=full_page)
        self.say(f"The picture is {place}.")
        return place

    def _alert(self, alert: Alert | Escalation | str, about: Alert | None = None) -> Alert:
        if isinstance(alert, Alert):
            return alert
        workflow_id = alert.workflow_id if isinstance(alert, Escalation) else about.workflow_id if about else None
        wanted = alert if isinstance(alert, str) else alert.id
        known = self.qms.dashboard.alerts(role=Role.DEVELOPER, workflow_id=workflow_id)
        for one in known:
            if wanted in (one.id, one.escalation_id):
                return one
        raise KeywordError(
            f"The dashboard knows no alert {wanted!r}, and none for an escalation with this id. It knows {len(known)}."
        )


def _ms(time: timedelta) -> int:
    return round(time.total_seconds() * 1000)


def _quoted(text: str) -> str:
    """A value in a CSS selector."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
