"""Where a QMS runs, and what can be done with it there."""

from __future__ import annotations

from .base import Capability, Environment
from .errors import EnvironmentUseError
from .files import EXISTING, describe, names

__all__ = ["Capability", "Environment", "EnvironmentUseError", "names", "use"]


def use(name_or_file: str = "embedded", *, own: bool = False) -> Environment:
    """Get an environment to work with; `Environment.release` it when done.

    ``name_or_file`` is ``embedded``, the name of a file in ``variables/``, or the path of one. With ``own`` nobody else
    gets the same one; it ends when it is released or when this process ends.
    Raises EnvironmentUseError when there is no such environment or it cannot be started.
    """
    description = describe(name_or_file)
    if description.kind == EXISTING:
        from .existing import use_existing

        return use_existing(description, own=own)
    from .embedded import use_embedded

    return use_embedded(description, own=own)
