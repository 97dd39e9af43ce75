"""Reads a scenario. All of it is checked before anything is done; an error says where and what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from QMSLibrary.formats.names import did_you_mean
from QMSLibrary.formats.yaml_file import Place, Reader, Steps, Values, dotted

from . import checking
from .errors import ScenarioError
from .finding import find
from .model import MAIN, Scenario
from .wishes import SHARED, PullRequestWishes

MOST_TOLD: Final = 10
_EXPECTED: Final = {
    "string_type": "a text (one that looks like something else is written in quotes)",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping (`name: value` lines)",
    "model_type": "a mapping (`name: value` lines)",
    "string_too_short": "a text that is not empty",
    "string_pattern_mismatch": "a name of small letters, digits and underscores that begins with a letter",
    "union": "a text, a number, true or false",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario with its file, so that a message can say where a part stands."""

    id: str
    """The file's name without its suffix: what it is asked for by."""
    path: Path
    scenario: Scenario
    values: Values = field(repr=False)
    outside: Mapping[str, Place]
    """Variables that neither the scenario nor its counters set: whoever runs it has to have them."""

    @property
    def title(self) -> str:
        """In words."""
        return self.scenario.name or self.id.replace("_", " ")

    def line(self, steps: Steps) -> str:
        """``resources/scenarios/x.yaml:31``, as editors and terminals open it."""
        return f"{shown(self.path)}:{self.values.place(steps, of_key=True).line}"


class _Reader(Reader):
    def __init__(self, path: Path) -> None:
        super().__init__(shown(path), ScenarioError)

    def spelled(self, place: Place) -> str:
        return f"line {place.line} column {place.column}"


def load(name_or_file: str, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """The scenario with this name, or in this file; ``overrides`` replace wishes of the pull request, and variables.

    Raises ScenarioError.
    """
    return read(find(name_or_file), overrides)


def read(path: Path, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """The scenario in a file."""
    reader = _Reader(path)
    root = reader.compose()
    if root is None:
        reader.fail(Place(), "got nothing; expected a mapping with `description:` and `steps:`.")
    values = reader.values(root)
    if not isinstance(values.value, dict):
        reader.refuse(root, "", "a list" if isinstance(values.value, list) else repr(values.value), "a mapping")
    given = _override(path.stem, values, overrides or {})
    _share(values.value)
    problems: list[_Problem] = []
    try:
        scenario = Scenario.model_validate(values.value)
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors(include_url=False)]
        _tell(reader, values, given, problems)
    found, outside = checking.look(scenario, values)
    _tell(reader, values, given, [_Problem(*one) for one in found])
    return Loaded(path.stem, path, scenario, values, outside)


@dataclass(frozen=True, slots=True)
class _Problem:
    steps: Steps
    text: str
    of_key: bool = False


def _problem(error: Any) -> _Problem:
    """Pydantic's error in our words."""
    loc: list[str | int] = []
    for one in error["loc"]:
        if one not in loc[-1:] and one not in ("[key]", "str", "int", "float", "bool"):
            loc.append(one)
    context = error.get("ctx", {})
    of_key = error["loc"][-1:] == ("[key]",)
    got = "nothing" if error["type"] == "missing" else _shown(error["input"])
    if error["type"] == "scenario":
        if context["key"]:
            loc, of_key = [*loc, context["key"]], context["of_key"]
        got = context["got"] or got
        if not context["expected"]:
            return _Problem(tuple(loc), got)
        hint = did_you_mean(context["word"] or (context["key"] if of_key else str(error["input"])), context["known"])
        if of_key and " " in context["key"]:
            hint = " A text with a comma in { } is written in quotes."
        return _Problem(tuple(loc), f"got {got}; expected {context['expected']}.{hint}", of_key)
    return _Problem(tuple(loc), f"got {got}; expected {_expected(error, context)}.", of_key)


def _expected(error: Any, context: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind == "missing":
        return f"`{error['loc'][-1]}:` with its value"
    bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for name, words in bounds.items():
        if name in context:
            return f"{words} {context[name]}"
    if kind == "too_short":
        return f"at least {context['min_length']} of them"
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    return str(error["msg"]).replace("Input should be ", "")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "an empty list" if not value else "a list"
    return ("true" if value else "false") if isinstance(value, bool) else f"{value!r:.80}"


def _tell(reader: _Reader, values: Values, given: Mapping[Steps, str], problems: list[_Problem]) -> None:
    """Raise the error for what is wrong, the first place first; return when nothing is."""
    lines: dict[str, tuple[int, int]] = {}
    for one in problems:
        override = next((words for steps, words in given.items() if one.steps[: len(steps)] == steps), None)
        place = values.place(one.steps, of_key=one.of_key)
        where = f"{reader.path} {reader.spelled(place)}" if override is None else f"`Run Scenario` with {override}"
        lines.setdefault(f"{where}: {_key(one.steps)}{one.text}", (place.line, place.column))
    if not lines:
        return
    told = [text for text, _ in sorted(lines.items(), key=lambda item: item[1])]
    more = [f"… and {len(told) - MOST_TOLD} more."] if len(told) > MOST_TOLD else []
    raise ScenarioError("\n".join([*told[:MOST_TOLD], *more]))


def _key(steps: Steps) -> str:
    return f"{dotted(steps)}: " if steps else ""


def _override(scenario: str, values: Values, overrides: Mapping[str, Any]) -> dict[Steps, str]:
    """Put the overrides where the file would have them; what was given, by where it went."""
    given: dict[Steps, str] = {}
    content = values.value
    variables = content.get("variables") if isinstance(content.get("variables"), dict) else {}
    others = content.get("pull_requests") if isinstance(content.get("pull_requests"), dict) else {}
    wishes = list(PullRequestWishes.model_fields)
    known = [*wishes, *variables, *(f"{name}.{wish}" for name in others for wish in wishes)]
    for name, value in overrides.items():
        pull_request, _, wish = name.rpartition(".")
        if name not in known and not (pull_request == MAIN and wish in wishes):
            raise ScenarioError(
                f"`Run Scenario` with {name}={value!s:.60}: the scenario {scenario} has no {name!r}."
                f"{did_you_mean(name, known)} It has: {', '.join([*variables, *wishes])}"
                f"{'; and the same for ' + ', '.join(f'{one}.…' for one in others) if others else ''}."
            )
        if name in variables:
            steps: Steps = ("variables", name)
        else:
            steps = ("pull_requests", pull_request, wish) if pull_request not in ("", MAIN) else ("pull_request", wish)
        target = content
        for step in steps[:-1]:
            if not isinstance(target.get(step), dict):
                target[step] = {}
            target = target[step]
        target[steps[-1]] = _plain(value)
        given[steps] = f"{name}={value!s:.60}"
    return given


def _plain(value: Any) -> Any:
    """A value from a table as the file would have it: ``15`` is a number, ``True`` is yes, a list is a list."""
    if not isinstance(value, str):
        return list(value) if isinstance(value, tuple) else value
    if re.fullmatch(r"[-+]?[0-9]{1,18}", value):
        return int(value)
    if re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", value):
        return float(value)
    return {"true": True, "false": False, "none": None}.get(value.lower(), value)


def _share(content: dict[str, Any]) -> None:
    """The place of the main pull request is that of the others, unless they have one of their own."""
    main, others = content.get("pull_request"), content.get("pull_requests")
    if isinstance(main, dict) and isinstance(others, dict):
        for name, wishes in others.items():
            if wishes is None:
                wishes = others[name] = {}
            if isinstance(wishes, dict):
                for wish in SHARED:
                    if wish in main:
                        wishes.setdefault(wish, main[wish])
    for key in ("pull_request", "variables", "pull_requests"):
        if key in content and content[key] is None:
            content[key] = {}


def shown(path: Path) -> Path:
    """A path as short as it can be written from here."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path
