"""An agent that lives outside the QMS, asked for its health at the address that it has registered."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

PATIENCE: Final = timedelta(seconds=2)
"""How long it may take to answer."""


class Trouble(NamedTuple):
    """What is wrong with an agent, or with the way to it."""

    words: str
    """``says that it cannot work``: what comes after the agent's name."""
    certain: bool
    """Whether it is the agent: an address that only the QMS can reach says nothing about it."""


def ask(endpoint: str, patience: timedelta = PATIENCE) -> Trouble | None:
    """What is wrong with it; None when it answers that it is well."""
    import httpx

    try:
        answer = httpx.get(endpoint, timeout=patience.total_seconds(), trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Trouble(f"does not answer at {endpoint}", certain="refused" in str(error).lower())
    if answer.is_success:
        return None
    return Trouble(f"says that it cannot work (HTTP {answer.status_code} at {endpoint})", certain=True)
