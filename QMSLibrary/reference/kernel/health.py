"""Whether a service and what it needs can work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import text

from QMSLibrary.contract.health import DependencyHealth, Health, HealthStatus
from QMSLibrary.contract.services import Service
from QMSLibrary.version import VERSION

from .context import Context
from .peers import PeerUnreachable

_PATIENCE: Final = 1.0
Probe = Callable[[], Awaitable[DependencyHealth]]


async def health_of(context: Context, probes: list[Probe], *, shallow: bool) -> Health:
    """The service's health. ``shallow`` leaves the other services out."""
    asked = [_database(context), *(probe() for probe in probes)]
    if not shallow:
        asked += [_peer(context, service) for service in context.settings.peers]
    dependencies = list(await asyncio.gather(*asked))
    dependencies += [
        DependencyHealth(name=f"task {name}", status=HealthStatus.DEGRADED, detail=reason)
        for name, reason in context.failures.items()
    ]
    return Health(
        service=context.service.value,
        status=_worst(dependencies),
        version=VERSION,
        time=context.now(),
        dependencies=dependencies,
    )


def _worst(dependencies: list[DependencyHealth]) -> HealthStatus:
    if dependencies[0].status is HealthStatus.UNHEALTHY:
        return HealthStatus.UNHEALTHY  # Without its database it can do nothing.
    if any(one.status is not HealthStatus.HEALTHY for one in dependencies):
        return HealthStatus.DEGRADED
    return HealthStatus.HEALTHY


async def _database(context: Context) -> DependencyHealth:
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE):
            await context.store.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    except Exception as error:
        return DependencyHealth(name="database", status=HealthStatus.UNHEALTHY, detail=_words(error))
    return DependencyHealth(
        name="database", status=HealthStatus.HEALTHY, latency_ms=_milliseconds(time.perf_counter() - begun)
    )


async def _peer(context: Context, service: Service) -> DependencyHealth:
    try:
        seconds = await context.peers.alive(service, _PATIENCE)
    except PeerUnreachable as error:
        return DependencyHealth(name=service.value, status=HealthStatus.UNHEALTHY, detail=str(error))
    return DependencyHealth(name=service.value, status=HealthStatus.HEALTHY, latency_ms=_milliseconds(seconds))


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {_PATIENCE:g} s"
    return f"{type(error).__name__}: {error}"
