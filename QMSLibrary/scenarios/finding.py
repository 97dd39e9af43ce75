"""Where scenarios are: files in ``resources/scenarios``, or any other file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from QMSLibrary.formats.names import did_you_mean

from .errors import ScenarioError

FOLDER: Final = Path("resources") / "scenarios"
SUFFIXES: Final = (".yaml", ".yml")


def folders() -> list[Path]:
    """Where scenarios are looked for by name: here, and beside the package's own checkout."""
    found = [Path.cwd() / FOLDER, Path(__file__).parents[2] / FOLDER]
    return list(dict.fromkeys(folder.resolve() for folder in found if folder.is_dir()))


def files() -> dict[str, Path]:
    """Every scenario that can be asked for by its name, and its file, in alphabetical order."""
    found: dict[str, Path] = {}
    for folder in folders():
        for file in folder.iterdir():
            if file.suffix in SUFFIXES and file.is_file():
                found.setdefault(file.stem, file)
    return dict(sorted(found.items()))


def find(name_or_file: str) -> Path:
    """The file of a scenario. ScenarioError with those that there are."""
    wanted = name_or_file.strip()
    known = files()
    if wanted.endswith(SUFFIXES) or "/" in wanted:
        path = Path(wanted).expanduser()
        if path.is_file():
            return path
        raise ScenarioError(f"There is no file {wanted!r}. Scenarios by name: {', '.join(known) or 'none'}.")
    name = wanted.lower().replace(" ", "_").replace("-", "_")
    for one in (wanted, name):
        if one in known:
            return known[one]
    raise ScenarioError(
        f"There is no scenario {wanted!r}.{did_you_mean(name, known)} There are: {', '.join(known) or 'none'}; "
        "or give the path of a YAML file."
    )
