"""metrics.html: figures and charts by robotframework-metrics, made safe to open and able to do without a network.

The package writes names and messages into its page as they are, and draws with scripts from other people's servers.
Here it runs in a process of its own with escaping on, and its scripts are replaced by a small one of ours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

TIME_LIMIT: Final = 120.0
"""Seconds. It takes about a millisecond for a test; a page that nobody waits for is not worth more."""
_SCRIPT: Final = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_FOREIGN: Final = re.compile(r"<link\b[^>]*https?://[^>]*>", re.IGNORECASE)
_HERE: Final = Path(__file__).parent


def write_metrics(output: Path, page: Path) -> str | None:
    """Write ``page`` from ``output`` (an output.xml). None when it is written, else why it is not; it never raises."""
    package_root = str(_HERE.parents[1])
    try:
        ran = subprocess.run(
            [sys.executable, "-P", __file__, str(output), str(page)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIME_LIMIT,
            check=False,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH")])),
            },
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {TIME_LIMIT:g} s"
    except OSError as error:
        return str(error)
    if ran.returncode == 0 and page.is_file():
        return None
    return (ran.stderr.strip().splitlines() or ["it ended without a word"])[-1]


def main(output: Path, page: Path) -> None:
    """Make the page, in this process."""
    from argparse import Namespace

    import jinja2
    from robot.api import ExecutionResult
    from robotframework_metrics import robotmetrics

    from QMSLibrary.reports import corrections

    if not ExecutionResult(str(output)).suite.test_count:
        sys.exit("there are no tests to measure")
    escaping = jinja2.Environment(loader=robotmetrics.file_loader, autoescape=True)
    source, *_ = robotmetrics.file_loader.get_source(escaping, "index.html")
    robotmetrics.template = escaping.from_string(corrections.with_columns(source))
    robotmetrics.KeywordResults = corrections.CaughtResults
    robotmetrics.KeywordTimes = corrections.CaughtTimes
    robotmetrics.TestResults = corrections.NamedTests
    options: dict[str, Any] = {
        "path": str(output.parent),
        "output": output.name,
        "metrics_report_name": page.name,
        "log_name": "log.html",
        "ignore": None,
        "ignoretype": None,
        "showkwtimes": "True",
        "showtags": "True",
        "showdocs": "False",
    }
    robotmetrics.generate_report(Namespace(**options))
    page.write_text(without_network(page.read_text(encoding="utf-8")), encoding="utf-8")


def without_network(html: str) -> str:
    """The page with its scripts and foreign style sheets replaced by our own, inside it.

    Everything else in it must have been escaped; then no text can look like the end of a script.
    """
    style = (_HERE / "metrics.css").read_text(encoding="utf-8")
    script = (_HERE / "metrics.js").read_text(encoding="utf-8")
    html = _FOREIGN.sub("", _SCRIPT.sub("", html))
    html = html.replace("</head>", f"<style>\n{style}</style>\n</head>", 1)
    before, closing, after = html.rpartition("</body>")
    return f"{before}<script>\n{script}</script>\n{closing}{after}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
