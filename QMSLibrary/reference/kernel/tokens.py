"""Bearer tokens: JSON Web Tokens signed with Ed25519.

People get theirs from orchestration (``aud`` is the whole QMS). A service signs its own, for one other service and for
a short time; so does an agent that is a process of its own, for the whole QMS. Token times are the machine's: a moved
clock neither ends nor prolongs a session.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import jwt

from QMSLibrary.contract.roles import AGENT_ROLE, SERVICE_ROLE, Role
from QMSLibrary.contract.services import Service

from .identity import Identity
from .secrets import Secrets

USER_TOKEN_SECONDS: Final = 3600
SERVICE_TOKEN_SECONDS: Final = 300
_AUDIENCE: Final = "qms"
_USERS_KEY: Final = "users"
_AGENTS_KEY: Final = "agents"
_CACHE_SIZE: Final = 1024


class TokenRefusedError(Exception):
    """The token proves nothing. The text says why and never contains the token."""


@dataclass(frozen=True, slots=True)
class _Verified:
    identity: Identity
    expires: float


class Tokens:
    """Issues and verifies tokens for one service."""

    def __init__(self, service: Service, secrets: Secrets) -> None:
        self._service = service
        self._secrets = secrets
        self._keys: dict[str, Any] = {
            _USERS_KEY: secrets.token_key.public_key(),
            _AGENTS_KEY: secrets.agent_key.public_key(),
            **{name.value: key.public_key() for name, key in secrets.service_keys.items()},
        }
        self._verified: OrderedDict[str, _Verified] = OrderedDict()
        self._own: dict[Service, tuple[str, float]] = {}

    def for_user(self, username: str, role: Role) -> str:
        """A token for a person. Only orchestration calls this."""
        claims = {"iss": Service.ORCHESTRATION.value, "sub": username, "role": role.value, "aud": _AUDIENCE}
        return _sign(claims, self._secrets.token_key, _USERS_KEY, USER_TOKEN_SECONDS)

    def for_service(self, target: Service) -> str:
        """A token with which this service proves itself to ``target``; made anew when half of its time is over."""
        token, renew_at = self._own.get(target, ("", 0.0))
        if time.time() >= renew_at:
            name = self._service.value
            claims = {"iss": name, "sub": name, "role": SERVICE_ROLE, "aud": target.value}
            token = _sign(claims, self._secrets.service_keys[self._service], name, SERVICE_TOKEN_SECONDS)
            self._own[target] = (token, time.time() + SERVICE_TOKEN_SECONDS / 2)
        return token

    def verify(self, token: str) -> Identity:
        """Who ``token`` proves to be acting. Raises TokenRefusedError."""
        known = self._verified.get(token)
        if known is None:
            known = self._check(token)
            self._verified[token] = known
            if len(self._verified) > _CACHE_SIZE:
                self._verified.popitem(last=False)
        if known.expires <= time.time():
            del self._verified[token]
            raise TokenRefusedError("The token has expired. Log in again.")
        return known.identity

    def _check(self, token: str) -> _Verified:
        try:
            name = jwt.get_unverified_header(token).get("kid")
            key = self._keys.get(name) if isinstance(name, str) else None
            if key is None:
                raise TokenRefusedError("The token is signed with a key that this QMS does not know.")
            from_person, from_agent = name == _USERS_KEY, name == _AGENTS_KEY
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=_AUDIENCE if from_person or from_agent else self._service.value,
                issuer=Service.ORCHESTRATION.value if from_person else name,
                options={"require": ["exp", "iat", "iss", "sub", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            raise TokenRefusedError("The token has expired. Log in again.") from None
        except jwt.PyJWTError as error:
            raise TokenRefusedError(f"The token is not valid: {error}.") from None
        role, subject = claims.get("role"), str(claims["sub"])
        if from_person and role not in set(Role):
            raise TokenRefusedError("The token names no role of this QMS.")
        if from_agent and role != AGENT_ROLE:
            raise TokenRefusedError("An agent may only speak as an agent.")
        if not from_person and not from_agent and (role != SERVICE_ROLE or subject != name):
            raise TokenRefusedError("A service may only speak in its own name.")
        return _Verified(Identity(subject, str(role)), float(claims["exp"]))


def for_agent(secrets: Secrets, agent_id: str) -> tuple[str, int]:
    """A token with which an agent proves itself to the whole QMS, and the seconds for which it is good."""
    claims = {"iss": _AGENTS_KEY, "sub": agent_id, "role": AGENT_ROLE, "aud": _AUDIENCE}
    return _sign(claims, secrets.agent_key, _AGENTS_KEY, USER_TOKEN_SECONDS), USER_TOKEN_SECONDS


def _sign(claims: dict[str, Any], key: Any, key_name: str, seconds: int) -> str:
    now = int(time.time())
    return jwt.encode({**claims, "iat": now, "exp": now + seconds}, key, algorithm="EdDSA", headers={"kid": key_name})
