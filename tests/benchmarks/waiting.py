"""How long after the end of a review a wait returns, and what a keyword costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from .figures import figure, spread, title


def run() -> None:
    """Print the figures."""
    title("Waiting, and the cost of a keyword")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "figures.jsonl")
        done = subprocess.run(
            [sys.executable, "-m", "robot", "--outputdir", folder, str(Path(__file__).with_name("waiting.robot"))],
            env={**os.environ, "QMS_BENCH_FIGURES": str(file)},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(done.stdout[-3000:], done.stderr[-1000:])
            raise SystemExit("waiting.robot failed")
        entries = [json.loads(line) for line in file.read_text().splitlines()]
    pushed = [one["delay"] for one in entries if one["way"] == "pushed"]
    for way in ("pushed", "polled each 1 s", "polled each 0.1 s"):
        delays = [one["delay"] for one in entries if one["way"] == way]
        asked = sum(one["asked"] for one in entries if one["way"] == way) / len(delays)
        beside = "" if way == "pushed" else f"{median(delays) / max(median(pushed), 1e-6):.0f} × pushed, "
        figure(f"{way}: after the end of the review", spread(delays), f"{beside}{asked:.1f} requests a wait")
    costs = [one for one in entries if one["way"] == "keyword"]
    ratios = [one["keyword"] / one["bare"] for one in costs]
    figure("keyword ÷ bare httpx call", f"{median(ratios):.2f}", spread([one["keyword"] for one in costs]))
