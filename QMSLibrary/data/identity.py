"""Ids that no two pull requests share, whoever made them.

The *content* of a pull request follows from its seed; its id and branch do not. The same seed used twice against one
QMS would otherwise be the same pull request twice, and parallel workers would meet on one branch.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets

_ALPHABET = "0123456789abcdefghijkmnpqrstvwxyz"
_process: tuple[int, str, itertools.count[int]] = (0, "", itertools.count())


def unique_part() -> str:
    """Something like ``k3v9q0-12``: a random part for this process (a fork gets its own) and a running number."""
    global _process
    if _process[0] != os.getpid():
        token = "".join(secrets.choice(_ALPHABET) for _ in range(8))
        _process = (os.getpid(), token, itertools.count(1))
    return f"{_process[1]}-{next(_process[2])}"


def new_seed() -> int:
    """A seed for somebody who gave none; short enough to be typed from a log."""
    return secrets.randbelow(10**9)


def derived_seed(*parts: object) -> int:
    """A seed that follows from others: of a run, a test and a running number, or of a list and a place in it."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) % 10**9
