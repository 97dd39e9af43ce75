"""What a service is told when it is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from QMSLibrary.contract.services import Service


@dataclass(frozen=True, slots=True)
class CodeHostSettings:
    """Where the files of pull requests are, and with how much patience they are asked for."""

    url: str
    """The root of its REST API: ``https://api.github.com``, ``https://github.example.com/api/v3``. No other host is
    ever asked, whatever a payload says."""
    token: str | None = field(default=None, repr=False)
    """Needs read access to contents and pull requests; None asks as anybody."""
    timeout: float = 15.0
    """Seconds for one request."""
    tries: int = 8
    """How often one request is tried before the delivery fails; with the pauses below that is about a minute."""
    first_pause: float = 0.5
    """Seconds before the second try; each pause is twice the one before."""
    longest_pause: float = 60.0
    """Seconds; also the most that is waited because the code host asks for it."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Settings of one service process. Everything else it finds in its own database."""

    service: Service
    urls: Mapping[Service, str]
    """Where all four services are, its own included: ``http://127.0.0.1:8080``, without a path."""
    database_url: str
    """``sqlite:////path/to/file.db`` or ``postgresql+psycopg://…``. Each service needs a database of its own."""
    secrets_file: Path
    """Made by ``secrets.create_secrets``."""
    state_dir: Path
    """A directory that only this environment uses."""
    movable_clock: bool = False
    """Whether ``PUT /api/clock`` is allowed. Never in production."""
    log_file: Path | None = None
    """Where the service's log lines go; None: standard error."""
    code_host: CodeHostSettings | None = None
    """None: webhooks are taken, and those that would begin a review fail for want of files."""

    def url(self, service: Service) -> str:
        """The root of ``service`` without a trailing slash."""
        return self.urls[service].rstrip("/")

    @property
    def peers(self) -> tuple[Service, ...]:
        """The other services."""
        return tuple(service for service in Service if service is not self.service)
