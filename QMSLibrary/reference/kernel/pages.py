"""One page of a table's rows, newest first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select


def page(
    connection: Connection, table: Table, filters: dict[str, str | None], limit: int, cursor: int | None
) -> tuple[int, list[Row[Any]], str | None]:
    """How many rows match ``filters`` (column to value; None matches all), one page of them, and where the next begins.

    The table has a growing ``position``.
    """
    matching: list[ColumnElement[bool]] = [
        table.c[name] == str(value) for name, value in filters.items() if value is not None
    ]
    total = connection.execute(select(func.count()).select_from(table).where(*matching)).scalar_one()
    query = select(table).where(*matching).order_by(table.c.position.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(table.c.position < cursor)
    rows = list(connection.execute(query))
    more = str(rows[limit - 1].position) if len(rows) > limit else None
    return total, rows[:limit], more
