"""The flaws that the agents know. A new one is a file here and a line in FLAWS."""

from __future__ import annotations

from typing import Final

from .base import Flaw, FlawKind, Found
from .code_injection import DESERIALIZATION, EVALUATION
from .command_injection import FLAW as COMMAND_INJECTION
from .hardcoded_secret import FLAW as HARDCODED_SECRET
from .loops import BLOCKING_CALL, N_PLUS_ONE, QUADRATIC_LOOP
from .path_traversal import FLAW as PATH_TRAVERSAL
from .sql_injection import FLAW as SQL_INJECTION
from .weak_protection import UNVERIFIED_CERTIFICATE, WEAK_HASH
from .xss import FLAW as XSS

FLAWS: Final[tuple[Flaw, ...]] = (
    SQL_INJECTION,
    XSS,
    HARDCODED_SECRET,
    COMMAND_INJECTION,
    EVALUATION,
    DESERIALIZATION,
    PATH_TRAVERSAL,
    UNVERIFIED_CERTIFICATE,
    WEAK_HASH,
    N_PLUS_ONE,
    QUADRATIC_LOOP,
    BLOCKING_CALL,
)

__all__ = ["FLAWS", "Flaw", "FlawKind", "Found"]
