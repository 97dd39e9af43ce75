"""Names that people type: which one they may have meant."""

from __future__ import annotations

from collections.abc import Iterable


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
