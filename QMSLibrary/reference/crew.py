"""The agents that an environment's users have started: processes of the keeper's, which end with it."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .processes import Child

if TYPE_CHECKING:
    from .agent_process import AgentSettings

ORDERS: Final = ("start_agents", "change_agent", "kill_agent")
STARTED_WITHIN: Final = 20.0
"""Seconds that an agent has to become healthy."""
MOST: Final = 100
"""Agents in one environment: each one is a process."""
_PATIENCE: Final = 5.0
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")


class OrderError(Exception):
    """An order that cannot be carried out; the text says why."""


@dataclass(slots=True)
class _Member:
    child: Child
    orders: socket.socket | None = None


class Crew:
    """Starts agents, tells them how to work, and ends them. ``leave`` closes, in each, what is the keeper's alone."""

    def __init__(self, logs: Path, settings: Callable[[str], AgentSettings], leave: Callable[[], None]) -> None:
        self._logs = logs
        self._settings = settings
        self._leave = leave
        self._members: dict[str, _Member] = {}

    def obey(self, order: str, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one of ORDERS. Raises OrderError, or ServiceStartError for an agent that does not come up."""
        if order == "start_agents":
            names = [str(one) for one in request["agents"]]
            return {"ok": True, "agents": self._start(names)}
        member = self._alive(str(request.get("agent")))
        if order == "kill_agent":
            member.child.signal(signal.SIGKILL)
            if not member.child.wait_ended(_PATIENCE):
                raise OrderError(f"the agent {member.child.name} did not end within {_PATIENCE:g} s of being killed")
            return {"ok": True}
        self._tell(member, {"way": str(request["way"]), "pause": float(request["pause"])})
        return {"ok": True}

    def status(self) -> dict[str, Any]:
        """Each agent's address, process and last exit code."""
        self.reap()
        return {
            name: {"url": one.child.url, "pid": one.child.pid, "exit_code": one.child.exit_code}
            for name, one in self._members.items()
        }

    def reap(self) -> list[str]:
        """Collect those that have ended; who had."""
        return [name for name, one in self._members.items() if one.child.reap()]

    def close_in_child(self) -> None:
        """Close what a process that was forked need not have."""
        for member in self._members.values():
            member.child.close()
            if member.orders is not None:
                member.orders.close()

    def tell_to_end(self) -> None:
        """Begin to end all of them."""
        for member in self._members.values():
            member.child.signal(signal.SIGKILL)

    def end(self) -> None:
        """Wait until all have ended."""
        for member in self._members.values():
            member.child.wait_ended(_PATIENCE)
        self.close_in_child()

    def _start(self, names: list[str]) -> dict[str, str]:
        from .agent_process import serve

        self.reap()
        for name in names:
            if not _NAME.fullmatch(name):
                raise OrderError(f"{name!r} is no name of an agent: letters, digits and . _ - without blanks")
            if name in self._members and self._members[name].child.alive:
                raise OrderError(f"an agent {name!r} runs already")
        alive = {name for name, one in self._members.items() if one.child.alive}
        if len(alive | set(names)) > MOST:
            raise OrderError(f"an environment has at most {MOST} agents at once, and {len(alive)} run")
        self._forget(names)
        for name in names:
            member = self._members.setdefault(name, _Member(Child(f"agent {name}", self._logs / f"agent-{name}.log")))
            if member.orders is not None:
                member.orders.close()
            member.orders, theirs = socket.socketpair()
            member.orders.settimeout(_PATIENCE)
            settings = self._settings(name)

            def be(listener: socket.socket, settings: AgentSettings = settings, orders: socket.socket = theirs) -> None:
                serve(settings, listener, orders)

            member.child.start(be, self._leave)
            theirs.close()
        deadline = time.monotonic() + STARTED_WITHIN
        for name in names:
            self._members[name].child.wait_healthy(max(deadline - time.monotonic(), 0.1))
        return {name: self._members[name].child.url for name in names}

    def _forget(self, names: list[str]) -> None:
        """Make room for ``names``: of those that have ended only the newest are remembered, with their exit codes."""
        ended = [name for name, one in self._members.items() if not one.child.alive and name not in names]
        too_many = len(set(self._members) | set(names)) - MOST
        for name in ended[: max(too_many, 0)]:
            member = self._members.pop(name)
            member.child.close()
            if member.orders is not None:
                member.orders.close()

    def _alive(self, name: str) -> _Member:
        self.reap()
        member = self._members.get(name)
        if member is None or not member.child.alive:
            there = ", ".join(other for other, one in self._members.items() if one.child.alive) or "none"
            raise OrderError(f"no agent {name!r} runs here; there is: {there}")
        return member

    def _tell(self, member: _Member, order: dict[str, Any]) -> None:
        assert member.orders is not None
        try:
            member.orders.sendall(json.dumps(order).encode() + b"\n")
            done = member.orders.recv(16)
        except OSError as error:
            raise OrderError(f"the agent {member.child.name} does not listen: {error}") from None
        if not done:
            raise OrderError(f"the agent {member.child.name} did not understand {order}; its log says why")
