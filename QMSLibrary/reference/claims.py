"""Whose schemas those in a PostgreSQL database are, and whether that environment still lives.

An environment marks its schemas with a comment and holds an advisory lock for each of them in one session, as long as
its keeper lives. The server gives the locks back when that session ends, however it ends and wherever the keeper was:
on this machine, on another one, in a container. So a marked schema whose lock is free is nobody's any more.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import psycopg

MARK: Final = "robotframework-qms: of an embedded environment; dropped when its keeper is gone"
SETTLED: Final = 10.0
"""Seconds after a start of the server before anything is swept: keepers take the locks again that they lost with it."""
RENEW_EVERY: Final = 0.5
"""Seconds between attempts to take lost locks again."""
_CONNECT_PATIENCE: Final = 5
_RENEW_PATIENCE: Final = 2
"""Seconds. Less is not possible; the keeper does nothing else meanwhile."""
_DROP_PATIENCE: Final = "5s"


class Claim:
    """The locks on an environment's schemas, held by one session."""

    def __init__(self, base: str, schemas: Iterable[str]) -> None:
        """Take them. Raises psycopg.Error, or ClaimedError when somebody holds one of them."""
        self._base = base
        self._schemas = list(schemas)
        self._connection: psycopg.Connection | None = self._take(_CONNECT_PATIENCE)
        self._renew_at = 0.0

    @property
    def held(self) -> bool:
        """Whether it is held now, as far as is known without asking."""
        return self._connection is not None

    def fileno(self) -> int:
        """Is readable as long as something is the matter: call `look` then."""
        assert self._connection is not None
        return self._connection.fileno()

    def make(self) -> None:
        """Make the schemas, empty and marked."""
        assert self._connection is not None
        with self._connection.transaction():
            for name in self._schemas:
                self._connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'.encode())
                self._connection.execute(f'CREATE SCHEMA "{name}"'.encode())
                self._connection.execute(f"COMMENT ON SCHEMA \"{name}\" IS '{MARK}'".encode())

    def look(self) -> None:
        """See whether the session is still there; without it the claim is no longer held."""
        import psycopg

        if self._connection is None:
            return
        try:
            self._connection.pgconn.consume_input()
            broken = self._connection.broken
        except psycopg.Error:
            broken = True
        if broken:
            self._connection.close()
            self._connection = None

    def renew(self) -> bool:
        """Take lost locks again, if it is time to try; whether the claim is held now."""
        import psycopg

        if self._connection is None and time.monotonic() >= self._renew_at:
            try:
                self._connection = self._take(_RENEW_PATIENCE)
            except (psycopg.Error, ClaimedError):
                # The server is still away, or it has not yet noticed that the old session is gone.
                self._renew_at = time.monotonic() + RENEW_EVERY
        return self.held

    def leave(self) -> None:
        """In a forked process: let go of the connection without a word to the server, for it is the parent's."""
        if self._connection is not None:
            os.close(self._connection.fileno())

    def close(self) -> None:
        """Give the locks back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take(self, patience: int) -> psycopg.Connection:
        connection = connect(self._base, patience)
        try:
            if connection.info.server_version >= 140000:
                connection.execute("SET idle_session_timeout = 0")
            for name in self._schemas:
                if not _try_lock(connection, name):
                    raise ClaimedError(f"the schema {name} is in use by another environment")
        except BaseException:
            connection.close()
            raise
        return connection


class ClaimedError(Exception):
    """Another environment holds the schema."""


def connect(base: str, patience: int = _CONNECT_PATIENCE) -> psycopg.Connection:
    """A session in which each statement is a transaction. Raises psycopg.Error."""
    import psycopg

    address = base.replace("postgresql+psycopg://", "postgresql://")
    # A way that has silently become useless is noticed after half a minute.
    return psycopg.connect(
        address,
        connect_timeout=patience,
        autocommit=True,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=4,
    )


def drop(base: str, schemas: Iterable[str]) -> None:
    """Drop schemas whose claim has been given up, or is just being given up by a server that notices a keeper's death.

    Raises psycopg.Error.
    """
    with connect(base) as connection:
        connection.execute(f"SET lock_timeout = '{_DROP_PATIENCE}'".encode())
        for name in schemas:
            connection.execute("SELECT pg_advisory_lock(%s)", (_key(name),))
            connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'.encode())


def sweep(base: str) -> list[str]:
    """Drop what environments have left whose keeper and janitor were both killed; the schemas that were dropped.

    Leaves alone what has no mark, what belongs to another role, and all that is claimed. Raises psycopg.Error.
    """
    import psycopg

    dropped = []
    with connect(base) as connection:
        connection.execute(f"SET lock_timeout = '{_DROP_PATIENCE}'".encode())
        rows = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = %s "
            "AND pg_has_role(nspowner, 'USAGE') AND now() > pg_postmaster_start_time() + %s * interval '1 second'",
            (MARK, SETTLED),
        ).fetchall()
        for (name,) in rows:
            if not _try_lock(connection, name):
                continue
            try:
                # quoted: somebody may have given our mark to a schema with a name of their own.
                quoted = psycopg.sql.Identifier(name)
                connection.execute(psycopg.sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(quoted))
                dropped.append(name)
            except psycopg.Error as error:
                print(f"the schema {name}, which nobody uses any more, cannot be dropped: {error}", flush=True)
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_key(name),))
    return dropped


def _try_lock(connection: psycopg.Connection, schema: str) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_key(schema),)).fetchone()
    return row is not None and bool(row[0])


def _key(schema: str) -> int:
    digest = hashlib.sha256(f"robotframework-qms {schema}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
