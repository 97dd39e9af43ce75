"""Where each service of an environment keeps its state: a SQLite file, or a schema of a PostgreSQL database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from QMSLibrary.contract.services import Service

if TYPE_CHECKING:
    from .claims import Claim

_PREFIX: Final = "qms_"
_SCHEMA_LENGTH: Final = 63
"""PostgreSQL cuts longer names off without a word."""


def schema_of(environment: str, service: Service) -> str:
    """The schema's name, made of lower-case letters, digits and underscores."""
    name = f"{re.sub(r'[^a-z0-9]+', '_', environment.lower())}_{service}"
    # The end of the environment's name tells it from others.
    return _PREFIX + name[-(_SCHEMA_LENGTH - len(_PREFIX)) :]


def url_of(base: str | None, environment: str, service: Service, directory: Path) -> str:
    """The SQLAlchemy address of a service's database; ``base`` is None for SQLite."""
    if base is None:
        return f"sqlite:///{directory / f'{service}.sqlite'}"
    address = re.sub(r"^postgresql(\+psycopg)?://", "postgresql+psycopg://", base)
    option = quote(f"-csearch_path={schema_of(environment, service)}", safe="")
    return f"{address}{'&' if '?' in address else '?'}options={option}"


def prepare(base: str | None, environment: str, services: Iterable[Service] = Service) -> Claim | None:
    """Make an empty schema for each service, and drop what environments that died have left.

    Who gets the claim keeps it as long as the environment lives. None for SQLite, which needs nothing of the kind.
    Raises psycopg.Error when the database cannot be reached or the account may not make schemas.
    """
    if base is None:
        return None
    from . import claims

    if swept := claims.sweep(base):
        print(f"dropped what dead environments had left: {', '.join(swept)}", flush=True)
    claim = claims.Claim(base, [schema_of(environment, one) for one in services])
    try:
        claim.make()
    except BaseException:
        claim.close()
        raise
    return claim


def drop(base: str | None, environment: str, services: Iterable[Service] = Service) -> None:
    """Drop the schemas again. Whoever holds their claim gives it up before."""
    if base is not None:
        from . import claims

        claims.drop(base, [schema_of(environment, one) for one in services])
