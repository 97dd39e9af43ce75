"""Users and log-in."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from typing import Any, Final

from sqlalchemy import Connection, func, select

from QMSLibrary.contract import routes
from QMSLibrary.contract.audit import AuditAction
from QMSLibrary.contract.identity import LogInRequest, Token, User, UserPage
from QMSLibrary.contract.roles import Role
from QMSLibrary.reference.kernel.blueprint import Blueprint
from QMSLibrary.reference.kernel.call import Call
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import Refusal, RefusalRecord
from QMSLibrary.reference.kernel.tokens import USER_TOKEN_SECONDS

from .tables import users

# The accounts' passwords are made by machine with 192 random bits: a costlier hash would protect nothing more.
_COST: Final = {"n": 2**13, "r": 8, "p": 1}
_SALT_BYTES: Final = 16


def hash_password(password: str) -> str:
    """``salt$hash`` in hexadecimal digits (scrypt)."""
    salt = os.urandom(_SALT_BYTES)
    return f"{salt.hex()}${_scrypt(password, salt).hex()}"


def password_matches(password: str, stored: str) -> bool:
    """Whether ``password`` is the one that ``stored`` was made from."""
    salt, _, digest = stored.partition("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, **_COST)


_NOBODY: Final = "00" * _SALT_BYTES + "$" + "00" * 64
"""Compared with when there is no such user, so that the time taken does not tell."""


def add_to(service: Blueprint) -> None:
    """Serve log-in and the list of users; make the environment's accounts at the first start."""
    context = service.context

    @service.at_start
    def make_accounts(connection: Connection) -> None:
        known = set(connection.execute(select(users.c.username)).scalars())
        for role, account in context.secrets.accounts.items():
            if account.username not in known:
                values = {"username": account.username, "role": role.value, "active": True}
                connection.execute(users.insert(), {**values, "password": hash_password(account.password)})

    @service.serve(routes.LOG_IN)
    async def log_in(call: Call[LogInRequest]) -> Token:
        name, password = call.body.username, call.body.password
        query = select(users).where(users.c.username == name)
        row = await context.store.read(lambda connection: connection.execute(query).one_or_none())
        right = await asyncio.to_thread(password_matches, password, row.password if row else _NOBODY)
        if row is None or not right or not row.active:
            raise Refusal(
                401,
                "unauthorized",
                "There is no active account with this name and password.",
                headers={"WWW-Authenticate": "Bearer"},
                record=RefusalRecord(AuditAction.LOG_IN_REFUSED, f"user:{name}"),
            )
        identity = Identity(row.username, row.role)
        await context.store.write(
            lambda connection: context.audit(
                connection,
                AuditAction.LOGGED_IN,
                f"user:{row.username}",
                actor=identity,
                correlation_id=call.correlation_id,
            )
        )
        return Token(access_token=context.tokens.for_user(row.username, Role(row.role)), expires_in=USER_TOKEN_SECONDS)

    @service.serve(routes.USERS)
    async def listed(call: Call[Any]) -> UserPage:
        limit, offset = call.limit, call.cursor or 0

        def work(connection: Connection) -> UserPage:
            context.audit(
                connection,
                AuditAction.ACCESS_GRANTED,
                "users",
                actor=call.identity,
                correlation_id=call.correlation_id,
            )
            total = connection.execute(select(func.count()).select_from(users)).scalar_one()
            rows = connection.execute(select(users).order_by(users.c.username).offset(offset).limit(limit)).all()
            items = [User(username=row.username, role=Role(row.role), active=row.active) for row in rows]
            more = str(offset + limit) if offset + limit < total else None
            return UserPage(total=total, next_cursor=more, items=items)

        return await context.store.write(work)
