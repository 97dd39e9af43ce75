"""Reads the data files of this room."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

ROOM = Path(__file__).parent


def read_yaml(name: str) -> dict[str, Any]:
    """A YAML file of this room; ``name`` is relative to it."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load((ROOM / name).read_text(encoding="utf-8"), Loader=loader))  # noqa: S506 - both are safe


@lru_cache(maxsize=8)
def names_in(folder: str, suffix: str) -> tuple[str, ...]:
    """The names, without suffix, of the files in a folder of this room, in alphabetical order."""
    return tuple(sorted(path.name.removesuffix(suffix) for path in (ROOM / folder).glob(f"*{suffix}")))
