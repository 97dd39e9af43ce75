"""The people who are told, from a YAML file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from QMSLibrary.contract.escalations import Channel, Stakeholder
from QMSLibrary.reference.recipients import STAKEHOLDERS


class StakeholdersError(ValueError):
    """The file of stakeholders cannot be used; the message says which entry and why."""


def load_stakeholders(path: Path | None = None) -> list[Stakeholder]:
    """The stakeholders of ``path`` (the built-in ones without it), first tier first.

    :raises StakeholdersError: the file cannot be read, an entry is not as it must be, two have one name,
        or a tier is missing.
    """
    import yaml

    path = path or STAKEHOLDERS
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StakeholdersError(f"The stakeholders' file {path} cannot be read: {error}") from error
    entries = content.get("stakeholders") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise StakeholdersError(f"{path}: expected a list `stakeholders` with at least one entry.")
    found: dict[str, Stakeholder] = {}
    for number, entry in enumerate(entries, 1):
        stakeholder = _stakeholder(path, number, entry)
        if stakeholder.name in found:
            raise StakeholdersError(f"{path}: two stakeholders are called {stakeholder.name!r}; names must differ.")
        found[stakeholder.name] = stakeholder
    tiers = sorted({one.tier for one in found.values()})
    if tiers != list(range(1, len(tiers) + 1)):
        raise StakeholdersError(f"{path}: the tiers are {tiers}; they must be 1, 2, 3, … without a gap.")
    return sorted(found.values(), key=lambda one: one.tier)


def _stakeholder(path: Path, number: int, entry: object) -> Stakeholder:
    try:
        stakeholder = Stakeholder.model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        channels = ", ".join(Channel)
        raise StakeholdersError(
            f"{path}: stakeholder {number} is not as it must be: {problems}. "
            f"It needs name, tier (1, 2, …) and addresses (by channel: {channels})."
        ) from error
    if not stakeholder.addresses:
        raise StakeholdersError(f"{path}: stakeholder {stakeholder.name!r} has no address, so nobody could be told.")
    return stakeholder
