"""A QMS that is already running somewhere; nothing is started or ended."""

from __future__ import annotations

from QMSLibrary.client.connection import Connection

from .base import Environment
from .errors import EnvironmentUseError
from .files import Description


class ExistingEnvironment(Environment):
    """A QMS that somebody else runs."""


def use_existing(description: Description, *, own: bool) -> ExistingEnvironment:
    """The environment that ``description`` gives the addresses of.

    Raises EnvironmentUseError when it is wanted for oneself and the file does not say that nobody else uses it.
    """
    if own and not description.exclusive:
        raise EnvironmentUseError(
            f"The environment {description.name!r} is a running QMS that others may be using, so it cannot be had for "
            "oneself. If nobody else uses it while the tests run, say `exclusive: true` in its file."
        )
    return ExistingEnvironment(
        name=description.name,
        kind=description.kind,
        connection=Connection(
            name=description.name,
            urls=description.urls,
            accounts=description.accounts,
            adapter=description.adapter,
            timeout=description.timeout,
        ),
        capabilities=description.capabilities,
        targets=description.targets,
        own=own,
    )
