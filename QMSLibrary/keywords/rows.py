"""Rows of a template: which of them failed. Robot tells what was wrong, and not in which row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

_BETWEEN: Final = "    "
"""What stands between two cells, as in the suite."""
_LONGEST: Final = 200


class Row(NamedTuple):
    """A row that failed."""

    number: int
    """Counted from 1."""
    cells: tuple[str, ...]
    message: str


def name_rows(data: Any, result: Any) -> None:
    """Put its row before each failure of a test that has a template and several rows."""
    if not getattr(data, "template", None) or not result.failed or result.message.startswith("*HTML*"):
        return
    every = list(result.body)
    failed = [
        Row(number, tuple(map(str, one.args)), one.message)
        for number, one in enumerate(every, 1)
        if one.type == "KEYWORD" and one.status == "FAIL" and one.message
    ]
    if len(every) > 1:
        result.message = named(result.message, failed, len(every))


def named(message: str, failed: Iterable[Row], count: int) -> str:
    """A test's message with ``Row 2 of 4: high    L1_IMMEDIATE`` above what failed there.

    The messages stand in it in the order of the rows; whatever else is in it, such as a teardown's, stays as it is.
    """
    told, rest = "", message
    for row in failed:
        before, found, rest_after = rest.partition(row.message)
        if not found:
            continue
        cells = _BETWEEN.join(row.cells)
        cells = cells if len(cells) <= _LONGEST else cells[:_LONGEST] + "…"
        told += f"{before}Row {row.number} of {count}: {cells}\n{row.message}"
        rest = rest_after
    return told + rest
