"""Verdicts about the dashboard: what it shows, held against the events behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from QMSLibrary.contract.dashboard import Period, Widget, WidgetData
from QMSLibrary.contract.events import Event
from QMSLibrary.contract.services import Service

from .asked import Asked
from .tally import TALLIES, failed_at
from .verdict import Verdict

SHOWN: Final = 6
"""Differences that a message tells."""
_TOLERANCE: Final = 0.0101
"""The dashboard rounds shares, means and scores to two digits or more."""
_KEYS: Final = ("agent_id", "begins", "decision_id", "escalation_id", "workflow_id")
LOOK_AT: Final = (
    "whether the dashboard got the events (`Get Dead Letters    dashboard`, its health, its log); whether "
    "`Start Recording Events` came before the first act in this repository"
)


def agrees(widget: Widget, shown: WidgetData, events: Sequence[Event], repository: str) -> Verdict:
    """A widget shows what the events of the repository add up to."""
    expected = TALLIES[widget](events, shown.config.period or Period.DAY)
    wrong = differences(expected, shown.data, shown.config.limit)
    more = f"\n  and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return Verdict(
        title=f"The widget {widget} for {repository}",
        passed=not wrong,
        expected=f"what {len(events)} events of this repository add up to",
        actual=f"it shows what {len(events)} events add up to"
        if not wrong
        else f"{len(wrong)} difference{'s' if len(wrong) > 1 else ''}:"
        + "".join(f"\n  {one}" for one in wrong[:SHOWN])
        + more,
        blame=None if not wrong else Service.DASHBOARD,
        look_at="" if not wrong else LOOK_AT,
    )


def differences(expected: Mapping[str, Any], shown: Mapping[str, Any], limit: int, where: str = "") -> list[str]:
    """In words, what is shown otherwise than expected. Of each list only ``limit`` things are shown."""
    wrong: list[str] = []
    for name, wanted in expected.items():
        place = f"{where}{name}"
        if name not in shown:
            wrong.append(f"{place}: {_told(wanted)} by the events, and not shown")
        elif isinstance(wanted, Mapping):
            wrong += _inside(wanted, shown[name], limit, place)
        elif not _same(wanted, shown[name]):
            wrong.append(f"{place}: {_told(wanted)} by the events, {_told(shown[name])} shown")
    return wrong


def _inside(wanted: Mapping[str, Any], shown: Any, limit: int, place: str) -> list[str]:
    seen = _keyed(shown)
    if seen is None:
        return [f"{place}: {_told(wanted)} by the events, {_told(shown)} shown"]
    if not isinstance(shown, list):
        extra = {name: 0 for name, one in seen.items() if name not in wanted and isinstance(one, int)}
        return differences({**wanted, **extra} if _counts(wanted) else wanted, seen, limit, f"{place}.")
    if len(shown) >= limit:  # the others are there, and not shown
        wanted = {key: one for key, one in wanted.items() if key in seen}
    wrong = differences(wanted, seen, limit, f"{place} of ")
    for key in seen.keys() - wanted.keys():
        # An agent that has done nothing here may be shown; whatever has happened must be known from events.
        if any(seen[key].get(name) for name in _DONE) or not any(name in seen[key] for name in _DONE):
            wrong.append(f"{place}: {key} is shown, and no event has told of it")
    return wrong


_DONE: Final = ("assigned", "completed", "decisions")


def _counts(wanted: Mapping[str, Any]) -> bool:
    """Whether it counts things by a name, so that a name that is not in it has none."""
    return all(isinstance(one, int) for one in wanted.values())


def _keyed(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping):
        return value
    if not _is_list(value) or not all(isinstance(one, Mapping) for one in value):
        return None
    return {_name(one, number): one for number, one in enumerate(value)}


def _name(one: Mapping[str, Any], number: int) -> str:
    if one.get("failed") is True:
        return failed_at(one.get("workflow_id"), one.get("decided_at"))
    return str(next((one[key] for key in _KEYS if one.get(key) is not None), number))


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _same(wanted: Any, shown: Any) -> bool:
    if isinstance(wanted, float) and isinstance(shown, int | float):
        return abs(wanted - shown) <= _TOLERANCE
    return bool(wanted == shown)


def _told(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(one)}" for name, one in value.items())[:120] or "nothing"
    return f"{value:g}" if isinstance(value, float) else str(value)[:120]


def of_widget(shown: WidgetData, field: str, repository: str | None) -> Asked:
    """A field of a widget: the dashboard answers for it."""
    return Asked(
        what=f"{field} of the widget {shown.widget} for {repository or 'all repositories'}",
        blame=Service.DASHBOARD,
        look_at="whether the dashboard got the other services' events (`Get Dead Letters    dashboard`, its health, "
        "its log)",
    )
