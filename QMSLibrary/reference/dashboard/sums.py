"""What several widgets count by."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, String, Table, func, literal_column, select, type_coerce

from QMSLibrary.contract.dashboard import Period

_LENGTH: Final = {Period.HOUR: 13, Period.DAY: 10}
_REST: Final = "0000-00-00T00:00:00Z"


def of_repository(table: Table, repository: str | None) -> tuple[ColumnElement[bool], ...]:
    """Only the rows of ``repository``; all of them without one."""
    return () if repository is None else (table.c.repository == repository,)


def count(connection: Connection, column: Column[Any], *where: ColumnElement[bool]) -> dict[str, int]:
    """How many rows there are of each value."""
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column))
    return {row[0]: row[1] for row in rows}


def in_period(column: Column[Any], period: Period | None) -> ColumnElement[str]:
    """The hour or day (unless told) that a time, a text as on the wire, is in: its beginning, which sorts as time."""
    # Written out, not bound: PostgreSQL would take the same expression with other parameters for another one.
    length: ColumnElement[int] = literal_column(str(_LENGTH[period or Period.DAY]))
    return type_coerce(func.substr(column, literal_column("1"), length), String).label("begins")


def in_full(begins: str) -> str:
    """What `in_period` gives, as a whole time."""
    return begins + _REST[len(begins) :]
