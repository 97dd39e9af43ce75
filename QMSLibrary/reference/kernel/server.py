"""Runs one service. Importing this module imports all four, so that one process can import once and fork."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Final, Literal

import uvicorn
from fastapi import FastAPI

from QMSLibrary.contract.live import MAXIMUM_FRAME
from QMSLibrary.contract.routes import ROUTES
from QMSLibrary.contract.services import Service

from .app import create_app
from .blueprint import Blueprint
from .clock import Clock, load_offset
from .context import Context
from .log import KERNEL_TABLES, Feed
from .peers import Peers
from .secrets import load_secrets
from .settings import ServiceSettings
from .store import Store
from .tokens import Tokens

_BUILD: Final = {service: import_module(f"QMSLibrary.reference.{service.value}").build for service in Service}
for _route in ROUTES:
    # The contract's models are built on first use; here that is before the fork, once for all four services.
    for _model in (_route.body, _route.answer, *_route.signed):
        if _model is not None:
            _model.model_rebuild()

_GRACE_SECONDS: Final = 3
_KEEP_ALIVE_SECONDS: Final = (
    75  # longer than any client of ours keeps an idle connection, so that none is cut under a request
)
_BACKLOG: Final = 2048
_SWITCH_SECONDS: Final = 0.001
"""After which the interpreter lets another thread on. The database's threads answer the event loop: Python's own five
milliseconds are longer than a whole answer takes."""


def serve(settings: ServiceSettings, listener: socket.socket) -> None:
    """Serve on ``listener``, which is bound and perhaps listening, until SIGTERM or SIGINT."""
    _log_to(settings)
    context, blueprint = _assemble(settings)
    app = create_app(blueprint)
    gc.collect()
    gc.freeze()  # What the start has made stays: the collector need not look at it again and again.
    sys.setswitchinterval(_SWITCH_SECONDS)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws=_protocol(blueprint),
        ws_max_size=MAXIMUM_FRAME,
        ws_per_message_deflate=False,  # many small frames to many clients: it would cost more than it saves
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, context)
    server.run(sockets=[listener])
    if not server.started:
        raise RuntimeError(f"{settings.service} could not start; its log says why.")


def _protocol(blueprint: Blueprint) -> type[asyncio.Protocol] | Literal["none"]:
    if not blueprint.socket_handlers:
        return "none"
    from .sockets import SocketProtocol  # 20 ms, which only the service that has a WebSocket pays

    return SocketProtocol


def build_app(settings: ServiceSettings) -> FastAPI:
    """The application of one service, without a server."""
    return create_app(_assemble(settings)[1])


def _assemble(settings: ServiceSettings) -> tuple[Context, Blueprint]:
    secrets = load_secrets(settings.secrets_file)
    store = Store(settings.database_url)
    store.prepare(KERNEL_TABLES)
    tokens = Tokens(settings.service, secrets)
    context = Context(
        settings=settings,
        secrets=secrets,
        clock=Clock(store.write_now(load_offset)),
        store=store,
        feed=Feed(store),
        tokens=tokens,
        peers=Peers(settings, tokens),
    )
    blueprint = _BUILD[settings.service](context)
    store.prepare(*blueprint.metadata)
    return context, blueprint


class _Server(uvicorn.Server):
    """Ends open streams when asked to end, and returns from ``run`` instead of raising the signal again."""

    def __init__(self, config: uvicorn.Config, context: Context) -> None:
        super().__init__(config)
        self._context = context

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._context.stopping.set()
        self._context.feed.wake()
        await super().shutdown(sockets)


def _log_to(settings: ServiceSettings) -> None:
    handler: logging.Handler
    if settings.log_file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        handler = logging.FileHandler(settings.log_file, encoding="utf-8")
    handler.setFormatter(logging.Formatter(f"%(asctime)s {settings.service} %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
