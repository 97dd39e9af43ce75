"""Verdicts about the dashboard's page: what a browser saw of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from QMSLibrary.contract.services import Service

from .verdict import Verdict, listed

_WHERE: Final = "the screenshot and the messages in this log, and the dashboard's log"
_CONNECTIONS: Final = {
    "live": "the page is live",
    "lost": "the page has lost its live connection",
    "connecting": "the page is still connecting to the live stream",
    "off": "the page's script does not run",
}


def shows(seen: Mapping[str, Any], what: str) -> Verdict:
    """Whether the page is as wanted: ``what`` in words."""
    return Verdict(
        title=f"The dashboard's page at {seen['address']}",
        passed=bool(seen["holds"]),
        expected=f"{what}",
        actual=f"{what}" if seen["holds"] else _state_of(seen),
        blame=None if seen["holds"] else Service.DASHBOARD,
        look_at=_WHERE,
    )


def lacks(seen: Mapping[str, Any], what: str, card: str | None = None, needs: str = "") -> Verdict:
    """Whether something is not on the page, where it could be: ``what`` in words.

    ``card`` is the one that it would be on; ``needs`` says what must be there for it to be shown, when that is missing.
    A page that could not show it does not prove that it is gone.
    """
    fault = ""
    if not seen["view"]:
        fault = "the browser shows no view of the dashboard: `Open Dashboard Page` comes before this keyword"
    elif card is not None and card not in seen["cards"]:
        fault = f"the view {seen['view']} has no card {card}; it has: {listed(seen['cards'])}"
    elif needs:
        fault = needs
    verdict = shows(seen, what)
    if not fault:
        return verdict
    return Verdict(
        title=verdict.title,
        passed=False,
        expected=f"{what}, where it could be seen",
        actual=fault,
        look_at="the test itself, and the screenshot in this log",
    )


def gone(thing: str, state: str, now: str, service: Service) -> Verdict:
    """Whether a thing that is not on the page any more is gone for the right reason: the service says so, too."""
    return Verdict(
        title=f"The {thing} on the dashboard's page",
        passed=now == state,
        expected=f"{state}, and therefore not on the page",
        actual=state if now == state else f"it is not on the page, but the {service} service says that it is {now}",
        blame=None if now == state else Service.DASHBOARD,
        look_at="" if now == state else f"what the page is of (its view and repository), and {_WHERE}",
    )


def state_shown(thing: str, state: str, holds: bool, now: Mapping[str, Any]) -> Verdict:
    """Whether a thing is on the page in a state; ``now`` is what there is of it."""
    states = listed(now["states"], none="it is not on the page")
    return Verdict(
        title=f"The {thing} on the dashboard's page",
        passed=holds,
        expected=state,
        actual=state if holds else f"{states} ({_state_of(now)})",
        blame=None if holds else Service.DASHBOARD,
        look_at=_WHERE,
    )


def fits(seen: Mapping[str, Any], width: int, overflow: int) -> Verdict:
    """Whether the page is no wider than the window; ``overflow`` in pixels."""
    passed = bool(seen["holds"]) and overflow <= 0
    return Verdict(
        title=f"The dashboard's page at {seen['address']} in a window of {width} pixels",
        passed=passed,
        expected="everything is within the window",
        actual="everything is within the window" if passed else f"{overflow} pixels are outside; {_state_of(seen)}",
        blame=None if passed else Service.DASHBOARD,
        look_at=_WHERE,
    )


def page_message(act: str, seen: Mapping[str, Any]) -> Verdict:
    """Whether the page said that something that somebody did there is done."""
    done = bool(seen["holds"]) and not seen["refused"]
    return Verdict(
        title=f"What was done on the dashboard's page, {act}",
        passed=done,
        expected="the page says that it is done",
        actual=listed(seen["messages"]) if done else _state_of(seen),
        blame=None if done else Service.DASHBOARD,
        look_at=_WHERE,
    )


def in_time(
    thing: str, changed: datetime | None, shown: float | None, ahead: float, within: timedelta
) -> tuple[Verdict, timedelta]:
    """Whether the page showed a change soon enough.

    ``changed`` is by the QMS's clock, which is ``ahead`` seconds of the machine's; ``shown`` is in milliseconds since
    1970 by the browser, which runs on this machine.
    """
    title = f"How soon the page showed the {thing}"
    if changed is None or shown is None:
        what = "when it changed is not known" if changed is None else "the page showed it before it was watched"
        return _late(title, within, what), timedelta(0)
    took = timedelta(seconds=shown / 1000 - (changed.timestamp() - ahead))
    if took > within:
        return _late(title, within, f"{_milliseconds(took)} after it"), took
    return Verdict(title=title, passed=True, expected="", actual=f"{_milliseconds(took)} after the change"), took


def _late(title: str, within: timedelta, actual: str) -> Verdict:
    return Verdict(
        title=title,
        passed=False,
        expected=f"at most {_milliseconds(within)} after the change",
        actual=actual,
        blame=Service.DASHBOARD,
        look_at="how long the event was under way (`Get Recorded Events`), and how busy this machine is",
    )


def _milliseconds(time: timedelta) -> str:
    return f"{time.total_seconds() * 1000:.0f} ms"


def _state_of(seen: Mapping[str, Any]) -> str:
    parts = [_CONNECTIONS.get(seen["connection"], "a page that is not the dashboard's")]
    if seen["messages"]:
        parts.append(f"it says: {listed(seen['messages'])}")
    if seen["texts"]:
        parts.append(f"there is: {listed(repr(text) for text in seen['texts'])}")
    return "; ".join(parts)
