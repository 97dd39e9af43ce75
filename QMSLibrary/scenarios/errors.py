"""What is said when a scenario is not as it must be."""

from __future__ import annotations

from collections.abc import Iterable


class ScenarioError(ValueError):
    """A scenario that does not exist or cannot be understood. Nothing has been done then."""

    ROBOT_SUPPRESS_NAME = True


class ScenarioFailed(AssertionError):  # noqa: N818 - it is a verdict, not a mistake
    """A part of a scenario failed; the text says which, where it is written, and what the keyword said."""

    ROBOT_SUPPRESS_NAME = True


def meant(name: str, known: Iterable[str]) -> str:
    """``Did you mean 'x'?`` with a blank before it, or nothing."""
    from difflib import get_close_matches

    spelled = {one.lower(): one for one in known}
    near = get_close_matches(name.strip().lower(), list(spelled), n=1)
    return f" Did you mean {spelled[near[0]]!r}?" if near else ""
