"""Environments described by a YAML file; an error names the file, the line and the key."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from QMSLibrary.client.connection import Account
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.formats.counts import counted
from QMSLibrary.formats.names import did_you_mean
from QMSLibrary.formats.yaml_file import Place, Reader, shown

from .base import Capability
from .errors import EnvironmentUseError

if TYPE_CHECKING:
    import yaml

EMBEDDED: Final = "embedded"
EXISTING: Final = "existing"
_REFERENCE: Final = re.compile(r"^\$\{ENV:([^}]*)\}$")


@dataclass(frozen=True, slots=True)
class Description:
    """What a file (or nothing, for the embedded default) says about an environment."""

    name: str
    kind: str = EMBEDDED
    targets: Mapping[str, Any] = field(default_factory=dict)
    timeout: timedelta = timedelta(seconds=10)
    # embedded
    movable_clock: bool = True
    database_url: str | None = None
    """None: one SQLite file per service. Else a PostgreSQL database, in which each service gets a schema."""
    grace: timedelta = timedelta(seconds=1)
    """How long it stays when its last user has gone."""
    code_host_url: str | None = None
    """The root of the REST API that has the files of pull requests that webhooks tell of; None: webhooks begin none."""
    code_host_token: str | None = field(default=None, repr=False)
    # existing
    urls: Mapping[Service, str] = field(default_factory=dict)
    accounts: Mapping[Role, Account] = field(default_factory=dict)
    adapter: str | None = None
    capabilities: frozenset[Capability] = frozenset()
    exclusive: bool = False
    """Nobody but this run uses it, so that its clock may be moved and its services broken."""


def folders() -> list[Path]:
    """Where named files are looked for: ``variables`` here, and beside the package's own checkout."""
    found = [Path.cwd() / "variables", Path(__file__).parents[2] / "variables"]
    return list(dict.fromkeys(folder.resolve() for folder in found if folder.is_dir()))


def names() -> list[str]:
    """Every environment that can be asked for by name."""
    files = {file.stem for folder in folders() for file in folder.glob("*.y*ml") if not file.stem.endswith(".example")}
    return sorted({EMBEDDED, *files})


def describe(name_or_file: str) -> Description:
    """Find and read what is said about an environment.

    Raises EnvironmentUseError with the names there are, or with the place in the file that is wrong.
    """
    wanted = name_or_file.strip()
    if wanted.endswith((".yaml", ".yml")) or "/" in wanted:
        path = Path(wanted).expanduser()
        candidates = [path] if path.is_absolute() else [Path.cwd() / path, *(one.parent / path for one in folders())]
        for candidate in candidates:
            if candidate.is_file():
                return read(candidate)
        raise EnvironmentUseError(f"There is no file {wanted!r}. Environments by name: {', '.join(names())}.")
    for folder in folders():
        for suffix in (".yaml", ".yml"):
            if (file := folder / f"{wanted}{suffix}").is_file():
                return read(file)
    if wanted == EMBEDDED:
        return Description(EMBEDDED)
    hint = did_you_mean(wanted, names())
    raise EnvironmentUseError(
        f"There is no environment {wanted!r}.{hint} There are: {', '.join(names())}; or give the path of a YAML file."
    )


def read(path: Path) -> Description:
    """The description in ``path``. Its name is the file's, without the suffix.

    Raises EnvironmentUseError with everything that is wrong in it, so that it need not be mended one by one.
    """
    reader = _Reader(path, EnvironmentUseError)
    root = reader.compose()
    if root is None:
        reader.refuse(None, "", "nothing", "a mapping that begins with `kind: embedded` or `kind: existing`")
    top = reader.mapping(root, "")
    kind_node = top.get("kind")
    kind = reader.text(kind_node, "kind") if kind_node is not None else ""
    if kind not in _KEYS:
        reader.refuse(kind_node or root, "kind", repr(kind) if kind else "nothing", f"one of {', '.join(_KEYS)}")
    values: dict[str, Any] = {}
    for key, node in top.items():
        if key == "kind":
            continue
        with reader.noting():
            if key not in _KEYS[kind]:
                reader.refuse(node, key, "an unknown key", f"one of kind, {', '.join(_KEYS[kind])}")
            values[key] = _KEYS[kind][key](reader, node, key)
    if kind == EXISTING and not values.get("urls") and not reader.noted("urls"):
        with reader.noting():
            reader.refuse(root, "urls", "nothing", "an address for at least one of " + ", ".join(Service))
    reader.tell()
    return Description(name=path.name.removesuffix(path.suffix), kind=kind, **values)


class _FaultError(EnvironmentUseError):
    """One thing that is wrong, with its line beside its words."""

    def __init__(self, whole: str, line: int, text: str) -> None:
        super().__init__(whole)
        self.line = line
        self.text = text


class _Reader(Reader):
    """Turns nodes into values, and knows where it is. What is wrong is noted, and told at the end."""

    def __init__(self, path: Path, error: type[Exception]) -> None:
        super().__init__(path, error)
        self._faults: list[tuple[int, str]] = []

    def fail(self, place: Place, text: str) -> NoReturn:
        """See Reader."""
        raise _FaultError(f"{self.path} {self.spelled(place)}: {text}", place.line, text)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What is refused within is noted, and what comes after it is read all the same."""
        try:
            yield
        except _FaultError as fault:
            self._faults.append((fault.line, fault.text))

    def noted(self, key: str) -> bool:
        """Whether something is wrong with a key, or below it."""
        return any(re.match(rf"{re.escape(key)}[.:]", text) for _, text in self._faults)

    def tell(self) -> None:
        """Raise the error that tells everything that was noted, by the lines of the file."""
        faults = sorted(self._faults, key=lambda one: one[0])
        if len(faults) == 1:
            raise EnvironmentUseError(f"{self.path} line {faults[0][0]}: {faults[0][1]}")
        if faults:
            told = "".join(f"\n  line {line}: {text}" for line, text in faults)
            raise EnvironmentUseError(f"{self.path}: {counted(len(faults), 'fault')}.{told}")

    def text(self, node: yaml.Node, key: str, expected: str = "a text") -> str:
        import yaml

        if not isinstance(node, yaml.ScalarNode) or node.value == "" or node.tag.endswith(":null"):
            self.refuse(node, key, shown(node), expected)
        value = str(node.value)
        if reference := _REFERENCE.match(value):
            name = reference.group(1)
            if name not in os.environ:
                self.refuse(
                    node, key, value, f"that the environment variable {name} is set (`export {name}=…`); it is not"
                )
            return os.environ[name]
        if "${ENV:" in value:
            self.refuse(node, key, repr(value), "`${ENV:NAME}` alone, with nothing before or after it")
        return value

    def flag(self, node: yaml.Node, key: str) -> bool:
        value = self.text(node, key, "true or false").lower()
        if value not in ("true", "false"):
            self.refuse(node, key, repr(value), "true or false")
        return value == "true"

    def duration(self, node: yaml.Node, key: str) -> timedelta:
        from robot.utils import timestr_to_secs

        value = self.text(node, key, "a time such as `10 seconds`")
        try:
            seconds = timestr_to_secs(value)
        except ValueError:
            seconds = -1.0
        if seconds < 0:
            self.refuse(node, key, repr(value), "a time such as `10 seconds` or `500 ms`")
        return timedelta(seconds=seconds)

    def url(self, node: yaml.Node, key: str) -> str:
        from urllib.parse import urlsplit

        value = self.text(node, key, "an address such as `https://qms.example.com:8080`")
        try:
            parts = urlsplit(value)
            right = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            right = False
        if not right:
            self.refuse(node, key, repr(value), "an address such as `https://qms.example.com:8080`")
        return value.rstrip("/")

    def database(self, node: yaml.Node, key: str) -> str:
        value = self.text(node, key)
        if not value.startswith(("postgresql://", "postgresql+psycopg://")):
            # The value may hold a password, so the message does not repeat it.
            self.refuse(node, key, "another kind of address", "`postgresql://user:password@host:5432/database`")
        return value

    def urls(self, node: yaml.Node, key: str) -> dict[Service, str]:
        found = {}
        for name, value in self.mapping(node, key).items():
            with self.noting():
                if name not in list(Service):
                    self.refuse(value, f"{key}.{name}", "an unknown service", "one of " + ", ".join(Service))
                found[Service(name)] = self.url(value, f"{key}.{name}")
        return found

    def accounts(self, node: yaml.Node, key: str) -> dict[Role, Account]:
        found = {}
        for name, value in self.mapping(node, key).items():
            with self.noting():
                if name not in list(Role):
                    self.refuse(value, f"{key}.{name}", "an unknown role", "one of " + ", ".join(Role))
                parts = self.mapping(value, f"{key}.{name}")
                for part, inner in parts.items():
                    if part not in ("username", "password"):
                        self.refuse(inner, f"{key}.{name}.{part}", "an unknown key", "username and password")
                for part in ("username", "password"):
                    if part not in parts:
                        self.refuse(value, f"{key}.{name}.{part}", "nothing", "username and password")
                found[Role(name)] = Account(
                    self.text(parts["username"], f"{key}.{name}.username"),
                    self.text(parts["password"], f"{key}.{name}.password", "a text, best `${ENV:NAME}`"),
                )
        return found

    def capabilities(self, node: yaml.Node, key: str) -> frozenset[Capability]:
        import yaml

        if not isinstance(node, yaml.SequenceNode):
            self.refuse(node, key, shown(node), "a list, such as `[clock]`")
        for item in node.value:
            with self.noting():
                if self.text(item, key) not in list(Capability):
                    self.refuse(item, key, repr(item.value), "some of " + ", ".join(Capability))
        return frozenset(Capability(item.value) for item in node.value if item.value in list(Capability))

    def adapter(self, node: yaml.Node, key: str) -> str:
        value = self.text(node, key)
        if not re.fullmatch(r"[\w.]+:[\w.]+", value):
            self.refuse(node, key, repr(value), "`module:factory`, such as `my_company.qms:adapter`")
        return value

    def targets(self, node: yaml.Node, key: str) -> dict[str, Any]:
        from pydantic import ValidationError

        from QMSLibrary.contract.faults import wanted
        from QMSLibrary.contract.targets import Targets

        found: dict[str, Any] = {}
        for name, value in self.mapping(node, key).items():
            with self.noting():
                known = Targets.model_fields
                if name not in known:
                    self.refuse(value, f"{key}.{name}", "an unknown target", "one of " + ", ".join(known))
                if isinstance(known[name].default, timedelta):
                    found[name] = self.duration(value, f"{key}.{name}")
                else:
                    found[name] = self.text(value, f"{key}.{name}", "a number")
                try:
                    Targets(**{name: found[name]})
                except ValidationError as error:
                    self.refuse(value, f"{key}.{name}", repr(value.value), wanted(error))
        return found


_SHARED: Final[dict[str, Callable[[_Reader, Any, str], Any]]] = {
    "targets": _Reader.targets,
    "timeout": _Reader.duration,
}
_KEYS: Final[dict[str, dict[str, Callable[[_Reader, Any, str], Any]]]] = {
    EMBEDDED: {
        "movable_clock": _Reader.flag,
        "database_url": _Reader.database,
        "grace": _Reader.duration,
        "code_host_url": _Reader.url,
        "code_host_token": _Reader.text,
        **_SHARED,
    },
    EXISTING: {
        "urls": _Reader.urls,
        "accounts": _Reader.accounts,
        "adapter": _Reader.adapter,
        "capabilities": _Reader.capabilities,
        "exclusive": _Reader.flag,
        **_SHARED,
    },
}
