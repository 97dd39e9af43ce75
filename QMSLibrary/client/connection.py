"""What is needed to speak to a QMS: addresses, accounts, and perhaps an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the QMS under test. The password is not in ``repr``, so that it does not end in a log."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a QMS, and as whom."""

    name: str
    """The environment's name, for messages."""
    urls: Mapping[Service, str]
    """The root of each service, without a path: ``http://127.0.0.1:8080``."""
    accounts: Mapping[Role, Account]
    """One account per role. A keyword that acts in a role without an account says so."""
    adapter: str | None = None
    """``module:factory`` of a plug-in for a QMS that speaks another language; None for the contract's own."""
    timeout: timedelta = timedelta(seconds=10)
    """How long one request may take."""

    def url(self, service: Service) -> str:
        """The root of ``service`` without a trailing slash.

        Raises KeyError with the services that have an address.
        """
        try:
            return self.urls[service].rstrip("/")
        except KeyError:
            known = ", ".join(self.urls) or "none"
            raise KeyError(
                f"The environment {self.name!r} has no address for the {service} service. It has: {known}."
            ) from None
