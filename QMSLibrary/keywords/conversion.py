"""Arguments as testers write them become what keywords take; what cannot is answered in words.

Robot would convert them by itself, but its answers name our classes, list the names of enumeration members where a
tester types their values, and repeat a whole object when a wrong one is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from assertionengine import AssertionOperator
from robot.api import TypeInfo

from QMSLibrary.client.live import LiveWatch
from QMSLibrary.contract.dashboard import Alert
from QMSLibrary.contract.escalations import Escalation
from QMSLibrary.contract.events import DeadLetter, Event
from QMSLibrary.contract.live import LiveUpdate
from QMSLibrary.contract.model import Model, noun
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.routing import Agent
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.formats.names import did_you_mean

from .errors import KeywordError
from .types import CONVERTERS, yes_or_no
from .words import a_thing, article

MAKERS: Final[dict[type, str]] = {
    PullRequest: "Create Pull Request",
    Workflow: "Trigger Workflow",
    Event: "Get Recorded Events",
    DeadLetter: "Get Dead Letters",
    Escalation: "Escalation Should Exist",
    Agent: "Start Agents",
    Alert: "Raise Alert",
    LiveUpdate: "Wait For Live Update",
}
"""The keyword that returns such a thing."""


def convert(name: str, hint: Any, value: Any) -> Any:
    """``value`` as the argument ``name``, whose type is ``hint``. Raises KeywordError that names the argument."""
    try:
        return _converted(name, hint, value)
    except KeywordError:
        raise
    except ValueError as error:
        raise KeywordError(f"{name}: {error}") from None


def _converted(name: str, hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _one_of(name, get_args(hint), value)
    if origin is Literal:
        return _chosen(name.replace("_", " "), {str(one): one for one in get_args(hint)}, value)
    if origin is list or hint is list:
        return _listed(name, next(iter(get_args(hint)), Any), value)
    if hint is Any or not isinstance(hint, type):
        return value
    if isinstance(value, hint) and hint not in (int, float, timedelta):
        return value
    if issubclass(hint, Model):
        raise ValueError(f"expected {_wanted(hint)}, and got {a_thing(value)}.")
    if hint in CONVERTERS:
        # What only a keyword makes cannot be typed, so there is no text to be made of what was given instead.
        return CONVERTERS[hint](value if hint is LiveWatch else _text(value))
    if issubclass(hint, Enum):
        return _chosen(noun(hint), {_typed(one): one for one in hint} | dict(hint.__members__), value)
    return _SIMPLE[hint](value) if hint in _SIMPLE else value


def _one_of(name: str, hints: tuple[Any, ...], value: Any) -> Any:
    kinds = [one for one in hints if one is not NoneType]
    none = value is None or (isinstance(value, str) and str not in kinds and value.strip().lower() == "none")
    if none and NoneType in hints:
        return None
    if any(isinstance(one, type) and one is not timedelta and isinstance(value, one) for one in kinds):
        return value
    errors = []
    for kind in kinds:
        try:
            return _converted(name, kind, value)
        except ValueError as error:
            errors.append(error)
    things = [_wanted(one) for one in kinds if isinstance(one, type) and issubclass(one, Model)]
    if not things:
        raise errors[0]
    text = ["its id"] if str in kinds else []
    raise ValueError(f"expected {' or '.join([*things, *text])}, and got {a_thing(value)}.")


def _listed(name: str, kind: Any, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        what = "texts" if kind is str else f"{noun(kind)}s" if kind is not Any else "things"
        raise ValueError(f"expected a list of {what}, and got {a_thing(value)}.")
    return [convert(f"item {number} of {name}", kind, one) for number, one in enumerate(value, 1)]


def _chosen(what: str, known: Mapping[str, Any], value: Any) -> Any:
    def plain(text: object) -> str:
        return str(text).lower().replace(" ", "").replace("_", "").replace("-", "")

    wanted = _typed(value)
    spelled = {plain(name): found for name, found in known.items()}
    if plain(wanted) in spelled:
        return spelled[plain(wanted)]
    names = list(dict.fromkeys(_typed(one) for one in known.values()))
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected {article(what)}, and got {a_thing(value)}. There are: {', '.join(names)}.")
    raise ValueError(f"there is no {what} {wanted[:80]!r}.{did_you_mean(wanted, names)} There are: {', '.join(names)}.")


def _typed(choice: Any) -> str:
    """A choice as a tester types it."""
    return "matches" if choice is AssertionOperator["matches"] else str(getattr(choice, "value", choice))


def _wanted(kind: type) -> str:
    maker = MAKERS.get(kind)
    return f"the {noun(kind)}" + (f" that `{maker}` returned" if maker else "")


def _text(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str | int | float | Path):
        return str(value)
    raise ValueError(f"expected a text, and got {a_thing(value)}.")


def _whole(value: Any) -> int:
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return int(TypeInfo.from_type(int).convert(value))
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{a_thing(value)} is no whole number.")


def _number(value: Any) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{a_thing(value)} is no number.")
    return number


def _time(value: Any) -> timedelta:
    try:
        time = value if isinstance(value, timedelta) else TypeInfo.from_type(timedelta).convert(value)
    except OverflowError:
        raise ValueError(f"{a_thing(value)} is too long a time.") from None
    except ValueError:
        raise ValueError(f"{a_thing(value)} is no time. Write 4 hours, 30 seconds or 500 ms.") from None
    if time < timedelta(0):
        raise ValueError(f"{a_thing(value)} is less than no time. Time does not run backwards: give 0 or more.")
    return time


def _moment(value: Any) -> datetime:
    try:
        return TypeInfo.from_type(datetime).convert(value)  # type: ignore[no-any-return]
    except (ValueError, OverflowError):
        raise ValueError(f"{a_thing(value)} is no date and time. Write 2026-01-31 12:00:00.") from None


def _path(value: Any) -> Path:
    if not (text := _text(value)):
        raise ValueError("the path is empty.")
    return Path(text)


def _bytes(value: Any) -> bytes:
    raise ValueError(f"expected bytes, and got {a_thing(value)}.")


_SIMPLE: Final[dict[type, Callable[[Any], Any]]] = {
    str: _text,
    bytes: _bytes,
    bool: yes_or_no,
    int: _whole,
    float: _number,
    timedelta: _time,
    datetime: _moment,
    Path: _path,
}
