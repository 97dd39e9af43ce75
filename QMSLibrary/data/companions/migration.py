"""Migrations in PostgreSQL's SQL: the tables that the generated code reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final
from zlib import crc32

from QMSLibrary.data.plan import Companion, Plan, nouns_of
from QMSLibrary.data.spelling import Domain, Noun, domains, snake

_EARLIER: Final = 20
"""Numbers up to this one are those of tables that were there before."""


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where it is. The numbers of a pull request rise in the order in which its migrations are made."""
    first = _EARLIER + 1 + crc32(f"{snake(plan.domain.noun.many)} {plan.feature}".encode()) % 400
    return _path(first + sum(companion.kind == "migration" for companion in plan.companions), noun)


def path_at_head(plan: Plan, domain: Domain) -> str:
    """Where the migration is that made a domain's own table: in the pull request, or long before it."""
    own = (one.path for one in plan.companions if one.kind == "migration" and one.noun == domain.noun)
    return next(own, _path(1 + domains().index(domain), domain.noun))


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """The tables of every noun that the pull request's code has to do with."""
    if plan.modules:
        return migration(companion.domain, nouns_of(companion.domain, plan.modules))
    return migration(companion.domain, [companion.noun], refer=True)


def migration(domain: Domain, nouns: Sequence[Noun], *, refer: bool = False) -> str:
    """The statements that make a table for each noun.

    ``refer``: that of a part, such as the lines of an order, says which whole it belongs to; generated code knows
    nothing of such a column.
    """
    blocks = [f"-- What is kept about {' and '.join(' '.join(noun.many) for noun in nouns)}.\nBEGIN;\n"]
    return "\n".join([*blocks, *(_table(domain, noun, refer=refer) for noun in nouns), "COMMIT;\n"])


def _table(domain: Domain, noun: Noun, *, refer: bool) -> str:
    name = snake(noun.many)
    states = f"'{domain.open}', '{domain.done}', 'cancelled'"
    whole = domain.noun
    is_part = noun.one[: len(whole.one)] == whole.one and len(noun.one) > len(whole.one)
    columns = [
        "id text PRIMARY KEY",
        *([f"{snake(whole.one)}_id text NOT NULL REFERENCES {snake(whole.many)} (id)"] if refer and is_part else []),
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


def _path(number: int, noun: Noun) -> str:
    return f"migrations/{number:04}_create_{snake(noun.many)}.sql"
