"""Unbounded caches: what was worked out once is kept for ever, so the memory grows with every new key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.source import MODULE_LEVEL, Assignment, Module
from QMSLibrary.reference.agents.syntax import text
from QMSLibrary.reference.agents.values import Values

from .base import Flaw, FlawKind, Found

_EMPTY: Final = re.compile(
    r"(?:\{\s*\}|(?:dict|OrderedDict|defaultdict|collections\.\w+)\([\w\[\], .]*\)|new Map(?:<.*>)?\((?:\[\])?\)|"
    r"Object\.create\(null\))(?:\s+as\s+.*)?",
    re.DOTALL,
)
_MEMORY: Final = re.compile(r"cache|memo", re.IGNORECASE)
# What a program registers as it is loaded is as long as its text.
_REGISTRY: Final = re.compile(r"regist|plugin|handler|factor(?:y|ies)|listener|subscriber|hooks?$", re.IGNORECASE)
_WITHOUT_END: Final = re.compile(
    r"^(?:functools\.)?(?:cache$|cache\(|lru_cache\(\s*(?:maxsize\s*=\s*)?None\b|memoize$|memoize\()"
)
_OWN: Final = re.compile(r"^(?:self|this|cls)\.(.+)$")
_WRITTEN: Final = re.compile(r"((?:(?:self|this|cls)\.)?[A-Za-z_$][\w$]*)(?:\[|\.set(?:default)?\()")
MOST_STORES: Final = 50
"""Caches of one file that are looked at."""
LONGEST_VALUE: Final = 200
_CONSTANT: Final = re.compile(r"^(?:[\"'].*[\"']|-?\d+|[A-Z][A-Z0-9_.]*)$")


def _find(module: Module, values: Values) -> Iterable[Found]:
    yield from _decorated(module)
    stores = {one.target: one for one in module.assignments if _is_store(one)}
    if not stores:
        return
    written = set(_WRITTEN.findall(module.content))
    for name, store in [item for item in stores.items() if item[0] in written][:MOST_STORES]:
        line = _filled(module, name)
        if line is not None and not _has_an_end(module, name, store):
            yield Found(line, f"{name} keeps every key for ever; give it a size, and drop the oldest")


def _decorated(module: Module) -> Iterable[Found]:
    for function in module.functions if module.language == "python" else ():
        # Methods keep every object they were called on.
        if not function.parameters and function.class_name is None:
            continue
        for decorator in function.decorators:
            if _WITHOUT_END.match(decorator) and not decorator.startswith("cached_property"):
                message = f"{function.name} remembers every call for ever; give lru_cache a maxsize"
                yield Found(function.start_line, message)


def _is_store(assignment: Assignment) -> bool:
    """An empty dictionary or map of the module; one of an object when it is called a cache."""
    value = assignment.value
    if value.end_byte - value.start_byte > LONGEST_VALUE or not _EMPTY.fullmatch(text(value)):
        return False
    if assignment.owner == MODULE_LEVEL and "." not in assignment.target:
        return not _REGISTRY.search(assignment.target)
    own = _OWN.match(assignment.target)
    return own is not None and _MEMORY.search(own[1]) is not None


def _filled(module: Module, name: str) -> int | None:
    """The line where a function puts a new key in, if the same function also takes values out."""
    known = re.escape(name)
    inside = r"[^\[\]\n]{0,80}(?:\[[^\[\]\n]{0,40}\][^\[\]\n]{0,40}){0,2}"
    writes = re.compile(
        rf"(?<![\w.]){known}\[(?P<key>{inside})\] {{0,2}}(?:\?\?|\|\|)?=(?!=)|"
        rf"(?<![\w.]){known}\.(?P<call>set|setdefault)\(\s{{0,40}}(?P<given>[^,\n]{{1,200}}),"
    )
    reads = re.compile(rf"(?<![\w.]){known}(?:\.get\(|\.setdefault\(|\[[^\n]{{0,80}}?\](?! ?(?:\?\?|\|\|)?=(?!=)))")
    for function in module.functions:
        body = module.data[function.start : function.end].decode("utf-8", "replace")
        if name not in body:
            continue
        for match in writes.finditer(body):
            key = (match["key"] or match["given"] or "").strip()
            if not _CONSTANT.match(key) and (reads.search(body) or match["call"] == "setdefault" or "??=" in match[0]):
                return function.start_line + body.count("\n", 0, match.start())
    return None


def _has_an_end(module: Module, name: str, store: Assignment) -> bool:
    """Whether anything is ever taken out, or somebody looks how large it is."""
    known = re.escape(name)
    out = (
        rf"(?<![\w.]){known}\.(?:pop|popitem|clear|delete|move_to_end)\(|\bdel\s+{known}\b|\bdelete\s+{known}\b|"
        rf"\blen\(\s*{known}\s*\)|(?<![\w.]){known}\.size\b|Object\.keys\({known}\)"
    )
    if re.search(out, module.content):
        return True
    return any(one is not store and one.target == name and one.owner != store.owner for one in module.assignments)


FLAW = Flaw(
    type="unbounded_cache",
    kind=FlawKind.PERFORMANCE,
    severity=Severity.MEDIUM,
    find=_find,
    hints=("cache", "Cache", "memo", "= {}", "new Map", "dict(", "Dict(", "Object.create(null)"),
)
