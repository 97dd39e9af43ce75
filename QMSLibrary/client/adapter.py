"""Loads the plug-in that an environment names for a QMS that speaks another language."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType

from .connection import Connection
from .errors import AdapterError, QMSError
from .protocols import Services

Factory = Callable[[Connection], Services]


def load(name: str) -> Factory:
    """The factory that ``module:factory`` names.

    Raises AdapterError that says what is wrong with the name, the module or the factory.
    """
    module_name, colon, factory_name = name.rpartition(":")
    if not colon or not module_name or not factory_name:
        raise AdapterError(
            f"{name!r} does not name an adapter. Expected module:factory, such as my_company.qms:connect."
        )
    module = _module(module_name)
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        offered = ", ".join(
            sorted(
                one
                for one, value in vars(module).items()
                if callable(value) and not one.startswith("_") and getattr(value, "__module__", None) == module.__name__
            )
        )
        raise AdapterError(
            f"The adapter module {module_name!r} has no function {factory_name!r}. It has: {offered or 'none'}."
        )
    return factory  # type: ignore[no-any-return]


def connect(connection: Connection) -> Services:
    """The services that the connection's adapter gives.

    Raises AdapterError when it fails or gives something else.
    """
    assert connection.adapter is not None
    factory = load(connection.adapter)
    try:
        services = factory(connection)
    except QMSError:
        raise
    except Exception as error:
        raise AdapterError(
            f"The adapter {connection.adapter!r} of the environment {connection.name!r} failed to connect: "
            f"{type(error).__name__}: {error}. Look at its code."
        ) from error
    if not isinstance(services, Services):
        raise AdapterError(
            f"The adapter {connection.adapter!r} gave {type(services).__name__}. Expected "
            "QMSLibrary.client.protocols.Services with the four services."
        )
    return services


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise AdapterError(
            f"The adapter module {name!r} cannot be imported: {error}. Look whether it is installed or on the Python "
            "path (robot --pythonpath FOLDER)."
        ) from error
    except Exception as error:
        raise AdapterError(
            f"The adapter module {name!r} fails when it is imported: {type(error).__name__}: {error}"
        ) from error
