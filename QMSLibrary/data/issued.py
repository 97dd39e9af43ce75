"""Credentials of the form that their issuers give out, made anew from a seed. Nobody has issued any of them.

A flaw says ``ISSUED:github`` where its code has the secret. The secret is put together when a pull request is made, so
that it is another one for every seed, and none stands in a file of this project.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from random import Random
from typing import Final
from zlib import crc32

_BASE_32: Final = string.ascii_uppercase + "234567"
_BASE_62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_MARK: Final = re.compile(r"ISSUED:(\w+)")


def with_issued(texts: dict[str, str], seed: str) -> dict[str, str]:
    """``texts`` with every mark replaced by a credential: the same one for the same kind and seed."""
    return {path: _MARK.sub(lambda match: issued(match[1], seed), text) for path, text in texts.items()}


def issued(house: str, seed: str) -> str:
    """A credential of ``house`` (a key of HOUSES)."""
    rng = Random(f"{seed}/{house}")
    return HOUSES[house](rng)


def _aws(rng: Random) -> str:
    """An access key id: ``AKIA`` and 16 of 32 characters. One without any digit is rare and looks like a word."""
    return "AKIA" + _random(rng, _BASE_32, 15) + rng.choice("234567")


def _github(rng: Random) -> str:
    """A personal access token: 30 random characters, and 6 of a check sum that tells real ones from typing errors."""
    core = _random(rng, _BASE_62, 29) + rng.choice(string.digits)
    rest, check = crc32(core.encode()), ""
    while rest:
        rest, digit = divmod(rest, 62)
        check = _BASE_62[digit] + check
    return "ghp_" + core + check.rjust(6, "0")


def _random(rng: Random, alphabet: str, length: int) -> str:
    """Random characters without one thrice in a row, which is how people write what is none."""
    found = ""
    while len(found) < length:
        character = rng.choice(alphabet)
        if not found.endswith(character * 2):
            found += character
    return found


HOUSES: Final[dict[str, Callable[[Random], str]]] = {"aws": _aws, "github": _github}
