"""Shows how a run goes on: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from .progress import Ended, Progress

if TYPE_CHECKING:
    from rich.table import Table

_STYLES = {"PASS": "green", "FAIL": "red", "SKIP": "yellow"}
_MOST_RUNNING = 6


class Display(Protocol):
    """Whatever shows progress."""

    def show(self, categories: Sequence[Progress], ended: list[tuple[Progress, Ended]]) -> None:
        """Something may have changed."""

    def note(self, text: str) -> None:
        """Something worth saying happened."""

    def close(self) -> None:
        """The run is over."""


def display(*, colors: bool) -> Display:
    """Bars when somebody watches, lines when a file or a CI system reads."""
    if sys.stdout.isatty() and colors:
        return TerminalDisplay()
    return PlainDisplay()


class PlainDisplay:
    """One line for each test that is over."""

    def show(self, categories: Sequence[Progress], ended: list[tuple[Progress, Ended]]) -> None:
        """Print the tests that ended."""
        for category, test in ended:
            print(f"{test.status}  {category.category}  {test.name}  {test.seconds:.1f} s", flush=True)
            if test.status != "PASS" and test.message:
                print(f"      {test.message}", flush=True)

    def note(self, text: str) -> None:
        """Print it."""
        print(text, flush=True)

    def close(self) -> None:
        """Nothing is kept open."""


class TerminalDisplay:
    """A bar for each category, the tests that run, and failures as they happen above them."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console()
        self._live = Live(console=self._console, refresh_per_second=8, transient=False)
        self._live.start()
        self._last: Sequence[Progress] = ()

    def show(self, categories: Sequence[Progress], ended: list[tuple[Progress, Ended]]) -> None:
        """Redraw."""
        from rich.console import Group
        from rich.text import Text

        self._last = categories
        for _, test in ended:
            if test.status == "FAIL":
                self._console.print(
                    Text(f"FAIL  {test.name}", "bold red"), Text(f"      {test.message}", "red"), sep="\n"
                )
        lines: list[Any] = [_bars(categories)]
        running = [entry for category in categories for entry in category.running.values()]
        now = time.monotonic()
        for name, since in sorted(running, key=lambda entry: entry[1])[:_MOST_RUNNING]:
            lines.append(Text(f"  {now - since:5.1f} s  {name}", "dim", no_wrap=True, overflow="ellipsis"))
        if len(running) > _MOST_RUNNING:
            lines.append(Text(f"           and {len(running) - _MOST_RUNNING} more", "dim"))
        self._live.update(Group(*lines))

    def note(self, text: str) -> None:
        """Print it above the bars."""
        from rich.text import Text

        self._console.print(Text(text, "yellow"))

    def close(self) -> None:
        """Leave the last picture standing."""
        if self._last:
            self._live.update(_bars(self._last))
        self._live.stop()


def _bars(categories: Sequence[Progress]) -> Table:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for one in categories:
        counts = Text(f"{one.done}/{one.total}")
        for status, style in _STYLES.items():
            if one.counts.get(status):
                counts.append(f"  {one.counts[status]} {status.lower()}", style)
        if one.over:
            state = ""
        elif one.begun is None:
            state = "waits"
        else:
            left = one.remaining()
            state = "" if left is None else f"about {timedelta(seconds=round(left))} left"
        bar = ProgressBar(
            total=max(one.total, 1),
            completed=one.done,
            width=30,
            complete_style="red" if one.counts["FAIL"] else "green",
            finished_style="red" if one.counts["FAIL"] else "green",
        )
        table.add_row(Text(one.category, "bold"), bar, counts, Text(state, "dim"))
    return table
