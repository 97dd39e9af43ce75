"""Insecure deserialisation: data from outside is read in a way that lets it run code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import MODULE_LEVEL, Call, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Hole, Values, argument

from .base import Flaw, FlawKind, Found

_RUNNING: Final = re.compile(
    r"^(?:(?:c?[pP]ickle|_pickle|dill|cloudpickle|marshal)\.(?:loads?|Unpickler)|shelve\.open|jsonpickle\.(?:decode|loads)|"
    r"joblib\.load|(?:pandas|pd)\.read_pickle|(?:ruamel\.)?yaml\.(?:unsafe_load|full_load)(?:_all)?|"
    r"(?:node-serialize|serialize)\.unserialize|serialize-to-js\.deserialize|funcster\.deepDeserialize)$"
)
"""They run whatever their input says."""
_CONTEXTS: Final = re.compile(r"^vm\.(?:runIn(?:New|This)?Context|Script|compileFunction)$")
_LOADERS: Final = re.compile(r"\b(?:C?Loader|C?UnsafeLoader|C?FullLoader)\b")


def _find(module: Module, values: Values) -> Iterable[Found]:
    for call in module.calls:
        if not call.arguments and not call.keywords:
            continue
        called = module.called(call)
        if _RUNNING.match(called):
            if not _own_copy(call):
                yield Found(
                    module.line(call.node), f"{called} runs whatever its input says; use a data format such as JSON"
                )
        elif called in ("yaml.load", "yaml.load_all") and module.language == "python":
            if _builds_anything(module, call):
                yield Found(module.line(call.node), f"{called} builds any object its input names; use yaml.safe_load")
        elif _CONTEXTS.match(called) and call.arguments:
            pieces = values.pieces(call.arguments[0], call.owner)
            if any(isinstance(piece, Hole) and values.is_dynamic(piece) for piece in pieces):
                yield Found(
                    module.line(call.node), f"{called} runs the text it is given, and is no cage; use JSON.parse"
                )


def _own_copy(call: Call) -> bool:
    """``loads(dumps(value))`` copies a value of this program."""
    return bool(call.arguments) and re.match(r"[\w.]*\bdumps\(", text(call.arguments[0])[:80]) is not None


def _builds_anything(module: Module, call: Call) -> bool:
    """Whether a ``yaml.load`` has no loader, or one that is known to build whatever it reads."""
    loader = argument(call, 1, "Loader")
    if loader is None:
        return True
    name = text(loader)
    known = module.assigned.get((call.owner, name)) or module.assigned.get((MODULE_LEVEL, name)) or []
    written = " ".join([module.stands_for.get(name, name), *(text(one.value) for one in known)])
    return "Safe" not in written and _LOADERS.search(written) is not None


FLAW = Flaw(
    type="insecure_deserialization",
    kind=FlawKind.SECURITY,
    severity=Severity.HIGH,
    cwe="CWE-502",
    find=_find,
    hints=("pickle", "dill", "marshal", "shelve", "yaml", "joblib", "node:vm", "'vm'", '"vm"', "serialize"),
)
