"""The flaws that the agents know. A new one is a file here and a line in FLAWS."""

from __future__ import annotations

from typing import Final

from .base import Flaw, FlawKind, Found
from .blocking_io import FLAW as BLOCKING_IO
from .code_injection import FLAW as CODE_INJECTION
from .command_injection import FLAW as COMMAND_INJECTION
from .hardcoded_secret import FLAW as HARDCODED_SECRET
from .insecure_deserialization import FLAW as INSECURE_DESERIALIZATION
from .n_plus_one import FLAW as N_PLUS_ONE
from .path_traversal import FLAW as PATH_TRAVERSAL
from .quadratic_loop import FLAW as QUADRATIC_LOOP
from .sql_injection import FLAW as SQL_INJECTION
from .ssrf import FLAW as SSRF
from .unbounded_cache import FLAW as UNBOUNDED_CACHE
from .unverified_certificate import FLAW as UNVERIFIED_CERTIFICATE
from .weak_cryptography import FLAW as WEAK_CRYPTOGRAPHY
from .xss import FLAW as XSS

FLAWS: Final[tuple[Flaw, ...]] = (
    SQL_INJECTION,
    XSS,
    HARDCODED_SECRET,
    COMMAND_INJECTION,
    CODE_INJECTION,
    INSECURE_DESERIALIZATION,
    PATH_TRAVERSAL,
    SSRF,
    UNVERIFIED_CERTIFICATE,
    WEAK_CRYPTOGRAPHY,
    N_PLUS_ONE,
    QUADRATIC_LOOP,
    BLOCKING_IO,
    UNBOUNDED_CACHE,
)

__all__ = ["FLAWS", "Flaw", "FlawKind", "Found"]
