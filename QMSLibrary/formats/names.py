"""Names that people type: which one they may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def place_for(name: str, ending: str, folder: Path) -> Path:
    """Where a file of this name belongs: in the folder, whatever the name says. The ending need not be typed.

    Raises ValueError for a name that leads out of the folder, or that no file can have.
    """
    bare = name.strip().removesuffix(ending)
    if not bare or bare.endswith(("/", "\\")) or set(bare) <= {"."}:
        raise ValueError(f"{name!r} is no name for a file. Write something like overview or page/overview.")
    if any(ord(letter) < 32 or letter in '{}<>:"|?*\\' for letter in bare):
        raise ValueError(f"{name!r} has a letter that a file's name cannot have: leave out {{}} <> : \" | ? * \\.")
    inside = folder.resolve()
    place = (inside / f"{bare}{ending}").resolve()
    if not place.is_relative_to(inside):
        raise ValueError(
            f"{name!r} leads out of {inside}, where it belongs. Write a name without ../ and without a / before it."
        )
    return place


def did_you_mean(typed: object, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?``, with a blank before it; empty when nothing comes near."""
    from difflib import SequenceMatcher, get_close_matches

    spelled = {str(one).lower(): str(one) for one in known}
    wanted = str(typed).strip().lower()
    near = get_close_matches(wanted, spelled, n=9)
    # Of several that are equally near it is the first, in the order in which they are listed.
    best = max(
        filter(near.__contains__, spelled), key=lambda one: SequenceMatcher(None, one, wanted).ratio(), default=""
    )
    return f" Did you mean {spelled[best]!r}?" if best else ""
