"""Flaws that can be put into code on purpose. A flaw is a YAML file in ``flaws/``; a new one is a new file.

Each brings, for every language it can have, the flawed function, the same function mended, and a test that both pass:
a flaw that a test finds would not need a scanner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from QMSLibrary.contract.steps import Severity

from .errors import WishError, unknown
from .files import names_in, read_yaml

Kind = Literal["security", "performance"]


@dataclass(frozen=True)
class FlawedCode:
    """A flaw in one language."""

    function: str
    flawed: str
    mended: str
    test: str
    imports: str = ""
    """Import lines, as the language writes them; each is used where one of its names is."""


@dataclass(frozen=True)
class Flaw:
    """A flaw and what is known about it."""

    type: str
    kind: Kind
    summary: str
    layer: str
    """Where it lives when the pull request has such a module."""
    severities: tuple[Severity, ...]
    """How severe it can be; the first is the default."""
    aliases: tuple[str, ...]
    cwe: str | None
    code: Mapping[str, FlawedCode]
    """By language."""


@dataclass(frozen=True)
class FlawWish:
    """A flaw that somebody wants, with its severity."""

    type: str
    severity: Severity


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Flaw]:
    """All flaws by type."""
    found = {}
    for name in names_in("flaws", ".yaml"):
        entry = read_yaml(f"flaws/{name}.yaml")
        code = {key: FlawedCode(**value) for key, value in entry.items() if isinstance(value, dict)}
        found[name] = Flaw(
            type=name,
            kind=entry["kind"],
            summary=entry["summary"],
            layer=entry["layer"],
            severities=tuple(Severity(severity) for severity in entry["severities"]),
            aliases=tuple(entry.get("aliases", ())),
            cwe=entry.get("cwe"),
            code=code,
        )
    return found


def read_flaws(value: Any, kind: Kind, option: str) -> tuple[FlawWish, ...]:
    """The wishes in ``sql_injection:high, xss``, a list of such texts, a mapping type → severity, or mappings."""
    return tuple(_read_one(item, kind, option) for item in _items(value))


def _items(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, FlawWish):
        return [value]
    if isinstance(value, Mapping):
        if "type" in value:
            return [value]
        return [f"{name}:{severity}" for name, severity in value.items()]
    if isinstance(value, Iterable):
        return [one for item in value for one in (_items(item) if isinstance(item, str) else [item])]
    raise WishError(f"Flaws are given as 'sql_injection:high, xss', a list or dictionaries, not as {value!r}.")


def _read_one(item: Any, kind: Kind, option: str) -> FlawWish:
    if isinstance(item, FlawWish):
        name, wanted = item.type, str(item.severity)
    elif isinstance(item, Mapping):
        if "type" not in item or set(item) - {"type", "severity"}:
            raise WishError(f"{option}: a flaw is a dictionary with 'type' and perhaps 'severity', not {item!r}.")
        name, wanted = str(item["type"]), str(item.get("severity") or "")
    elif isinstance(item, str):
        name, _, wanted = (part.strip() for part in item.partition(":"))
    else:
        raise WishError(f"{option}: {item!r} is no flaw; write it like 'sql_injection:high'.")
    flaw = _named(name, kind)
    if not wanted:
        return FlawWish(flaw.type, flaw.severities[0])
    try:
        severity = Severity(wanted.lower())
    except ValueError:
        raise unknown("severity", wanted, Severity) from None
    if severity not in flaw.severities:
        choices = ", ".join(flaw.severities)
        raise WishError(
            f"{option}: there is no {flaw.type} of severity {severity} to put into code; it comes as: {choices}. "
            "The severity follows from the code, so it cannot be chosen at will."
        )
    return FlawWish(flaw.type, severity)


def _named(name: str, kind: Kind) -> Flaw:
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    choices = {flaw.type: flaw for flaw in catalogue().values() if flaw.kind == kind}
    for flaw in choices.values():
        if key == flaw.type or key in flaw.aliases:
            return flaw
    other = catalogue().get(key)
    if other is not None:
        raise WishError(f"{key!r} is a {other.kind} flaw: write it in {other.kind}_issues=.")
    raise unknown(f"{kind} flaw", name, choices)
