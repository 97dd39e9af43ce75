"""The dashboard service: what the other services do, shown to people."""

from .service import build

__all__ = ["build"]
