"""What is said when an environment cannot be had, or cannot do what is asked of it."""

from __future__ import annotations


class EnvironmentUseError(Exception):
    """An environment cannot be had, or cannot do what was asked. The message says what to do."""

    ROBOT_SUPPRESS_NAME = True
