"""An unverified certificate: anybody between two machines can pretend to be the other one."""

from __future__ import annotations

from collections.abc import Iterable

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values

from .base import Flaw, FlawKind, Found


def _find(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        verify = call.keywords.get("verify")
        if verify is not None and text(verify) == "False":
            yield Found(module.line(call.node), "the server's certificate is not checked; leave verify on")
        elif call.name == "_create_unverified_context":
            yield Found(module.line(call.node), "the server's certificate is not checked; use create_default_context")
    for pair in module.nodes("pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if (
            key is not None
            and value is not None
            and text(key).strip("'\"") == "rejectUnauthorized"
            and text(value) == "false"
        ):
            yield Found(module.line(pair), "the server's certificate is not checked; leave rejectUnauthorized on")


FLAW = Flaw(
    type="unverified_certificate",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-295",
    find=_find,
    hints=("verify", "_create_unverified_context", "rejectUnauthorized"),
)
