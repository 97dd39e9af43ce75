"""What is written below a field in a class, for the schema.

pydantic can do this itself, but does it for every class when it is loaded, which costs more than the rest of it.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import lru_cache


def below_fields(model: type) -> dict[str, str]:
    """The sentence below each field of the class and of those that it is made from."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        found |= _in_file(one.__module__).get(one.__name__, {})
    return found


@lru_cache(maxsize=32)
def _in_file(module: str) -> dict[str, dict[str, str]]:
    loaded = sys.modules[module]
    if not module.startswith(__package__ or ""):
        return {}
    tree = ast.parse(inspect.getsource(loaded))
    return {one.name: _in_class(one) for one in ast.walk(tree) if isinstance(one, ast.ClassDef)}


def _in_class(node: ast.ClassDef) -> dict[str, str]:
    found = {}
    for field, below in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            text = getattr(below.value, "value", None)
            if isinstance(text, str):
                found[field.target.id] = inspect.cleandoc(text)
    return found
