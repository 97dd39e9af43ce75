"""Where each service of an environment keeps its state: a SQLite file, or a schema of a PostgreSQL database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from QMSLibrary.contract.services import Service

_SCHEMA_LENGTH: Final = 63
"""PostgreSQL cuts longer names off without a word."""


def schema_of(environment: str, service: Service) -> str:
    """The schema's name, made of lower-case letters, digits and underscores."""
    return f"qms_{re.sub(r'[^a-z0-9]+', '_', environment.lower())}_{service}"[-_SCHEMA_LENGTH:]


def url_of(base: str | None, environment: str, service: Service, directory: Path) -> str:
    """The SQLAlchemy address of a service's database; ``base`` is None for SQLite."""
    if base is None:
        return f"sqlite:///{directory / f'{service}.sqlite'}"
    address = re.sub(r"^postgresql(\+psycopg)?://", "postgresql+psycopg://", base)
    option = quote(f"-csearch_path={schema_of(environment, service)}", safe="")
    return f"{address}{'&' if '?' in address else '?'}options={option}"


def prepare(base: str | None, environment: str, services: Iterable[Service] = Service) -> None:
    """Make an empty schema for each service; what was left under the same name is dropped.

    The keeper's names carry its process number: what a keeper and its janitor leave when both are killed, stays.

    Raises psycopg.Error when the database cannot be reached or the account may not make schemas.
    """
    if base is not None:
        _execute(base, [line for one in services for line in _statements(schema_of(environment, one), create=True)])


def drop(base: str | None, environment: str, services: Iterable[Service] = Service) -> None:
    """Drop the schemas again."""
    if base is not None:
        _execute(base, [line for one in services for line in _statements(schema_of(environment, one), create=False)])


def _statements(schema: str, *, create: bool) -> list[str]:
    # schema_of leaves nothing in the name that would need more than these quotes.
    statements = [f'DROP SCHEMA IF EXISTS "{schema}" CASCADE']
    return [*statements, f'CREATE SCHEMA "{schema}"'] if create else statements


def _execute(base: str, statements: list[str]) -> None:
    import psycopg

    with psycopg.connect(base.replace("postgresql+psycopg://", "postgresql://"), connect_timeout=5) as connection:
        for statement in statements:
            connection.execute(statement.encode())
