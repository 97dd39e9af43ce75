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


def read_marked_yaml(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """A YAML file that is a mapping, and the line of each of its keys. WishError with the line for any other."""
    import yaml

    from .errors import WishError

    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        if not isinstance(node, yaml.MappingNode):
            raise WishError(f"{path}, line 1: fields with values are expected, like 'size: 1.0'.")
        lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
        loader = yaml.SafeLoader("")
        found = {str(key): value for key, value in loader.construct_mapping(node, deep=True).items()}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WishError(f"{path}, line {line}: this is no YAML: {error.problem}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise WishError(f"{path}, line 1: this is no text in UTF-8.") from None
    return found, lines


@lru_cache(maxsize=8)
def names_in(folder: str, suffix: str) -> tuple[str, ...]:
    """The names, without suffix, of the files in a folder of this room, in alphabetical order."""
    return tuple(sorted(path.name.removesuffix(suffix) for path in (ROOM / folder).glob(f"*{suffix}")))
