"""Migrations in PostgreSQL's SQL: the tables that the generated code reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from QMSLibrary.data.plan import Companion, Plan, nouns_of
from QMSLibrary.data.spelling import Domain, Noun, snake


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where it is. The number is one for each table, so that migrations have an order."""
    return f"migrations/{_number(noun)}_create_{snake(noun.many)}.sql"


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """The tables of every noun that the pull request's code has to do with."""
    return migration(companion.domain, nouns_of(companion.domain, plan.modules) if plan.modules else [companion.noun])


def migration(domain: Domain, nouns: Sequence[Noun]) -> str:
    """The statements that make a table for each noun."""
    blocks = [f"-- What is kept about {' and '.join(' '.join(noun.many) for noun in nouns)}.\nBEGIN;\n"]
    return "\n".join([*blocks, *(_table(domain, noun) for noun in nouns), "COMMIT;\n"])


def _table(domain: Domain, noun: Noun) -> str:
    name = snake(noun.many)
    states = f"'{domain.open}', '{domain.done}', 'cancelled'"
    columns = [
        "id text PRIMARY KEY",
        f"status text NOT NULL DEFAULT '{domain.open}' CHECK (status IN ({states}))",
        *(f"{snake(field)} text NOT NULL" for field in domain.texts),
        *(f"{snake(field)} double precision NOT NULL CHECK ({snake(field)} >= 0)" for field in domain.numbers),
        f"{snake(domain.date)} timestamptz NOT NULL",
    ]
    first, date = snake(domain.texts[0]), snake(domain.date)
    return (
        f"CREATE TABLE {name} (\n" + ",\n".join(f"    {column}" for column in columns) + "\n);\n\n"
        f"CREATE INDEX {name}_by_{first} ON {name} ({first}, {date} DESC);\n"
        f"CREATE INDEX {name}_by_status ON {name} (status);\n"
    )


def _number(noun: Noun) -> str:
    """Four digits that follow from the words, the same on any machine."""
    from zlib import crc32

    return f"{crc32(' '.join(noun.many).encode()) % 10_000:04}"
