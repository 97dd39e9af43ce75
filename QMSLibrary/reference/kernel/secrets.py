"""Accounts and keys of one environment, made once by whoever starts it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service

_PASSWORD_BYTES = 24
_WEBHOOK_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Account:
    """One user. The password is not in ``repr``, so that it does not end in a log."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Everything that must not be seen from outside."""

    accounts: dict[Role, Account]
    token_key: Ed25519PrivateKey = field(repr=False)
    """Signs people's tokens; only orchestration uses its private half."""
    audit_key: Ed25519PrivateKey = field(repr=False)
    """Signs the head of the audit trail; only orchestration uses it."""
    service_keys: dict[Service, Ed25519PrivateKey] = field(repr=False)
    """Each service signs its own tokens, so that one service cannot speak in another's name."""
    agent_key: Ed25519PrivateKey = field(repr=False)
    """Signs the tokens of agents that are processes of their own; only they use it."""
    webhook_secret: str = field(repr=False)
    """Shared with the code host, which signs its webhooks with it; only orchestration uses it."""


def create_secrets(path: Path) -> Secrets:
    """Make new accounts and keys and write them to ``path`` (mode 0600). An existing file is refused."""
    document: dict[str, Any] = {
        "accounts": {
            role.value: {"username": role.value, "password": secrets.token_urlsafe(_PASSWORD_BYTES)} for role in Role
        },
        "token_key": _new_key(),
        "audit_key": _new_key(),
        "service_keys": {service.value: _new_key() for service in Service},
        "agent_key": _new_key(),
        "webhook_secret": secrets.token_hex(_WEBHOOK_SECRET_BYTES),
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file)
    return _from_document(document)


def load_secrets(path: Path) -> Secrets:
    """Read what ``create_secrets`` wrote."""
    try:
        return _from_document(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(
            f"{path} is not a secrets file of this version ({type(error).__name__}: {error}). "
            f"Delete it and start the environment again."
        ) from error


def raw_public_key(key: Ed25519PublicKey) -> bytes:
    """The 32 bytes of a public key."""
    return key.public_bytes_raw()


def key_id(key: Ed25519PublicKey) -> str:
    """A short name for a key that follows from the key itself."""
    return hashlib.sha256(raw_public_key(key)).hexdigest()[:16]


def _new_key() -> str:
    return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def _key(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text, validate=True))


def _filled(text: Any) -> str:
    if not isinstance(text, str) or not text:
        raise ValueError("the webhook secret is empty; anybody could sign with that")
    return text


def _from_document(document: dict[str, Any]) -> Secrets:
    return Secrets(
        accounts={Role(role): Account(**account) for role, account in document["accounts"].items()},
        token_key=_key(document["token_key"]),
        audit_key=_key(document["audit_key"]),
        service_keys={Service(name): _key(text) for name, text in document["service_keys"].items()},
        agent_key=_key(document["agent_key"]),
        webhook_secret=_filled(document["webhook_secret"]),
    )
