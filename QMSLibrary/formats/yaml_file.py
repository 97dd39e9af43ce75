"""A YAML file as somebody wrote it: every value knows where it stands, and what is wrong is said in words.

Plain scalars mean what YAML 1.2 says: ``true`` and ``false`` are yes and no, while ``yes``, ``no``, ``on`` and
``off`` are texts (in YAML 1.1, which PyYAML reads otherwise, the country code NO is false). Files are bounded in size,
depth and in what their anchors unfold to, so that no file can keep a test run busy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    import yaml

MAXIMUM_BYTES: Final = 64 * 1024
MAXIMUM_DEPTH: Final = 40
"""Lists and mappings in one another."""
MAXIMUM_VALUES: Final = 20_000
"""Once every alias is replaced by what it stands for."""
Steps = tuple[str | int, ...]
"""The way from the root to a value: names of keys and positions in lists."""

_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip
_PROBLEMS: Final = (
    ("mapping values are not allowed", "a colon is not expected here; put the text in quotation marks"),
    ("could not find expected ':'", "a colon is missing, or the blanks before the line are wrong"),
    ("maximum nesting depth", f"it is too deep; expected at most {MAXIMUM_DEPTH} lists and mappings in one another"),
    ("did not find expected '-' indicator", "the line does not begin with `- ` as its neighbours do"),
    ("did not find expected key", "the blanks before this line are not those of its neighbours"),
    ("block mapping", "the blanks before this line are not those of its neighbours"),
    ("block collection", "the blanks before this line are not those of its neighbours"),
    ("found undefined alias", "an alias (`*name`) for which there is no anchor (`&name`) before it"),
    ("duplicate anchor", "the same anchor (`&name`) twice"),
    ("cannot start any token", "a character that means something else to YAML; put the text in quotation marks"),
    ("another document", "a second document (`---`)"),
)
"""What PyYAML says, and libyaml beneath it, and what we say. The first that fits counts."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(slots=True)
class Values:
    """What a file says, as Python's lists and dictionaries, with the place of every value and of every key."""

    value: Any = None
    places: dict[Steps, Place] = field(default_factory=dict)
    keys: dict[Steps, Place] = field(default_factory=dict)

    def place(self, steps: Steps, *, of_key: bool = False) -> Place:
        """Where it stands; for what is not there, where it would belong to. What has no place of its own is skipped."""
        known: Steps = ()
        for step in steps:
            if (*known, step) in self.places:
                known = (*known, step)
        if of_key and known in self.keys and known[-1:] == steps[-1:]:
            return self.keys[known]
        return self.places.get(known, Place())


class Reader:
    """Reads one file. Whoever knows what belongs into it makes a subclass of it."""

    def __init__(self, path: Path, error: type[Exception]) -> None:
        self.path = path
        self._error = error

    def fail(self, place: Place, text: str) -> NoReturn:
        """Raise the error, with the place in front of the words."""
        raise self._error(f"{self.path} {self.spelled(place)}: {text}")

    def spelled(self, place: Place) -> str:
        """A place as a message names it."""
        return f"line {place.line}"

    def refuse(self, node: yaml.Node | None, key: str, got: str, expected: str) -> NoReturn:
        """Raise the error for what stands at ``node``."""
        self.fail(place_of(node), f"{f'{key}: ' if key else ''}got {got}; expected {expected}.")

    def compose(self) -> yaml.Node | None:
        """The root of the file; None when there is nothing in it. What is no YAML, or too much of it, is refused."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        text = self._text()
        try:
            self._measure(yaml.parse(text, Loader=loader))
            return yaml.compose(text, Loader=loader)
        except yaml.MarkedYAMLError as error:
            place, words = _fault(error, text)
            self.fail(place, f"this is not YAML: {words}.")
        except yaml.YAMLError as error:  # a character that no YAML may have
            at = getattr(error, "position", 0)
            self.fail(
                Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)),
                "this is not YAML: a character that cannot be printed.",
            )

    def _text(self) -> str:
        try:
            with self.path.open("rb") as file:
                raw = file.read(MAXIMUM_BYTES + 1)
        except OSError as error:
            raise self._error(f"{self.path} cannot be read: {error.strerror}.") from None
        if len(raw) > MAXIMUM_BYTES:
            self.fail(Place(), f"the file is too big; expected at most {MAXIMUM_BYTES // 1024} KiB.")
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self.fail(Place(line, error.start - raw.rfind(b"\n", 0, error.start)), "a character that is not UTF-8.")

    def _measure(self, events: Iterator[yaml.Event]) -> None:
        """Before anything is built of it, because building goes as deep as the file does."""
        import yaml

        depth = 0
        for event in events:
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAXIMUM_DEPTH:
                mark = event.start_mark
                self.fail(
                    Place(mark.line + 1, mark.column + 1) if mark else Place(),
                    f"too deep; expected at most {MAXIMUM_DEPTH} lists and mappings in one another.",
                )

    def mapping(self, node: yaml.Node, key: str) -> dict[str, yaml.Node]:
        """The values of a mapping by their names; a name that comes twice is refused."""
        return {name: value for name, (_, value) in self._entries(node, key).items()}

    def _entries(self, node: yaml.Node, key: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        import yaml

        if not isinstance(node, yaml.MappingNode):
            self.refuse(node, key, shown(node), "a mapping (`name: value` lines)")
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self.refuse(name, key, f"{shown(name)} for a name", "a text before the colon")
            if name.value in found:
                self.refuse(name, f"{key}.{name.value}".lstrip("."), "the same key twice", "each key once")
            found[str(name.value)] = (name, value)
        return found

    def values(self, root: yaml.Node) -> Values:
        """All of it as plain values. ``<<: *anchor`` brings the entries of another mapping; one's own win."""
        found = Values()
        found.value = self._value(root, (), found, [])
        return found

    def _value(self, node: yaml.Node, steps: Steps, found: Values, above: list[int]) -> Any:
        import yaml

        found.places[steps] = place_of(node)
        if len(found.places) > MAXIMUM_VALUES:
            self.refuse(node, "", "too much", f"at most {MAXIMUM_VALUES} values, with what the aliases stand for")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in above or len(above) > MAXIMUM_DEPTH:
            self.refuse(node, "", "an anchor that contains itself, or goes too deep", "an end to it")
        if not str(node.tag).startswith("tag:yaml.org,2002:") or str(node.tag).startswith("tag:yaml.org,2002:python"):
            self.refuse(node, "", f"a tag ({node.tag})", "plain YAML")
        above = [*above, id(node)]
        if isinstance(node, yaml.SequenceNode):
            return [self._value(one, (*steps, number), found, above) for number, one in enumerate(node.value)]
        value: dict[str, Any] = {}
        for name, (key, inner) in self._merged(node, steps, above).items():
            found.keys[(*steps, name)] = place_of(key)
            value[name] = self._value(inner, (*steps, name), found, above)
        return value

    def _merged(self, node: yaml.Node, steps: Steps, above: list[int]) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        import yaml

        own = self._entries(node, dotted(steps))
        if "<<" not in own or not _plain(own["<<"][0]):
            return own
        _, source = own.pop("<<")
        entries: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for one in reversed(source.value if isinstance(source, yaml.SequenceNode) else [source]):
            if not isinstance(one, yaml.MappingNode):
                self.refuse(one, dotted((*steps, "<<")), shown(one), "a mapping, or a list of some")
            if id(one) in above:
                self.refuse(one, "", "an anchor that contains itself", "an end to it")
            entries |= self._merged(one, steps, [*above, id(one)])
        return entries | own

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        if node.tag not in _KNOWN_TAGS:
            self.refuse(node, "", f"a tag ({node.tag})", "plain YAML")
        if not _plain(node):
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _WHOLE.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return float(text)
        return text


_KNOWN_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)


def place_of(node: yaml.Node | None) -> Place:
    """Where a node begins; the first line for none."""
    return Place() if node is None else Place(node.start_mark.line + 1, node.start_mark.column + 1)


def shown(node: yaml.Node) -> str:
    """A node in a message."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return repr(node.value) if node.value else "nothing"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _plain(node: yaml.Node) -> bool:
    """Written without quotes."""
    return not getattr(node, "style", None)


def dotted(steps: Steps) -> str:
    """``steps.2.wait_for_step``, with list positions counted from 1."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in steps)


def _fault(error: yaml.MarkedYAMLError, text: str) -> tuple[Place, str]:
    """Where something is wrong, and what. What is left open is wrong where it begins."""
    context, problem = str(error.context or ""), str(error.problem or "it cannot be read")
    place, began = _at(error.problem_mark or error.context_mark), _at(error.context_mark or error.problem_mark)
    if "quoted scalar" in context:
        return began, "the text that begins with a quotation mark here does not end with one"
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return place, "there is a tab at the beginning; indent with blanks"
    if "flow" in context and "nesting" not in problem:
        return began, "a bracket is not closed, or a comma is missing"
    return place, next((words for part, words in _PROBLEMS if part in f"{problem} {context}"), problem)


def _at(mark: yaml.error.Mark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place()
