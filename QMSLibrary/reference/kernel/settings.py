"""What a service is told when it is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from QMSLibrary.contract.services import Service


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

    def url(self, service: Service) -> str:
        """The root of ``service`` without a trailing slash."""
        return self.urls[service].rstrip("/")

    @property
    def peers(self) -> tuple[Service, ...]:
        """The other services."""
        return tuple(service for service in Service if service is not self.service)
