"""``python -m tests.benchmarks [starting] [waiting] …``: all unless some are named."""

from __future__ import annotations

import os
import sys

from . import live, pull_requests, routing, starting, throughput, waiting

_ALL = {
    "starting": starting.run,
    "waiting": waiting.run,
    "throughput": throughput.run,
    "routing": routing.run,
    "pull_requests": pull_requests.run,
    "live": live.run,
}


def main() -> int:
    """Run what was asked for."""
    wanted = sys.argv[1:] or list(_ALL)
    if unknown := [name for name in wanted if name not in _ALL]:
        print(f"There is no benchmark {unknown[0]!r}. There are: {', '.join(_ALL)}.", file=sys.stderr)
        return 2
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}. Compare ratios, not times: machines differ.")
    for name in wanted:
        _ALL[name]()
    return 0


sys.exit(main())
