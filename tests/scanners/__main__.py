"""``python -m tests.scanners``: run every scanner and write ``docs/flaws.md`` anew."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .scanners import SCANNERS
from .table import PAGE, page, run
from .tree import write


def main() -> int:
    """1, and nothing written, when a scanner is not there."""
    absent = [reason for scanner in SCANNERS if (reason := scanner.absent())]
    if absent:
        print("Nothing was written, because the table needs every scanner:", *absent, sep="\n- ", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        PAGE.write_text(page({scanner.name: run(scanner, Path(folder)) for scanner in SCANNERS}), encoding="utf-8")
    print(f"{PAGE} was written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
