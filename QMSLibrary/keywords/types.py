"""Types of arguments that Robot does not know by itself, and how a tester writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from QMSLibrary.checks.steps import ExpectedFinding
from QMSLibrary.client.live import LiveWatch
from QMSLibrary.contract.events import Event, EventType
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.steps import Severity
from QMSLibrary.formats.names import did_you_mean

from .words import a_thing


class EventName(str):
    """The type of an event, such as ``workflow.started``."""

    __slots__ = ()


class Share(float):
    """A part of the whole, 0..1, written as ``95 %``, ``95%`` or ``0.95``."""

    __slots__ = ()


class Count(int):
    """How many, 0 or more."""

    __slots__ = ()


def count(value: int | str) -> Count:
    """How many, 0 or more."""
    text = str(value).strip()
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no count. Write 0, 1, 2 or more.")
    return Count(text)


def percent(value: float | str) -> Share:
    """A share, 0..1, written as ``95 %``, ``95%`` or ``0.95``."""
    text = str(value).strip()
    try:
        number = float(text.removesuffix("%").strip())
    except ValueError:
        raise ValueError(f"{text!r} is no share. Write 95 % or 0.95.") from None
    share = number / 100 if text.endswith("%") else number
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is not between 0 % and 100 %. Write 95 % or 0.95.")
    return Share(share)


def event_name(value: str) -> EventName:
    """An event type of the contract, such as ``workflow.started``."""
    name = value.strip().lower()
    if name not in set(EventType):
        # All of them would be a page: those that begin alike, or how they begin.
        kind = name.partition(".")[0]
        alike = [one for one in EventType if one.startswith(f"{kind}.")]
        kinds = dict.fromkeys(one.partition(".")[0] for one in EventType)
        there = f"There are: {', '.join(alike)}." if alike else f"They begin with: {', '.join(kinds)}."
        raise ValueError(f"there is no event type {value!r}.{did_you_mean(name, EventType)} {there}")
    return EventName(name)


def finding(value: str) -> ExpectedFinding:
    """A finding as ``sql_injection:high``, or ``sql_injection`` for any severity; ``xss_vulnerability`` is ``xss``."""
    name, _, severity = (part.strip().lower().replace(" ", "_") for part in value.partition(":"))
    if not name:
        raise ValueError(f"{value!r} names no finding. Write sql_injection:high.")
    name = {"xss_vulnerability": "xss"}.get(name, name)
    if not severity:
        return ExpectedFinding(name)
    try:
        return ExpectedFinding(name, Severity(severity))
    except ValueError:
        raise ValueError(f"there is no severity {severity!r}. There are: {', '.join(Severity)}.") from None


def yes_or_no(value: object) -> bool:
    """``True`` or ``False``, for what Robot hands on as it is: any other word, which would count as yes."""
    text = str(value).strip().lower()
    if text in ("true", "yes", "on", "1"):
        return True
    if text in ("false", "no", "off", "0"):
        return False
    raise ValueError(f"{a_thing(value)} is neither yes nor no. Write True or False.")


def _only(kind: type, maker: str) -> Callable[[Any], Any]:
    def convert(value: object) -> Any:
        raise ValueError(f"Expected what {maker} returned.")

    convert.__doc__ = f"What {maker} returned."
    return convert


CONVERTERS: Final[dict[type, Callable[[Any], Any]]] = {
    EventName: event_name,
    Share: percent,
    Count: count,
    ExpectedFinding: finding,
    PullRequest: _only(PullRequest, "`Create Pull Request`"),
    Event: _only(Event, "`Get Recorded Events`"),
    LiveWatch: _only(LiveWatch, "`Open Live Dashboard`"),
}


def names(value: list[str] | str | None) -> list[str]:
    """A list the way a tester types it: ``a, b`` or a Robot list."""
    if value is None:
        return []
    parts = value.split(",") if isinstance(value, str) else [str(one) for one in value]
    return [part.strip() for part in parts if part.strip()]
