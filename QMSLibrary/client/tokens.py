"""Bearer tokens: one per role, fetched when first needed, renewed before they expire."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from QMSLibrary.contract.identity import Token
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

from .connection import Account, Connection
from .errors import NoAccount, NotAuthenticated

RENEW_BEFORE: Final = 30.0
"""Seconds before its end at which a token is renewed; a tenth of its life when that is shorter."""


@dataclass(slots=True)
class _Held:
    headers: dict[str, str] = field(repr=False)
    renew_at: float


def account_of(connection: Connection, role: Role) -> Account:
    """The account for a role. Raises NoAccount with the roles that have one."""
    account = connection.accounts.get(role)
    if account is None:
        known = ", ".join(connection.accounts) or "none"
        raise NoAccount(
            f"The environment {connection.name!r} has no account for the role {role}. It has accounts for: {known}. "
            "Add one to the environment file, or give another role with as_role=…."
        )
    return account


class Tokens:
    """Proves who we are with bearer tokens. Safe across threads: a token is fetched once, however many ask for it."""

    def __init__(self, connection: Connection, log_in: Callable[[Account, Role], Token]) -> None:
        self._connection = connection
        self._log_in = log_in
        self._held: dict[Role, _Held] = {}
        self._locks: dict[Role, threading.Lock] = {role: threading.Lock() for role in Role}

    def headers(self, role: Role) -> Mapping[str, str]:
        """The Authorization header for a role, with a log-in when there is no token that still lives."""
        held = self._held.get(role)
        if held is not None and monotonic() < held.renew_at:
            return held.headers
        with self._locks[role]:
            held = self._held.get(role)
            if held is None or monotonic() >= held.renew_at:
                held = self._held[role] = self._fetch(role)
        return held.headers

    def renew(self, role: Role, refused: Mapping[str, str]) -> bool:
        """Forget a token that was refused, unless another thread has renewed it already."""
        with self._locks[role]:
            held = self._held.get(role)
            if held is not None and held.headers == dict(refused):
                del self._held[role]
        return True

    def _fetch(self, role: Role) -> _Held:
        account = account_of(self._connection, role)
        try:
            token = self._log_in(account, role)
        except NotAuthenticated as error:
            raise NotAuthenticated(
                f"The QMS {self._connection.name!r} refuses the account {account.username!r} of the role {role}: "
                f"{str(error.detail or error).rstrip('.')}. Look at the name and password of this role in the "
                "environment file.",
                service=Service.ORCHESTRATION,
                method=error.method,
                path=error.path,
                status=error.status,
                code=error.code,
                detail=error.detail,
                correlation_id=error.correlation_id,
            ) from None
        early = min(RENEW_BEFORE, token.expires_in / 10)
        return _Held({"Authorization": f"Bearer {token.access_token}"}, monotonic() + token.expires_in - early)


class NoAuthority:
    """For services that are asked without a proof: the log-in itself."""

    def headers(self, role: Role) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def renew(self, role: Role, refused: Mapping[str, str]) -> bool:
        """There is nothing to renew."""
        return False
