"""What is said when a scenario is not as it must be."""

from __future__ import annotations


class ScenarioError(ValueError):
    """A scenario that does not exist or cannot be understood. Nothing has been done then."""

    ROBOT_SUPPRESS_NAME = True


class ScenarioFailed(AssertionError):  # noqa: N818 - it is a verdict, not a mistake
    """A part of a scenario failed; the text says which, where it is written, and what the keyword said."""

    ROBOT_SUPPRESS_NAME = True
