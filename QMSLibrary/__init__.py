"""Robot Framework library that tests quality management systems for pull requests.

``Library    QMSLibrary`` in a suite is all that is needed. The class is loaded when it is first asked for, because the
reference QMS and the ``qms`` command live in this package too, and have no use for Robot Framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import VERSION

if TYPE_CHECKING:
    from .keywords.library import QMSLibrary as QMSLibrary

__version__ = VERSION

__all__ = ["QMSLibrary", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "QMSLibrary":
        from .keywords.library import QMSLibrary

        return QMSLibrary
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
