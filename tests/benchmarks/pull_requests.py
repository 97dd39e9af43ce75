"""How fast pull requests are made, beside as many of Faker's calls doing nothing else, and what stays in memory."""

from __future__ import annotations

import subprocess
import sys
import time

from .figures import figure, title

_COUNT = 300
_ROUNDS = 5
_FEW, _MANY = 2_000, 10_000
# A process of its own, so that nothing else is in the figures: its memory after a few pull requests, and after many.
_MEMORY = f"""
import gc, resource
from QMSLibrary.data import create_pull_request
def used():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
for number in range({_MANY}):
    create_pull_request(complexity="medium", seed=number)
    if number + 1 == {_FEW}:
        print(used())
print(used())
"""


def run() -> None:
    """Measure and print."""
    title("Making pull requests")
    for language in ("typescript", "javascript", "python"):
        made, faked = _rates(language)
        figure(f"medium pull requests in {language}", f"{made:.0f} per s", "on one core; at least 100 are expected")
        figure("  as many of Faker's names and texts, per file", f"{faked:.0f} per s", f"ratio {made / faked:.2f}")
    figures = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True).stdout.split()
    few, many = (int(value) / 2**20 for value in figures)
    figure(f"memory after {_FEW:,} pull requests", f"{few:.1f} MiB")
    each = 1024 * (many - few) / (_MANY - _FEW)
    figure(f"memory after {_MANY:,} pull requests", f"{many:.1f} MiB", f"{each:.2f} KiB for each one in between")


def _rates(language: str) -> tuple[float, float]:
    """Pull requests per second, and per second as many times ``name()`` and ``text()`` as they have files."""
    import faker

    from QMSLibrary.data import create_pull_request

    source = faker.Faker()
    best_made = best_faked = 0.0
    for number in range(_ROUNDS):
        begun = time.process_time()
        files = sum(
            len(create_pull_request(language=language, seed=f"{number}/{one}").files)
            for one in range(_COUNT // _ROUNDS)
        )
        middle = time.process_time()
        for _ in range(files):
            source.name()
            source.text()
        ended = time.process_time()
        best_made = max(best_made, _COUNT / _ROUNDS / (middle - begun))
        best_faked = max(best_faked, _COUNT / _ROUNDS / (ended - middle))
    return best_made, best_faked
