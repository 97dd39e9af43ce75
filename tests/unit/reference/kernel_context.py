"""A service's context on a real database, without a server."""

from __future__ import annotations

from pathlib import Path

from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel.clock import Clock
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.log import KERNEL_TABLES, Feed
from QMSLibrary.reference.kernel.peers import Peers
from QMSLibrary.reference.kernel.secrets import create_secrets, load_secrets
from QMSLibrary.reference.kernel.settings import ServiceSettings
from QMSLibrary.reference.kernel.store import Store
from QMSLibrary.reference.kernel.tokens import Tokens


def make_context(directory: Path, service: Service = Service.ORCHESTRATION) -> Context:
    secrets_file = directory / "secrets.json"
    if not secrets_file.exists():
        create_secrets(secrets_file)
    settings = ServiceSettings(
        service=service,
        urls={one: f"http://127.0.0.1:{one.default_port}" for one in Service},
        database_url=f"sqlite:///{directory}/{service}.sqlite",
        secrets_file=secrets_file,
        state_dir=directory,
        movable_clock=True,
    )
    secrets = load_secrets(secrets_file)
    store = Store(settings.database_url)
    store.prepare(KERNEL_TABLES)
    tokens = Tokens(service, secrets)
    return Context(
        settings=settings,
        secrets=secrets,
        clock=Clock(),
        store=store,
        feed=Feed(store),
        tokens=tokens,
        peers=Peers(settings, tokens),
    )
