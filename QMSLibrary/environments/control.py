"""Speaks to the keeper of an embedded environment."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from .errors import EnvironmentUseError


def ask(directory: Path, do: str, service: str | None = None, *, timeout: float = 30, **more: Any) -> dict[str, Any]:
    """Have the keeper do something: ``status``, ``kill``, ``stop``, ``start`` (with a service) or ``end``;
    ``start_agents``, ``change_agent`` or ``kill_agent``, with what they need in ``more``.

    Raises EnvironmentUseError with the keeper's reason, or when it does not answer.
    """
    try:
        # By way of the directory's descriptor, because a socket's path may have 107 bytes and a directory's more.
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                connection.connect(f"/proc/self/fd/{folder}/control")
                connection.sendall(json.dumps({"do": do, "service": service, **more}).encode() + b"\n")
                line = connection.makefile("rb").readline()
        finally:
            os.close(folder)
        answer: dict[str, Any] = json.loads(line)
    except (OSError, ValueError) as error:
        raise EnvironmentUseError(f"The environment in {directory} does not answer: {error}") from None
    if "error" in answer:
        raise EnvironmentUseError(
            f"The environment refused to {do.replace('_', ' ')}{f' {service}' if service else ''}: {answer['error']}"
        )
    return answer
