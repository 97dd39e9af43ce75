"""The escalation service: notices what somebody has to look at, and tells people until somebody does."""

from .service import build

__all__ = ["build"]
