"""``qms status``: Show what runs, where it is reached, how it is, and who uses it."""

from __future__ import annotations

import argparse
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

NAME: Final = "status"
EXAMPLES: Final = """\
examples:
  qms status
  qms status --json | jq -r '.[0].services.orchestration.url'

exit codes: 0 all services are healthy, or nothing runs; 1 one is not.
"""
_HEALTH_PATIENCE: Final = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--json", action="store_true", help="for programs")


def run(options: argparse.Namespace) -> int:
    """0: all is healthy; 1: something is not."""
    from QMSLibrary.environments import home

    from . import console, holder

    folder = home.home()
    home.sweep(folder)
    kept = set(holder.holders(folder))
    found = [_facts(directory, kept) for directory in home.directories(folder) if home.keeper_lives(directory)]
    ill = any(facts["health"] != "healthy" for one in found for facts in one["services"].values())
    if options.json:
        console.say(json.dumps(found, indent=2))
        return int(ill)
    if not found:
        console.say("Nothing runs. `qms up` starts the reference QMS; suites start it by themselves.")
    for one in found:
        _show(one)
    return int(ill)


def command_of(pid: int) -> str:
    """What a process was started as, shortened for people."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "gone"
    text = " ".join(Path(word).name if number == 0 else word for number, word in enumerate(words)).strip()
    return text if len(text) <= 60 else text[:59] + "…"


def _facts(directory: Path, kept: set[str]) -> dict[str, Any]:
    from QMSLibrary.environments import control, home
    from QMSLibrary.environments.errors import EnvironmentUseError

    try:
        content = json.loads((directory / "environment.json").read_text(encoding="utf-8"))
        services = control.ask(directory, "status", timeout=5)["services"]
    except (FileNotFoundError, EnvironmentUseError) as error:
        return {"name": directory.name, "directory": str(directory), "services": {}, "users": [], "trouble": str(error)}
    with ThreadPoolExecutor(len(services)) as pool:
        for facts, health in zip(services.values(), pool.map(_health, services.values()), strict=True):
            facts.update(health)
    return {
        "name": content["name"],
        "directory": str(directory),
        "own": content["own"],
        "kept_up": content["name"] in kept and not content["own"],
        "started_at": content["started_at"],
        "keeper_pid": content["pid"],
        "services": services,
        "users": [{"pid": pid, "command": command_of(pid)} for pid in home.users(directory)],
    }


def _health(facts: dict[str, Any]) -> dict[str, Any]:
    if facts["pid"] is None:
        return {"health": "dead", "answered_in_ms": None}
    connection = http.client.HTTPConnection(facts["url"].removeprefix("http://"), timeout=_HEALTH_PATIENCE)
    begun = time.monotonic()
    try:
        connection.request("GET", "/health")
        status = json.loads(connection.getresponse().read())["status"]
    except (OSError, ValueError, LookupError, http.client.HTTPException) as error:
        return {"health": f"does not answer ({str(error) or type(error).__name__})", "answered_in_ms": None}
    finally:
        connection.close()
    return {"health": str(status), "answered_in_ms": round((time.monotonic() - begun) * 1000, 1)}


def _show(one: dict[str, Any]) -> None:
    from . import console

    if trouble := one.get("trouble"):
        console.say(f"{console.paint(one['name'], 'bold')}: {trouble}")
        return
    how = "kept by qms up" if one["kept_up"] else "somebody's own" if one["own"] else "shared by its users"
    console.say(f"{console.paint(one['name'], 'bold')}  {how}, since {one['started_at'][:19]}Z, {one['directory']}")
    rows = [("service", "address", "process", "health")]
    for name, facts in one["services"].items():
        health = (
            facts["health"] if facts["answered_in_ms"] is None else f"{facts['health']}, {facts['answered_in_ms']} ms"
        )
        rows.append((name, facts["url"], str(facts["pid"] or "–"), health))
    heading, *lines = console.table(rows)
    console.say(f"  {console.paint(heading, 'dim')}")
    for line, facts in zip(lines, one["services"].values(), strict=True):
        console.say(f"  {console.paint(line, 'green' if facts['health'] == 'healthy' else 'red')}")
    users = ", ".join(f"{user['pid']} ({user['command']})" for user in one["users"])
    console.say(f"  used by {users or 'nobody any more'}")
