"""Users and tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from .model import Model, Page, Request
from .roles import Role


class LogInRequest(Request):
    """A user's name and password."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class Token(Model):
    """A bearer token."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - RFC 6750 calls it so
    expires_in: int
    """Seconds."""


class User(Model):
    """An account, without its secrets."""

    username: str
    role: Role
    active: bool = True


class UserPage(Page):
    """All users, by name."""

    items: list[User]
